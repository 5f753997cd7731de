package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// A process that saves until it is killed: arguments are the folder and `loop`, or `grow` to save ever more.
final class SaveLoop {
    private SaveLoop() { }

    /// Prints each step once it is saved, and in mode `grow` the error that ends it.
    static void main(String[] arguments) throws IOException {
        var folder = Path.of(arguments[0]);
        var out = new PrintStream(System.out, true);
        try (var checkpoints = new Checkpoints(folder, 2)) {
            long step = checkpoints.latest().isPresent() ? Snapshots.latest(folder).step() : 0;
            out.println("from " + step);
            if (arguments[1].equals("grow")) {
                grow(checkpoints, out);
                Snapshots.latest(folder);
            } else {
                loop(checkpoints, step, out);
            }
        }
    }

    private static void loop(Checkpoints checkpoints, long start, PrintStream out) throws IOException {
        for (long step = start + 1;; step++) {
            try (var scope = Scope.open("step")) {
                checkpoints.save(scope.call(snapshot(step)));
            }
            out.println("saved " + step);
            if (step % 3 == 0) {
                checkpoints.markBest(step, 1.0 / step);
            }
        }
    }

    private static java.util.function.Supplier<Snapshot> snapshot(long step) {
        return () -> Snapshots.of(step);
    }

    private static void grow(Checkpoints checkpoints, PrintStream out) throws IOException {
        checkpoints.save(Snapshots.of(1));
        out.println("saved 1");
        try {
            checkpoints.save(new Snapshot(2, Snapshots.json(), Map.of("w", Tensor.zeros(1 << 20)), Map.of(), Map.of(),
                    Snapshots.json()));
        } catch (IOException e) {
            out.println(e.getMessage());
        }
    }
}
