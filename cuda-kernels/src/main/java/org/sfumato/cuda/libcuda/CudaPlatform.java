package org.sfumato.cuda.libcuda;

import java.util.Optional;
import java.util.function.Supplier;
import org.sfumato.cuda.CudaBackend;
import org.sfumato.cuda.Driver;
import org.sfumato.cuda.jcuda.JCudaDriver;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Platform;

/// NVIDIA's devices, as far as this machine has a driver for them.
public final class CudaPlatform implements Platform {
    private static final int SUCCESS = 0;
    private static final int CUDA_ERROR_NO_DEVICE = 100;
    private static final int OLDEST = 11000;                    // of this age and younger take PTX 7.0

    private Optional<CudaFunctions> functions = Optional.empty();
    private Presence presence;

    /// Called by the ServiceLoader.
    public CudaPlatform() { }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public synchronized Presence look() {
        if (presence == null) {
            presence = presence(() -> {
                functions = CudaFunctions.find();
                return functions.map(Found::new);
            });
        }
        return presence;
    }

    /// What is asked of a driver.
    interface Probe {
        int init();

        int version();

        int devices();

        String describe(int result);
    }

    private record Found(CudaFunctions functions) implements Probe {
        @Override
        public int init() {
            return functions.cuInit.call(0);
        }

        @Override
        public int version() {
            return functions.version();
        }

        @Override
        public int devices() {
            return functions.devices();
        }

        @Override
        public String describe(int result) {
            return functions.describe(result);
        }
    }

    /// What a driver's answers mean.
    static Presence presence(Supplier<Optional<? extends Probe>> driver) {
        Optional<? extends Probe> found;
        try {
            found = driver.get();
        } catch (IllegalCallerException e) {
            return new Presence.Absent("this program may not call native libraries"
                    + "\nhint: start java with --enable-native-access=ALL-UNNAMED, or with the name of our module,"
                    + " org.sfumato.cuda");
        }
        if (found.isEmpty()) {
            return new Presence.Absent("no NVIDIA driver was found (libcuda.so.1)");
        }
        var probe = found.get();
        int result = probe.init();
        if (result == CUDA_ERROR_NO_DEVICE) {
            return new Presence.Absent("the NVIDIA driver (for CUDA " + text(probe.version()) + ") sees no device"
                    + "\nhint: nvidia-smi lists devices; CUDA_VISIBLE_DEVICES may hide them");
        }
        if (result != SUCCESS) {
            return new Presence.Absent("the NVIDIA driver does not start: " + probe.describe(result));
        }
        if (probe.version() < OLDEST) {
            return new Presence.Absent("the NVIDIA driver is too old: it supports CUDA " + text(probe.version())
                    + ", needed is " + text(OLDEST) + "\nhint: install driver 450 or a later one");
        }
        int devices = probe.devices();
        return devices > 0 ? new Presence.Present(devices)
                : new Presence.Absent("the NVIDIA driver (for CUDA " + text(probe.version()) + ") sees no device");
    }

    private static String text(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    @Override
    public synchronized Backend open(int index) {
        Driver driver = Settings.current().cuda().jcuda() ? JCudaDriver.open(index)
                : LibCuda.open(functions.orElseThrow(), index);
        return new CudaBackend(new Device(name(), index), driver);
    }
}
