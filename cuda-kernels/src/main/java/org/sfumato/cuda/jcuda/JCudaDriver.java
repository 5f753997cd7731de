package org.sfumato.cuda.jcuda;

import static jcuda.driver.JCudaDriver.CU_LAUNCH_PARAM_BUFFER_POINTER;
import static jcuda.driver.JCudaDriver.CU_LAUNCH_PARAM_BUFFER_SIZE;
import static jcuda.driver.JCudaDriver.CU_LAUNCH_PARAM_END;
import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuDeviceTotalMem;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;
import static jcuda.driver.JCudaDriver.cuGetErrorName;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuInit;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadDataJIT;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JITOptions;
import org.sfumato.cuda.Driver;

/// A device by JCuda's binding of NVIDIA's driver, chosen by `-Dsfumato.cuda.driver=jcuda`. A launch costs some
/// microseconds more of the host's time than by our own bindings.
public final class JCudaDriver implements Driver {
    private static final int SHARED_WITHOUT_ASKING = 48 * 1024;
    private static final int LOG_BYTES = 8192;
    private static final long PIECE = 4L << 20;

    private final CUdevice device;
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream();
    private final Properties properties;
    private final List<CUmodule> modules = new ArrayList<>();
    private final List<CUfunction> functions = new ArrayList<>();
    private final Map<Long, CUgraphExec> graphs = new HashMap<>();
    private final Map<Long, Integer> shared = new HashMap<>();
    private final MemorySegment staging = Arena.ofAuto().allocate(PIECE, 64);
    private final long[] argumentBytes = new long[1];
    private long nextGraph;
    private boolean capturing;

    private JCudaDriver(CUdevice device) {
        this.device = device;
        check(cuDevicePrimaryCtxRetain(context, device), "context");
        check(cuCtxSetCurrent(context), "context");
        check(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "stream");
        this.properties = read();
    }

    /// Device number `index`.
    ///
    /// @throws IllegalStateException if JCuda is not there or the device cannot be used, with the reason
    public static JCudaDriver open(int index) {
        try {
            check(cuInit(0), "start of the driver");
            var device = new CUdevice();
            check(cuDeviceGet(device, index), "device " + index);
            return new JCudaDriver(device);
        } catch (NoClassDefFoundError | UnsatisfiedLinkError e) {
            throw new IllegalStateException("cuda: JCuda cannot be loaded: " + e.getMessage()
                    + "\nhint: put org.jcuda:jcuda and org.jcuda:jcuda-natives 12.6.0 on the class path, or leave out"
                    + " -Dsfumato.cuda.driver", e);
        }
    }

    private Properties read() {
        var name = new byte[256];
        check(cuDeviceGetName(name, name.length, device), "name of a device");
        var bytes = new long[1];
        check(cuDeviceTotalMem(bytes, device), "memory of a device");
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        return new Properties(new String(name, 0, length, StandardCharsets.UTF_8),
                attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT), bytes[0],
                attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
    }

    private int attribute(int which) {
        var value = new int[1];
        check(cuDeviceGetAttribute(value, which, device), "attribute " + which);
        return value[0];
    }

    private static void check(int result, String what) {
        if (result != CUresult.CUDA_SUCCESS) {
            var name = new String[1];
            cuGetErrorName(result, name);
            throw new IllegalStateException("cuda: " + what + ": " + name[0]);
        }
    }

    private void enter() {
        check(cuCtxSetCurrent(context), "context");
    }

    private void require(String what) {
        if (capturing) {
            throw new IllegalStateException(what + ": a graph is being captured");
        }
        enter();
    }

