package org.sfumato.models.training;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;

/// Trains a small network until a step leaves no more garbage and takes no more page faults than the properties
/// `garbage.bound`, in bytes for each tensor made, and `fault.bound` say, or patience ends, and prints what the last
/// steps took. The program of [StepGarbageTest].
final class StepGarbage {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int STEPS = 100;
    private static final long PATIENCE_NANOS = 45_000_000_000L;
    private static final int LENGTH = 32;
    private static final int VOCABULARY = 66;

    private StepGarbage() { }

    public static void main(String[] args) {
        double garbageBound = Long.getLong("garbage.bound");
        double faultBound = Long.getLong("fault.bound");
        var recipe = new TrainingConfig(TransformerConfig.classic(VOCABULARY, LENGTH, 64, 2, 2), 8, LENGTH, 1e-3, 0, .9,
                .99, .1, true, 1, 0, 0, 0, 0, 0, Precision.F32);
        var text = new int[1000];
        for (int i = 0; i < text.length; i++) {
            text[i] = (int) Rng.of(0).below(i, VOCABULARY - 1);
        }
        try (var trainer = new Trainer(recipe, MaskedProcess.of(recipe.model().vocabulary() - 1), Tokens.of(text), 1)) {
            long start = System.nanoTime();
            double garbage;
            double faults;
            do {
                long tensors = tensors();
                long faultsBefore = faults();
                long bytes = THREADS.getTotalThreadAllocatedBytes();
                for (int i = 0; i < STEPS; i++) {
                    trainer.step();
                }
                garbage = (double) (THREADS.getTotalThreadAllocatedBytes() - bytes) / (tensors() - tensors);
                faults = (double) (faults() - faultsBefore) / STEPS;
            } while ((garbage > garbageBound || faults > faultBound) && System.nanoTime() - start < PATIENCE_NANOS);
            System.out.println("garbage " + garbage + " faults " + faults);
        }
    }

    /// Tensors made so far.
    private static long tensors() {
        return Memory.current(Device.CPU).shares().stream().mapToLong(Memory.Share::count).sum();
    }

    /// Pages brought in so far, none of them from a disk: the eighth number after the name in proc_pid_stat(5).
    private static long faults() {
        try {
            var stat = Path.of("/proc/self/stat");
            if (!Files.exists(stat)) {
                return 0;                               // not Linux
            }
            var text = Files.readString(stat);
            return Long.parseLong(text.substring(text.lastIndexOf(')') + 2).split(" ")[7]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
