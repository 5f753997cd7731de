package org.sfumato.tensor;

import java.util.function.Supplier;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Graph;

/// Work on one device that is done again and again with the same operations on other numbers, as the step of a
/// training.
///
/// A device that can ([Backend#capture]; CUDA) is told of the operations once and then repeats them as a whole, which
/// costs the host one call instead of one for each. On other devices, and whenever the work differs from what was noted
/// (a last batch that is shorter), it simply runs. Either way the same operations give the same bits.
///
/// {@snippet :
/// try (var replay = Replay.on(device, "step")) {
///     for (int i = 0; i < steps; i++) {
///         var batch = batches.at(i);
///         double loss = replay.run(() -> new Tensor[] {learn(Tensor.of(batch, rows, length), Rng.of(i))})[0].item();
///     }
/// }
/// }
///
/// The code of the work does run each time, for what it gives the device may change: numbers, arrays that become
/// tensors, generators of random numbers. But its operations are only compared with those that were noted, and it may
/// be run more than once. So it reads no tensor, has no effect but on tensors of the device, and keeps none of those
/// that it makes but its results. Tensors from outside must be the same ones each time.
public final class Replay implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("org.sfumato.replay");
    /// After so many misses in a row the work is noted anew.
    private static final int MISSES = 3;
    /// After so many graphs that were of no use none is made any more.
    private static final int GRAPHS = 3;

    private final Backend backend;
    private final String name;
    private Graph graph;
    private Scope kept;
    private Tensor[] results;
    private boolean warm;
    private boolean hopeless;
    private boolean told;
    private int misses;
    private int useless;
    private long replays;

    private Replay(Backend backend, String name) {
        this.backend = backend;
        this.name = name;
    }

    /// Work on `device`.
    ///
    /// @param name of the work, for the log
    public static Replay on(Device device, String name) {
        return new Replay(Backends.of(device), name);
    }

    /// Does `work`. Its results hold until the next call; they belong to the current scope, or to this.
    ///
    /// @throws IllegalStateException if gradients are being recorded: what is repeated is not seen by a tape
    public Tensor[] run(Supplier<Tensor[]> work) {
        if (Dispatch.isRecording()) {
            throw new IllegalStateException("replay: gradients are being recorded\nhint: take them within the work");
        }
        if (graph == null) {
            if (!warm || hopeless || !capture(work)) {
                warm = true;                    // kernels are loaded and memory is found by a first run as usual
                return Scope.results(work);
            }
        } else if (graph.matches(() -> Scope.temporary(work::get))) {
            misses = 0;
            useless = 0;
        } else {
            miss();
            return Scope.results(work);
        }
        replays++;
        graph.replay();
        return results;
    }

    private void miss() {
        if (!told) {
            told = true;
            LOG.log(System.Logger.Level.INFO, "{0}: differs from what was noted and runs operation by operation", name);
        }
        if (++misses == MISSES) {
            hopeless = ++useless == GRAPHS;
            forget();
        }
    }

    private boolean capture(Supplier<Tensor[]> work) {
        kept = Scope.open("replay");
        misses = 0;
        try {
            graph = backend.capture(() -> results = kept.call(() -> Scope.results(work))).orElse(null);
            hopeless = graph == null;
        } catch (Graph.Refused e) {
            hopeless = true;
            LOG.log(System.Logger.Level.INFO, "{0}: runs operation by operation: {1}", name, e.getMessage());
        } finally {
            if (graph == null) {
                kept.close();
            }
        }
        return graph != null;
    }

    private void forget() {
        if (graph != null) {
            graph.close();
            kept.close();
            graph = null;
            results = null;
        }
    }

    /// How often the device has repeated the work as a whole.
    public long replays() {
        return replays;
    }

    /// Frees what is kept for replays, the results of the last one among it.
    @Override
    public void close() {
        forget();
    }
}
