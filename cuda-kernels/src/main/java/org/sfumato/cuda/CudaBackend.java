package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Buffer;
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
        memory.free((DeviceBuffer) buffer);
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
        driver.upload(from, to.address() + offset);
    }

    @Override
    public synchronized void read(Buffer from, long offset, MemorySegment to) {
        require(from, offset, to.byteSize());
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
        try {
            ops.run(op, in, out);
        } catch (IllegalStateException e) {
            throw new IllegalStateException(op.name() + " on " + device + ": " + e.getMessage() + "\noperands: "
                    + Arrays.stream(in).map(operand -> operand.spec().toString()).toList(), e);
        }
    }

    @Override
    public synchronized void synchronize() {
        driver.synchronize();
        faults.check();
    }

    /// Notes what is started from here on instead of starting it; its memory is the returned pool's.
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

    synchronized void replay(long graph) {
        driver.replay(graph);
    }

    synchronized void discard(long graph, DeviceMemory.Pool pool) {
        driver.discard(graph);
        memory.end(pool);
    }
}
