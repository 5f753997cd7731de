package org.sfumato.benchmarks;

import java.util.Arrays;
import java.util.Locale;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.masked.MaskedTrainer;
import org.sfumato.models.masked.TrainingConfig;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;

/// Times whole training steps of a masked predictor, or forward passes; `step_timing.py` beside this module is
/// PyTorch's side of the same work. Arguments: `cpu|small|baby [steps] [forward]`.
public final class StepTiming {
    private static final int VOCABULARY = 66;
    private static final int TEXT = 100_000;
    private static final int WARMUP = 150;

    private StepTiming() { }

    /// Prints one line: parameters, median of a step, tokens and operations a second, peak of live tensors.
    public static void main(String[] args) {
        var name = args.length > 0 ? args[0] : "cpu";
        int steps = args.length > 1 ? Integer.parseInt(args[1]) : 100;
        boolean forward = args.length > 2 && args[2].equals("forward");
        var model = switch (name) {
            case "cpu" -> TransformerConfig.classic(VOCABULARY, 64, 128, 4, 4);
            case "small" -> TransformerConfig.classic(VOCABULARY, 512, 256, 4, 8);
            case "baby" -> TransformerConfig.classic(VOCABULARY, 256, 384, 6, 6);
            default -> throw new IllegalArgumentException("step: no configuration '" + name
                    + "'\nhint: cpu, small, baby");
        };
        int batch = name.equals("cpu") ? 12 : 16;
        var rng = Rng.of(0);
        var text = new int[TEXT];
        for (int i = 0; i < text.length; i++) {
            text[i] = (int) rng.below(i, VOCABULARY - 1);
        }
        var recipe = new TrainingConfig(model, batch, model.length(), 1e-3, 0, .9, .99, .1, true, 1, 0, 0, 0, 0, 0);
        try (var trainer = new MaskedTrainer(recipe, Tokens.of(text), 1)) {
            var ids = new long[batch * model.length()];
            Runnable work = forward ? () -> forward(trainer, ids, batch) : trainer::step;
            double median = median(work, steps);
            double flops = trainer.network().forwardFlops(batch, model.length()) * (forward ? 1 : 3);
            System.out.printf(Locale.ROOT, "sfumato %s %s: %d parameters, %d threads, median %.1f ms, %.0f tokens/s, "
                    + "%.0f GFLOP/s, peak of tensors %.0f MiB%n", forward ? "forward" : "train", name,
                    trainer.network().parameterCount(), Settings.current().threads(), median * 1e3,
                    ids.length / median, flops / median / 1e9,
                    Memory.current(Settings.current().device()).peak() / 0x1p20);
        }
    }

    private static void forward(MaskedTrainer trainer, long[] ids, int batch) {
        Scope.temporary(() -> Dispatch.unrecorded(() ->
                trainer.network().forward(Tensor.of(ids, batch, ids.length / batch), Pass.INFERENCE)));
    }

    private static double median(Runnable work, int steps) {
        for (int i = 0; i < Math.max(WARMUP, steps); i++) {
            work.run();
        }
        var seconds = new double[steps];
        for (int i = 0; i < steps; i++) {
            long start = System.nanoTime();
            work.run();
            seconds[i] = (System.nanoTime() - start) / 1e9;
        }
        Arrays.sort(seconds);
        return seconds[steps / 2];
    }
}
