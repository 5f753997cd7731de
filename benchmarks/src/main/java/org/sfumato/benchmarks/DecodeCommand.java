package org.sfumato.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Biases;
import org.sfumato.models.transformer.TransformerConfig.Heads;
import org.sfumato.models.transformer.TransformerConfig.Normalization;
import org.sfumato.models.transformer.TransformerConfig.Norms;
import org.sfumato.models.transformer.TransformerConfig.Output;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Positions;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Activation;
import org.sfumato.nn.QuantisedLinear;
import org.sfumato.tensor.Profile;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.quantised.WeightFormat;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato bench decode`: reading a prompt and writing it on with a KV cache, by a network of the shape of
/// SmolLM2-135M with random weights, in f32 and with its matrices stored in fewer bits.
@Command(name = "decode", description = "Reading a prompt and writing on, by a decoder of 135 M parameters.")
final class DecodeCommand implements Callable<Integer> {
    private static final TransformerConfig SHAPE = new TransformerConfig(49_152, 8192, 576, 30,
            new Heads(9, 3, 64, false), Pattern.CAUSAL, 1536, Activation.SWIGLU,
            Norms.pre(Normalization.RMS_NORM, 1e-5, true), Positions.rotary(1e5), Biases.NONE, new Output(true, false),
            Start.NORMAL, 0, 0);

    /// How the matrices are stored.
    enum Weights { F32, BF16, Q8, Q4, NF4 }

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--weights", split = ",", defaultValue = "F32,BF16,Q8,Q4,NF4", paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES} (default: all).")
    List<Weights> weights;

    @Option(names = "--prompt", defaultValue = "512", paramLabel = "N",
            description = "Tokens of the prompt (default ${DEFAULT-VALUE}).")
    int prompt;

    @Option(names = "--tokens", defaultValue = "64", paramLabel = "N",
            description = "Tokens to write after the first (default ${DEFAULT-VALUE}).")
    int tokens;

    @Option(names = "--rounds", defaultValue = "5", paramLabel = "N",
            description = "Rounds to measure, all formats in turn (default ${DEFAULT-VALUE}).")
    int rounds;

    @Option(names = "--profile", description = "Also show which operations the time goes to, in a round more.")
    boolean profile;

    /// A network and the seconds that it took.
    private record Contender(Weights weights, Decoder decoder, List<Double> reading, List<Double> writing) {
        void round(int[] prompt, int tokens) {
            var first = new long[1];
            long start = System.nanoTime();
            decoder.generate(prompt, Decoding.greedy(1 + tokens), (_, _) -> 0, (_, _) -> {
                first[0] = first[0] == 0 ? System.nanoTime() : first[0];
            });
            reading.add((first[0] - start) / 1e9);
            writing.add((System.nanoTime() - first[0]) / 1e9 / tokens);
        }
    }

    @Override
    public Integer call() {
        common.atLeast(1, "--prompt", prompt);
        common.atLeast(1, "--tokens", tokens);
        common.atLeast(1, "--rounds", rounds);
        var ids = new int[prompt];
        for (int i = 0; i < prompt; i++) {
            ids[i] = (int) Rng.of(0).below(i, SHAPE.vocabulary());
        }
        try (var scope = Scope.open("decode")) {
            scope.run(() -> {
                var dense = Transformer.init(SHAPE, Rng.of(1));
                var contenders = new ArrayList<Contender>();
                for (var each : weights) {
                    contenders.add(new Contender(each, new Decoder(stored(dense, each)), new ArrayList<>(),
                            new ArrayList<>()));
                }
                measure(contenders, ids);
            });
        }
        return 0;
    }

    private static Transformer stored(Transformer dense, Weights weights) {
        return weights == Weights.F32 ? dense
                : QuantisedLinear.replace(dense, WeightFormat.valueOf(weights.name()), (_, _) -> true);
    }

    private void measure(List<Contender> contenders, int[] ids) {
        for (int i = 0; i < 2; i++) {
            contenders.forEach(each -> each.round(ids, tokens));
        }
        contenders.forEach(each -> {
            each.reading.clear();
            each.writing.clear();
        });
        for (int i = 0; i < rounds; i++) {
            contenders.forEach(each -> each.round(ids, tokens));
        }
        var report = new Report(common);
        for (var each : contenders) {
            var name = each.weights.name().toLowerCase(Locale.ROOT);
            line(report, "prefill " + name, each.reading, prompt);
            line(report, "decode " + name, each.writing, 1);
        }
        report.end();
        for (var each : profile ? contenders : List.<Contender>of()) {
            var seen = new Profile();
            seen.of(() -> each.round(ids, tokens));
            common.out().println(each.weights + "\n" + seen);
        }
    }

    private static void line(Report report, String name, List<Double> seconds, int tokens) {
        var timing = Timing.of(seconds.stream().mapToDouble(Double::doubleValue).toArray());
        report.line("decode", name, Report.format("median %s, best %s, %.1f tokens/s, %d threads",
                Report.time(timing.median()), Report.time(timing.best()), tokens / timing.median(),
                Settings.current().threads()));
    }
}
