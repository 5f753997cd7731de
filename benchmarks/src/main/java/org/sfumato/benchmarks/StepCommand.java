package org.sfumato.benchmarks;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Profile;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato bench step`: whole training steps of a masked predictor, or forward passes.
///
/// The network has a token table tied with the head, learned positions, LayerNorm, biases, exact GELU; a step is the
/// masked objective, its gradients, clipping to norm 1 and AdamW.
@Command(name = "step", description = "Training steps of a whole network, or forward passes.")
final class StepCommand implements Callable<Integer> {
    private static final int VOCABULARY = 66;
    private static final int TEXT = 100_000;
    private static final int SMOOTH = 5;

    /// A network and its batch, and how many steps show its speed.
    enum Config {
        CPU(64, 128, 4, 4, 12, 100), SMALL(512, 256, 4, 8, 16, 9), BABY(256, 384, 6, 6, 16, 9);

        private final TransformerConfig model;
        private final int batch;
        private final int steps;

        Config(int length, int width, int layers, int heads, int batch, int steps) {
            this.model = TransformerConfig.classic(VOCABULARY, length, width, layers, heads);
            this.batch = batch;
            this.steps = steps;
        }
    }

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--config", defaultValue = "cpu", description = "${COMPLETION-CANDIDATES}: 0.8 M parameters and "
            + "12 x 64 tokens, 3.3 M and 16 x 512, 10.8 M and 16 x 256 (default ${DEFAULT-VALUE}).")
    Config config;

    @Option(names = "--forward", description = "Forward passes only.")
    boolean forward;

    @Option(names = "--precision", defaultValue = "f32", description = "${COMPLETION-CANDIDATES}: types of the matrix "
            + "products (default ${DEFAULT-VALUE}).")
    Precision precision;

    @Option(names = "--steps", paramLabel = "N", description = "Steps to measure (default: 100 of cpu, 9 of others).")
    Integer steps;

    @Option(names = "--profile", description = "Also show which operations the time goes to, in as many steps again.")
    boolean profile;

    @Option(names = "--warmup", defaultValue = "20", paramLabel = "SECONDS",
            description = "How long to run before (default ${DEFAULT-VALUE}).")
    double warmup;

    /// `sfumato bench forward`: a forward pass in place of a step.
    @Command(name = "forward", description = "Forward passes of a whole network: step --forward.")
    static final class Forward implements Callable<Integer> {
        @Mixin
        StepCommand step;

        @Override
        public Integer call() {
            step.forward = true;
            return step.call();
        }
    }

    @Override
    public Integer call() {
        common.atLeast(1, "--steps", steps);
        common.atLeast(0, "--warmup", warmup);
        var text = new int[TEXT];
        for (int i = 0; i < text.length; i++) {
            text[i] = (int) Rng.of(0).below(i, VOCABULARY - 1);
        }
        var recipe = new TrainingConfig(config.model, config.batch, config.model.length(), 1e-3, 0, .9, .99, .1, true,
                1, 0, 0, 0, 0, 0, precision);
        try (var trainer = new Trainer(recipe, process(), Tokens.of(text), 1)) {
            Runnable work = forward ? passes(trainer, text) : trainer::step;
            measure(trainer, work);
            if (profile) {
                profile(work);
            }
        }
        return 0;
    }

    /// A pass over noisy tokens.
    private Runnable passes(Trainer trainer, int[] text) {
        int length = config.model.length();
        var ids = Arrays.stream(text).limit((long) config.batch * length).asLongStream().toArray();
        return () -> Scope.temporary(() -> Dispatch.unrecorded(() -> {
            var times = Times.ofRows(Times.stratified(config.batch, Rng.of(1)));
            var noisy = process().noise(Tensor.of(ids, config.batch, length), times, Rng.of(2));
            return precision.call(() -> trainer.network().forward(noisy, Pass.INFERENCE));
        }));
    }

    private MaskedProcess process() {
        return MaskedProcess.of(config.model.vocabulary() - 1);
    }

    private void measure(Trainer trainer, Runnable work) {
        var early = new double[1 << 16];
        long start = System.nanoTime();
        int before = 0;
        while (before < 3 || System.nanoTime() - start < warmup * 1e9 && before < early.length) {
            early[before++] = seconds(work);
        }
        var seconds = new double[steps()];
        var first = Footprint.now();
        for (int i = 0; i < seconds.length; i++) {
            seconds[i] = seconds(work);
        }
        var taken = Footprint.now().since(first);
        var peakResident = Footprint.peakResident();
        print(trainer, Timing.of(seconds), taken, peakResident.isPresent()
                ? Report.format("peak %d MiB", peakResident.getAsLong() >> 20) : "peak unknown",
                warmSteps(Arrays.copyOf(early, before), Timing.of(seconds)), seconds.length);
    }

    private void profile(Runnable work) {
        var seen = new Profile();
        seen.of(() -> {
            for (int i = 0; i < steps(); i++) {
                work.run();
            }
        });
        common.out().println(seen);
    }

    private int steps() {
        return steps == null ? config.steps : steps;
    }

    private void print(Trainer trainer, Timing timing, Footprint taken, String peak, String warm, int steps) {
        long tokens = (long) config.batch * config.model.length();
        double pass = trainer.network().forwardFlops(config.batch, config.model.length());
        double flops = (forward ? pass : 3 * pass) / timing.median();       // gradients: twice as many as the values
        int cores = Settings.current().threads();
        var memory = Memory.current(Settings.current().device());
        var report = new Report(common);
        report.line(forward ? "forward" : "train", config.name().toLowerCase(Locale.ROOT), Report.format(
                "%d parameters, median %.1f ms, %.0f tokens/s, %.0f GFLOP/s, %s, best %.1f ms, %.0f %% of peak, "
                + "%d threads, garbage %d B/step, faults %s/step, tensors %d of %d MiB, %s%s",
                trainer.network().parameterCount(),
                timing.median() * 1e3, tokens / timing.median(), flops / 1e9, peak, timing.best() * 1e3,
                100 * flops / Roofline.fma(cores).best(), cores, taken.garbage() / steps,
                taken.faults().isPresent() ? Report.format("%.1f", (double) taken.faults().getAsLong() / steps) : "?",
                memory.peak() >> 20, memory.reserved() >> 20, warm,
                trainer.repeated() > 0 ? Report.format(", %d steps repeated as a whole", trainer.repeated()) : ""));
        report.end();
    }

    /// After how many steps, and seconds, a few steps together were within a tenth of the steady speed.
    private static String warmSteps(double[] early, Timing steady) {
        double passed = 0;
        for (int i = 0; i < early.length; i++) {
            var few = Arrays.copyOfRange(early, i, Math.min(early.length, i + SMOOTH));
            if (Timing.of(few).median() <= 1.1 * steady.median()) {
                return Report.format("warm after %d steps, %.1f s", i, passed);
            }
            passed += early[i];
        }
        return Report.format("not warm after %d steps", early.length);
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