    /// A pointer to an address of the device.
    static CUdeviceptr device(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    private static Pointer host(MemorySegment memory) {
        return Pointer.to(memory.asByteBuffer());
    }

    /// What JCuda has written into a pointer.
    private static final class Address extends CUdeviceptr {
        long value() {
            return getNativePointer();
        }
    }

    @Override
    public Properties properties() {
        return properties;
    }

    /// The stream on which everything happens, for work of JCuda's users in the same order.
    @SuppressWarnings("exports")                        // who calls it has JCuda
    public CUstream stream() {
        return stream;
    }

    /// The context, the primary one of the device.
    @SuppressWarnings("exports")                        // who calls it has JCuda
    public CUcontext context() {
        return context;
    }

    @Override
    public long allocate(long bytes) {
        enter();
        var address = new Address();
        int result = cuMemAlloc(address, bytes);
        if (result == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
            throw new OutOfMemoryError(String.format(Locale.ROOT, "cuda: no %,d bytes left on %s", bytes,
                    properties.name()));
        }
        check(result, "allocation of " + bytes + " bytes");
        return address.value();
    }

    @Override
    public void free(long address) {
        enter();
        check(cuMemFree(device(address)), "giving memory back");
    }

    @Override
    public void upload(MemorySegment from, long to) {
        require("upload");
        for (long at = 0; at < from.byteSize(); at += PIECE) {
            long n = Math.min(PIECE, from.byteSize() - at);
            MemorySegment.copy(from, at, staging, 0, n);
            check(cuMemcpyHtoDAsync(device(to + at), host(staging), n, stream), "upload");
            check(cuStreamSynchronize(stream), "a kernel or copy has failed");
        }
    }

    @Override
    public void download(long from, MemorySegment to) {
        require("download");
        for (long at = 0; at < to.byteSize(); at += PIECE) {
            long n = Math.min(PIECE, to.byteSize() - at);
            check(cuMemcpyDtoHAsync(host(staging), device(from + at), n, stream), "download");
            check(cuStreamSynchronize(stream), "a kernel or copy has failed");
            MemorySegment.copy(staging, 0, to, at, n);
        }
    }

    @Override
    public void copy(long from, long to, long bytes) {
        enter();
        check(cuMemcpyDtoDAsync(device(to), device(from), bytes, stream), "copy of " + bytes + " bytes");
    }

    @Override
    public void fill(long address, byte value, long bytes) {
        enter();
        check(cuMemsetD8Async(device(address), value, bytes, stream), "fill of " + bytes + " bytes");
    }

    @Override
    public long load(String name, String ptx) {
        enter();
        var module = new CUmodule();
        var text = (ptx + "\0").getBytes(StandardCharsets.UTF_8);
        var options = new JITOptions();
        options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
        options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
        int result = cuModuleLoadDataJIT(module, Pointer.to(text), options);
        if (result != CUresult.CUDA_SUCCESS) {
            throw new IllegalArgumentException("cuda: kernels '" + name + "' do not load on " + properties.name()
                    + ": " + CUresult.stringFor(result) + "\n"
                    + options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER));
        }
        modules.add(module);
        return modules.size() - 1;
    }

    @Override
    public long function(long module, String name) {
        enter();
        var function = new CUfunction();
        int result = cuModuleGetFunction(function, modules.get((int) module), name);
        if (result != CUresult.CUDA_SUCCESS) {
            throw new IllegalArgumentException("cuda: no kernel '" + name + "': " + CUresult.stringFor(result));
        }
        functions.add(function);
        return functions.size() - 1;
    }

    @Override
    public void launch(long function, Grid grid, MemorySegment arguments) {
        enter();
        var kernel = functions.get((int) function);
        if (grid.sharedBytes() > SHARED_WITHOUT_ASKING && grid.sharedBytes() > shared.getOrDefault(function, 0)) {
            check(cuFuncSetAttribute(kernel, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                    grid.sharedBytes()), "shared memory of " + grid.sharedBytes() + " bytes");
            shared.put(function, grid.sharedBytes());
        }
        argumentBytes[0] = arguments.byteSize();
        var extra = Pointer.to(new NativePointerObject[] {CU_LAUNCH_PARAM_BUFFER_POINTER, host(arguments),
            CU_LAUNCH_PARAM_BUFFER_SIZE, Pointer.to(argumentBytes), CU_LAUNCH_PARAM_END});
        check(cuLaunchKernel(kernel, grid.gridX(), grid.gridY(), grid.gridZ(), grid.blockX(), grid.blockY(),
                grid.blockZ(), grid.sharedBytes(), stream, null, extra), "launch of " + grid);
    }

    @Override
    public void synchronize() {
        require("synchronize");
        check(cuStreamSynchronize(stream), "a kernel or copy has failed");
    }

    @Override
    public void beginCapture() {
        require("capture");
        check(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED), "begin of a capture");
        capturing = true;
    }

    @Override
    public long endCapture() {
        enter();
        capturing = false;
        var graph = new CUgraph();
        check(cuStreamEndCapture(stream, graph), "end of a capture");
        var ready = new CUgraphExec();
        int result = cuGraphInstantiate(ready, graph, 0);
        cuGraphDestroy(graph);
        check(result, "a graph");
        graphs.put(nextGraph, ready);
        return nextGraph++;
    }

    @Override
    public void replay(long graph) {
        require("replay");
        check(cuGraphLaunch(graphs.get(graph), stream), "launch of a graph");
    }

    @Override
    public void discard(long graph) {
        enter();
        check(cuGraphExecDestroy(graphs.remove(graph)), "end of a graph");
    }

    @Override
    public void close() {
        enter();
        cuStreamSynchronize(stream);
        cuStreamDestroy(stream);
        cuDevicePrimaryCtxRelease(device);
    }
}
