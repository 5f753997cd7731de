package org.sfumato.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The kernels of one device by name, each module loaded once, and memory for what a kernel needs beside its operands.
///
/// The module `NAME` is the resource `NAME.ptx` beside this class; its source is `src/main/cuda/NAME.cu`. Not safe for
/// several threads: [CudaBackend] locks.
public final class Launcher {
    private final Driver driver;
    private final DeviceMemory memory;
    private final Driver.Properties properties;
    private final Map<String, Module> modules = new HashMap<>();
    private final ElementKernels elements = new ElementKernels(this);

    Launcher(Driver driver, DeviceMemory memory) {
        this.driver = driver;
        this.memory = memory;
        this.properties = driver.properties();
    }

    private record Module(long handle, Map<String, Kernel> kernels) { }

    /// The device.
    public Driver.Properties properties() {
        return properties;
    }

    /// True if the compute capability of the device is `major.minor` or higher.
    public boolean has(int major, int minor) {
        return properties.major() > major || properties.major() == major && properties.minor() >= minor;
    }

    /// Kernels that compute element by element.
    ElementKernels elements() {
        return elements;
    }

    /// The kernel `function` of the shipped module `module`.
    public Kernel kernel(String module, String function) {
        return kernel(module, function, () -> resource(module));
    }

    /// The kernel `function` of the module `key`, whose text is asked for once.
    public Kernel kernel(String key, String function, Supplier<String> ptx) {
        var module = modules.get(key);
        if (module == null) {
            module = new Module(driver.load(key, ptx.get()), new HashMap<>());
            modules.put(key, module);
        }
        var kernel = module.kernels.get(function);
        if (kernel == null) {
            kernel = new Kernel(driver, function, driver.function(module.handle, function));
            module.kernels.put(function, kernel);
        }
        return kernel;
    }

    /// The vendor's matrix products, if they are there.
    public Optional<Products> products() {
        return driver.products();
    }

    /// Memory for one operation; see [#release].
    public DeviceBuffer scratch(long bytes) {
        return memory.allocate(bytes);
    }

    /// Takes back what [#scratch] gave. Kernels that were launched before may still use it: what follows runs later.
    public void release(DeviceBuffer buffer) {
        memory.free(buffer);
    }

    /// Sets bytes to 0.
    public void clear(long address, long bytes) {
        driver.fill(address, (byte) 0, bytes);
    }

    /// Copies within the device.
    public void copy(long from, long to, long bytes) {
        driver.copy(from, to, bytes);
    }

    /// The number of blocks for `count` elements, `each` in a block, at most the largest grid.
    public static int blocks(long count, int each) {
        return (int) Math.min(Integer.MAX_VALUE, Math.ceilDiv(count, (long) each));
    }

    private static String resource(String module) {
        try (var in = Launcher.class.getResourceAsStream(module + ".ptx")) {
            if (in == null) {
                throw new IllegalStateException("cuda: no kernels '" + module + "' in this jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
