package org.sfumato.tensor.spi;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Op;

/// The device seam: memory and kernels. Everything above it is the same for all devices.
/// Found by the ServiceLoader; called from any thread.
public interface Backend {
    /// The device that this backend serves.
    Device device();

    /// One line for people: processor, SIMD width, threads, memory.
    String describe();

    /// At least `bytes` of uninitialised memory, 64-byte aligned, from a pool.
    ///
    /// @throws OutOfMemoryError if the device has none left, naming the size
    Buffer allocate(long bytes);

    /// Takes a buffer back into the pool. The caller answers for not using it again.
    void free(Buffer buffer);

    /// Gives pooled memory that nobody uses back to the system.
    void trim();

    /// True if [#run] takes operands that lie in any native memory of the host, as a mapped file.
    default boolean takesHostMemory() {
        return false;
    }

    /// Bytes held by the pool, in use or not.
    long reserved();

    /// Copies host memory into a buffer, `offset` in bytes.
    void write(MemorySegment from, Buffer to, long offset);

    /// Copies from a buffer, `offset` in bytes, into host memory.
    void read(Buffer from, long offset, MemorySegment to);

    /// True if [#run] has a kernel for `op` on such inputs. Ops that carry a reference composition may have none;
    /// then the composition runs. Every other op must be supported for every input that its shape rule accepts.
    boolean supports(Op op, Spec... in);

    /// Runs `op`. Outputs are allocated by the caller, dense unless the op writes in place, and never overlap an input
    /// except where an op writes in place, element upon the same element.
    void run(Op op, Operand[] in, Operand[] out);

    /// Waits until all that was started has ended.
    void synchronize();

    /// Notes what the calling thread does on this device in `work`, so that it can be started again as a whole; empty
    /// where operations are only run one by one, and then `work` is not run either. No other thread may use the device
    /// meanwhile.
    ///
    /// The work is run twice and must do the same both times, but nothing is computed before [Graph#replay], which may
    /// follow at once. Memory that it takes and has given back at its end is the graph's, and so is what it keeps.
    ///
    /// @throws Graph.Refused if the work reads what it has computed or else does what a device cannot repeat
    default Optional<Graph> capture(Runnable work) {
        return Optional.empty();
    }
}
