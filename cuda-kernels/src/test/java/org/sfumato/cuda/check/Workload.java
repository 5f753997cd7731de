package org.sfumato.cuda.check;

import java.util.Locale;
import java.util.function.Supplier;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Something whose speed is measured.
///
/// @param name as in the peer's list
/// @param work bytes that must be moved, or floating-point operations
/// @param flops if `work` counts operations
record Workload(String name, double work, boolean flops, Supplier<Tensor> body) {
    private static final double SECOND = 1e9;

    /// Seconds for one call, the calls one after another as in a program: the host does not wait for each.
    double seconds(Device device, double budget) {
        var backend = Backends.of(device);
        run(1);
        backend.synchronize();
        long start = System.nanoTime();
        run(1);
        backend.synchronize();
        double first = (System.nanoTime() - start) / SECOND;
        int calls = (int) Math.clamp(budget / Math.max(first, 1e-7), 1, 10_000);
        double best = first;
        for (int round = 0; round < 3; round++) {
            start = System.nanoTime();
            run(calls);
            backend.synchronize();
            best = Math.min(best, (System.nanoTime() - start) / SECOND / calls);
        }
        return best;
    }

    private void run(int calls) {
        for (int i = 0; i < calls; i++) {
            Scope.temporary(() -> {
                body.get();
            });
        }
    }

    /// What was done in a second, for people.
    String rate(double seconds) {
        return flops ? String.format(Locale.ROOT, "%.2f TFLOP/s", work / seconds / 1e12)
                : String.format(Locale.ROOT, "%.0f GB/s", work / seconds / 1e9);
    }
}
