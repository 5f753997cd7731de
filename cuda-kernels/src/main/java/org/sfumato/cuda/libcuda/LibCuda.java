package org.sfumato.cuda.libcuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.sfumato.cuda.Driver;
import org.sfumato.cuda.Products;
import org.sfumato.tensor.Settings;

/// A device by NVIDIA's driver: the primary context, which CUDA libraries and JCuda in the same process share, and one
/// stream of its own.
public final class LibCuda implements Driver {
    private static final int OLDEST_MAJOR = 7;                                  // the lowest target of our PTX, 7.5
    private static final int OLDEST_MINOR = 5;
    private static final int CUDA_ERROR_OUT_OF_MEMORY = 2;
    private static final int CU_STREAM_NON_BLOCKING = 1;
    private static final int CU_STREAM_CAPTURE_MODE_RELAXED = 2;
    private static final int CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16;
    private static final int CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75;
    private static final int CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76;
    private static final int CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97;
    private static final int CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
    private static final int CU_JIT_ERROR_LOG_BUFFER = 5;
    private static final int CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6;
    private static final long CU_LAUNCH_PARAM_BUFFER_POINTER = 1;
    private static final long CU_LAUNCH_PARAM_BUFFER_SIZE = 2;
    private static final int SHARED_WITHOUT_ASKING = 48 * 1024;
    private static final int LOG_BYTES = 8192;

    private final CudaFunctions cuda;
    private final int device;
    private final long context;
    private final long stream;
    private final Properties properties;
    private final PinnedMemory pinned;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment cell = arena.allocate(JAVA_LONG);
    private final MemorySegment extra = arena.allocate(JAVA_LONG, 5);
    private final MemorySegment argumentBytes = arena.allocate(JAVA_LONG);
    private final Map<Long, Integer> shared = new HashMap<>();
    private CublasLt products;
    private boolean productsSought;
    private Thread current;
    private boolean capturing;

    private LibCuda(CudaFunctions cuda, int device, long context) {
        this.cuda = cuda;
        this.device = device;
        this.context = context;
        this.properties = read();
        cuda.check(cuda.cuCtxSetCurrent.call(context), "context");
        cuda.check(cuda.cuStreamCreate.call(cell.address(), CU_STREAM_NON_BLOCKING), "stream");
        this.stream = cell.get(JAVA_LONG, 0);
        this.pinned = new PinnedMemory(cuda, stream);
        extra.setAtIndex(JAVA_LONG, 0, CU_LAUNCH_PARAM_BUFFER_POINTER);
        extra.setAtIndex(JAVA_LONG, 2, CU_LAUNCH_PARAM_BUFFER_SIZE);
        extra.setAtIndex(JAVA_LONG, 3, argumentBytes.address());
    }

    /// Device number `index`, after `cuInit`.
    ///
    /// @throws IllegalStateException if it cannot be used, with the reason
    static LibCuda open(CudaFunctions cuda, int index) {
        try (var arena = Arena.ofConfined()) {
            var place = arena.allocate(JAVA_LONG);
            cuda.check(cuda.cuDeviceGet.call(place.address(), index), "device " + index);
            int device = place.get(JAVA_INT, 0);
            cuda.check(cuda.cuDevicePrimaryCtxRetain.call(place.address(), device), "context of device " + index);
            var opened = new LibCuda(cuda, device, place.get(JAVA_LONG, 0));
            requireNewEnough(opened.properties);
            return opened;
        }
    }

    static void requireNewEnough(Properties p) {
        if (p.major() < OLDEST_MAJOR || p.major() == OLDEST_MAJOR && p.minor() < OLDEST_MINOR) {
            throw new IllegalStateException(String.format(Locale.ROOT, "cuda: %s has compute capability %d.%d, "
                    + "needed is %d.%d (Turing, 2018)\nhint: use the device cpu", p.name(), p.major(), p.minor(),
                    OLDEST_MAJOR, OLDEST_MINOR));
        }
    }

    private Properties read() {
        var name = arena.allocate(256);
        cuda.check(cuda.cuDeviceGetName.call(name.address(), (int) name.byteSize(), device), "name of a device");
        cuda.check(cuda.cuDeviceTotalMem.call(cell.address(), device), "memory of a device");
        long bytes = cell.get(JAVA_LONG, 0);
        return new Properties(name.getString(0), attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT), bytes,
                attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
    }

    private int attribute(int which) {
        cuda.check(cuda.cuDeviceGetAttribute.call(cell.address(), which, device), "attribute " + which);
        return cell.get(JAVA_INT, 0);
    }

    /// Makes the context this thread's. A virtual thread may have been moved to a carrier that has another.
    private void enter() {
        var thread = Thread.currentThread();
        if (thread != current || thread.isVirtual()) {
            cuda.check(cuda.cuCtxSetCurrent.call(context), "context");
            current = thread;
        }
    }

    private void require(String what) {
        if (capturing) {
            throw new IllegalStateException(what + ": a graph is being captured"
                    + "\nhint: move data before or after the capture");
        }
        enter();
    }

    @Override
    public Properties properties() {
        return properties;
    }

    /// The handle of the context, for other users of CUDA in this process.
    public long context() {
        return context;
    }

    /// The handle of the stream on which everything happens.
    public long stream() {
        return stream;
    }

