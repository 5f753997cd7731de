package org.sfumato.cuda;

import org.sfumato.tensor.Backends;
import org.sfumato.tensor.Device;

/// A piece of work on a device, noted once and started again as a whole: the host then does one call instead of one for
/// each kernel.
///
/// {@snippet :
/// step.run();                                              // once as usual: kernels are loaded, memory is reserved
/// try (var graph = CudaGraph.capture(device, step)) {      // notes what the step does; nothing is computed
///     for (int i = 0; i < 1000; i++) {
///         batch.copyFrom(next());                          // new data go where the step reads them
///         graph.replay();
///     }
/// }
/// }
///
/// A replay runs the same kernels at the same addresses with the same arguments. So the work must read what changes
/// (data, a learning rate, the number of a step) from tensors that stay where they are, and must write in place what is
/// to last; numbers that Java computes during the capture, seeds of random numbers among them, are the same at each
/// replay. Tensors that the work reads must live as long as the graph. Tensors that it returns hold the results of the
/// last replay.
public final class CudaGraph implements AutoCloseable {
    private final CudaBackend backend;
    private final long graph;
    private final DeviceMemory.Pool pool;
    private boolean closed;

    private CudaGraph(CudaBackend backend, long graph, DeviceMemory.Pool pool) {
        this.backend = backend;
        this.graph = graph;
        this.pool = pool;
    }

    /// Notes what `work` does on `device`, a CUDA device. No other thread may use the device meanwhile.
    ///
    /// @throws IllegalArgumentException if the device is of another kind
    /// @throws IllegalStateException if the work moves data between host and device, which cannot be noted
    public static CudaGraph capture(Device device, Runnable work) {
        if (!(Backends.of(device) instanceof CudaBackend backend)) {
            throw new IllegalArgumentException("graph: '" + device + "' is no CUDA device");
        }
        var pool = backend.beginCapture();
        boolean done = false;
        try {
            work.run();
            done = true;
        } finally {
            if (!done) {
                backend.abandonCapture(pool);
            }
        }
        return new CudaGraph(backend, backend.endCapture(), pool);
    }

    /// Starts the work again.
    ///
    /// @throws IllegalStateException if the graph was closed
    public void replay() {
        if (closed) {
            throw new IllegalStateException("graph: it was closed");
        }
        backend.replay(graph);
    }

    /// Forgets the work and gives its memory back.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            backend.discard(graph, pool);
        }
    }
}
