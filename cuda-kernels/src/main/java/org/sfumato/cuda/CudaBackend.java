package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.Graph;
import org.sfumato.tensor.spi.Operand;

/// Tensors on a CUDA device, whatever drives it: NVIDIA's driver, JCuda, or an interpreter of PTX.
///
/// All work goes to one stream, in the order of the calls, and may go on after [#run] has returned; reading waits.
/// One thread at a time talks to the driver.
public final class CudaBackend implements Backend {
    private static final int COLLECTIONS = 5;
    private static final long COLLECTION_MILLIS = 20;

    private final Device device;
    private final Driver driver;
    private final DeviceMemory memory;
    private final Faults faults;
    private final CudaOps ops;
    private final Map<Thread, Walk> walks = new ConcurrentHashMap<>();

    /// The backend of `device`, which `driver` drives.
    public CudaBackend(Device device, Driver driver) {
        this.device = device;
        this.driver = driver;
        this.memory = new DeviceMemory(driver);
        this.faults = new Faults(driver);
        this.ops = new CudaOps(new Launcher(driver, memory), faults);
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public String describe() {
        var p = driver.properties();
        return String.format(Locale.ROOT, "%s, compute capability %d.%d, %d multiprocessors, %,d MiB: %s", p.name(),
                p.major(), p.minor(), p.multiprocessors(), p.bytes() >> 20, usage());
    }

    /// How the device's memory is used.
    public synchronized DeviceMemory.Usage usage() {
        return memory.usage();
    }

    @Override
    public synchronized Buffer allocate(long bytes) {
        var walk = walk();
        return walk != null ? walk.allocate(bytes) : reserve(bytes);
    }

    /// Memory of the device.
    synchronized DeviceBuffer reserve(long bytes) {
        for (int i = 0; i < COLLECTIONS; i++) {
            try {
                return memory.allocate(bytes);
            } catch (OutOfMemoryError _) {
                collect();                          // tensors that nobody can reach free their memory
            }
        }
        return memory.allocate(bytes);
    }

    /// Waits a little, and lets other threads in.
    private void collect() {
        System.gc();
        try {
            wait(COLLECTION_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void free(Buffer buffer) {
        if (buffer instanceof DeviceBuffer own) {
            memory.free(own);                       // a phantom has no memory
        }
    }

    @Override
    public synchronized void trim() {
        memory.trim();
    }

    @Override
    public synchronized long reserved() {
        return memory.reserved();
    }

    @Override
    public synchronized void write(MemorySegment from, Buffer to, long offset) {
        require(to, offset, from.byteSize());
        var walk = walk();
        if (walk != null) {
            walk.write(from, to, offset);
            return;
        }
        driver.upload(from, to.address() + offset);
    }

    @Override
    public synchronized void read(Buffer from, long offset, MemorySegment to) {
        require(from, offset, to.byteSize());
        var walk = walk();
        if (walk != null) {
            throw walk.refuse("it reads what it has computed");
        }
        driver.download(from.address() + offset, to);
        faults.check();
    }

    private static void require(Buffer buffer, long offset, long bytes) {
        if (offset < 0 || offset + bytes > buffer.bytes()) {
            throw new IndexOutOfBoundsException("buffer: bytes " + offset + " to " + (offset + bytes)
                    + " do not lie in a buffer of " + buffer.bytes() + " bytes");
        }
    }

    @Override
    public boolean supports(Op op, Spec... in) {
        return ops.supports(op, in);
    }

    @Override
    public synchronized void run(Op op, Operand[] in, Operand[] out) {
        var walk = walk();
        if (walk != null) {
            walk.run(op, in, out);
        } else {
            launch(op, in, out, 0);
        }
    }

    /// Starts the kernels of `op`. The key of its random numbers is its own, or where `key` is not 0, there on the
    /// device.
    synchronized void launch(Op op, Operand[] in, Operand[] out, long key) {
        try {
            ops.run(op, in, out, key);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(op.name() + " on " + device + ": " + e.getMessage() + "\noperands: "
                    + Arrays.stream(in).map(operand -> operand.spec().toString()).toList(), e);
        }
    }

    @Override
    public synchronized void synchronize() {
        var walk = walk();
        if (walk != null) {
            throw walk.refuse("it waits for the device");
        }
        driver.synchronize();
        faults.check();
    }

    @Override
    public Optional<Graph> capture(Runnable work) {
        if (!Settings.current().cuda().graphs()) {
            return Optional.empty();
        }
        var noting = new Noting();
        walking(noting, work);
        trim();                                     // what runs one by one leaves its memory to the graph
        var graph = new CudaGraph(this, noting.noted(), reserve(noting.noted().bytes()));
        graph.capture(work);
        return Optional.of(graph);
    }

    /// Runs `work`; what the calling thread does on this device meanwhile goes to `walk`.
    void walking(Walk walk, Runnable work) {
        if (walks.putIfAbsent(Thread.currentThread(), walk) != null) {
            throw new IllegalStateException("graph: this thread notes or repeats work on " + device + " already");
        }
        try {
            work.run();
        } finally {
            walks.remove(Thread.currentThread());
        }
    }

    /// What is done with the calling thread's work, or `null` if it simply runs.
    private Walk walk() {
        return walks.isEmpty() ? null : walks.get(Thread.currentThread());
    }

    /// The driver notes launches from here on instead of starting them; memory is the returned pool's.
    synchronized DeviceMemory.Pool beginCapture() {
        driver.beginCapture();
        return memory.beginCapture();
    }

    /// The graph of what was noted.
    synchronized long endCapture() {
        memory.endCapture();
        return driver.endCapture();
    }

    /// Forgets what was noted.
    synchronized void abandonCapture(DeviceMemory.Pool pool) {
        memory.endCapture();
        try {
            driver.discard(driver.endCapture());
        } catch (IllegalStateException _) {
            // what made the capture fail is on its way already
        } finally {
            memory.end(pool);
        }
    }

    /// Uploads what the host gives, and starts a graph.
    synchronized void replay(long graph, MemorySegment record, DeviceBuffer there) {
        if (record.byteSize() > 0) {
            driver.upload(record, there.address());
        }
        driver.replay(graph);
    }

    synchronized void discard(long graph, DeviceMemory.Pool pool) {
        driver.discard(graph);
        memory.end(pool);
    }
}
