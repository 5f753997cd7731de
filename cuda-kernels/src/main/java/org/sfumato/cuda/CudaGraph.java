package org.sfumato.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.Graph;
import org.sfumato.tensor.spi.Operand;

/// Work that was noted as a graph of the driver. A replay uploads the record of what the host gives and starts the
/// kernels, which read it where they read any operand, or the key of their random numbers.
final class CudaGraph implements Graph {
    private final CudaBackend backend;
    private final Noted noted;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment record;
    private final DeviceBuffer there;
    private DeviceMemory.Pool pool;
    private long graph;
    private boolean closed;

    /// For what was `noted`, with a record on the device.
    CudaGraph(CudaBackend backend, Noted noted, DeviceBuffer there) {
        this.backend = backend;
        this.noted = noted;
        this.there = there;
        this.record = arena.allocate(Math.max(1, noted.bytes()), Long.BYTES).asSlice(0, noted.bytes());
    }

    /// Runs `work`, as it was noted, while the driver notes launches.
    ///
    /// @throws Refused if it does something else
    void capture(Runnable work) {
        boolean done = false;
        pool = backend.beginCapture();
        try {
            var matching = new Matching(noted, record, new Launching());
            backend.walking(matching, work);
            done = matching.isComplete();
            if (!done) {
                throw new Matching.Departure();
            }
        } catch (Matching.Departure e) {
            throw new Refused(e.getMessage());
        } finally {
            if (!done) {
                backend.abandonCapture(pool);
                end();
            }
        }
        graph = backend.endCapture();
    }

    /// Memory in the record for what the host gives, else the graph's; operations become launches.
    private final class Launching implements Matching.Execution {
        @Override
        public Buffer make(int number, long bytes) {
            long slot = noted.slotOf(number);
            return slot == Noted.NONE ? backend.reserve(bytes) : there.part(slot, bytes);
        }

        @Override
        public void run(Op op, Operand[] in, Operand[] out, long slot) {
            backend.launch(op, in, out, slot == Noted.NONE ? 0 : there.address() + slot);
        }
    }

    @Override
    public boolean matches(Runnable work) {
        requireOpen();
        var matching = new Matching(noted, record, Matching.Execution.NONE);
        try {
            backend.walking(matching, work);
            return matching.isComplete();
        } catch (Matching.Departure _) {
            return false;
        }
    }

    @Override
    public void replay() {
        requireOpen();
        backend.replay(graph, record, there);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("graph: it was closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            backend.discard(graph, pool);
            end();
        }
    }

    private void end() {
        closed = true;
        arena.close();
        backend.free(there);
    }
}