    @Override
    public long allocate(long bytes) {
        enter();
        int result = cuda.cuMemAlloc.call(cell.address(), bytes);
        if (result == CUDA_ERROR_OUT_OF_MEMORY) {
            long total = properties.bytes();
            long free = cuda.cuMemGetInfo.call(cell.address(), argumentBytes.address()) == 0
                    ? cell.get(JAVA_LONG, 0) : 0;
            throw new OutOfMemoryError(String.format(Locale.ROOT,
                    "cuda: no %,d bytes left on %s, %,d of %,d free", bytes, properties.name(), free, total));
        }
        cuda.check(result, "allocation of " + bytes + " bytes");
        return cell.get(JAVA_LONG, 0);
    }

    @Override
    public void free(long address) {
        enter();
        cuda.check(cuda.cuMemFree.call(address), "giving memory back");
    }

    @Override
    public void upload(MemorySegment from, long to) {
        require("upload");
        pinned.staging().upload(from, to);
    }

    @Override
    public void download(long from, MemorySegment to) {
        require("download");
        pinned.staging().download(from, to);
    }

    @Override
    public void copy(long from, long to, long bytes) {
        enter();
        cuda.check(cuda.cuMemcpyDtoDAsync.call(to, from, bytes, stream), "copy of " + bytes + " bytes");
    }

    @Override
    public void fill(long address, byte value, long bytes) {
        enter();
        cuda.check(cuda.cuMemsetD8Async.call(address, value, bytes, stream), "fill of " + bytes + " bytes");
    }

    @Override
    public long load(String name, String ptx) {
        enter();
        try (var local = Arena.ofConfined()) {
            var log = local.allocate(LOG_BYTES);
            var options = local.allocateFrom(JAVA_INT, CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
            var values = local.allocateFrom(JAVA_LONG, log.address(), LOG_BYTES);
            int result = cuda.cuModuleLoadDataEx.call(cell.address(), local.allocateFrom(ptx).address(), 2,
                    options.address(), values.address());
            if (result != 0) {
                throw new IllegalArgumentException("cuda: kernels '" + name + "' do not load on " + properties.name()
                        + ": " + cuda.describe(result) + "\n" + log.getString(0));
            }
            return cell.get(JAVA_LONG, 0);
        }
    }

    @Override
    public long function(long module, String name) {
        enter();
        try (var local = Arena.ofConfined()) {
            int result = cuda.cuModuleGetFunction.call(cell.address(), module, local.allocateFrom(name).address());
            if (result != 0) {
                throw new IllegalArgumentException("cuda: no kernel '" + name + "': " + cuda.describe(result));
            }
            return cell.get(JAVA_LONG, 0);
        }
    }

    @Override
    public void launch(long function, Grid grid, MemorySegment arguments) {
        enter();
        if (grid.sharedBytes() > SHARED_WITHOUT_ASKING && grid.sharedBytes() > shared.getOrDefault(function, 0)) {
            cuda.check(cuda.cuFuncSetAttribute.call(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                    grid.sharedBytes()), "shared memory of " + grid.sharedBytes() + " bytes");
            shared.put(function, grid.sharedBytes());
        }
        extra.setAtIndex(JAVA_LONG, 1, arguments.address());
        argumentBytes.set(JAVA_LONG, 0, arguments.byteSize());
        int result = cuda.cuLaunchKernel.call(function, grid.gridX(), grid.gridY(), grid.gridZ(), grid.blockX(),
                grid.blockY(), grid.blockZ(), grid.sharedBytes(), stream, 0, extra.address());
        if (result != 0) {
            throw new IllegalStateException("cuda: launch of " + grid + " with " + arguments.byteSize()
                    + " bytes of arguments: " + cuda.describe(result));
        }
    }

    /// cuBLASLt, looked for when it is first asked for.
    @Override
    public Optional<Products> products() {
        enter();
        if (!productsSought && Settings.current().cuda().cublas()) {
            productsSought = true;
            CublasLtFunctions.find(Settings.current().cuda().folders()).ifPresent(functions ->
                    products = new CublasLt(functions, stream, allocate(CublasLt.workspaceBytes())));
        }
        return Optional.ofNullable(products);
    }

    @Override
    public void synchronize() {
        require("synchronize");
        cuda.check(cuda.cuStreamSynchronize.call(stream), "a kernel or copy has failed");
    }

    @Override
    public void beginCapture() {
        require("capture");
        cuda.check(cuda.cuStreamBeginCapture.call(stream, CU_STREAM_CAPTURE_MODE_RELAXED), "begin of a capture");
        capturing = true;
    }

    @Override
    public long endCapture() {
        enter();
        capturing = false;
        cuda.check(cuda.cuStreamEndCapture.call(stream, cell.address()), "end of a capture");
        long graph = cell.get(JAVA_LONG, 0);
        int result = cuda.cuGraphInstantiateWithFlags.call(cell.address(), graph, 0L);
        cuda.cuGraphDestroy.call(graph);
        cuda.check(result, "a graph");
        return cell.get(JAVA_LONG, 0);
    }

    @Override
    public void replay(long graph) {
        require("replay");
        cuda.check(cuda.cuGraphLaunch.call(graph, stream), "launch of a graph");
    }

    @Override
    public void discard(long graph) {
        enter();
        cuda.check(cuda.cuGraphExecDestroy.call(graph), "end of a graph");
    }

    @Override
    public void close() {
        enter();
        cuda.cuStreamSynchronize.call(stream);
        if (products != null) {
            products.close();
        }
        pinned.close();
        cuda.cuStreamDestroy.call(stream);
        cuda.cuDevicePrimaryCtxRelease.call(device);
        arena.close();
    }
}
