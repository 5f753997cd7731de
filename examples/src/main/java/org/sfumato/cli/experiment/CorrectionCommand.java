package org.sfumato.cli.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.diffusion.AncestralSampler;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.evaluation.Corruption;
import org.sfumato.models.masked.LeaveOneOutCorrector;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.training.Trained;
import org.sfumato.models.uniform.UniformCorrector;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.Tokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato experiment correction`: errors mended and gaps filled in real text that no model has seen.
@Command(name = "correction", description = {"Corrupt real text and let models mend it; hide parts and let them fill.",
    "A masked and a uniform model of the same text; the shares of characters that are as they were."})
final class CorrectionCommand implements Callable<Integer> {
    private static final int ROUNDS = 3;
    private static final int STEPS = 16;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--masked", required = true, paramLabel = "DIR", description = "What `sfumato train masked` made.")
    Path masked;

    @Option(names = "--uniform", required = true, paramLabel = "DIR",
            description = "What `sfumato train uniform` or `duo` made.")
    Path uniform;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where correction.md and rows go.")
    Path out;

    @Option(names = "--texts", defaultValue = "200", paramLabel = "N",
            description = "Windows of the held-out part (default ${DEFAULT-VALUE}).")
    int texts;

    @Option(names = "--length", defaultValue = "64", paramLabel = "N",
            description = "Tokens of each (default ${DEFAULT-VALUE}).")
    int length;

    @Option(names = "--counts", split = ",", defaultValue = "2,8,16", paramLabel = "K",
            description = "Tokens that are corrupted or hidden (default ${DEFAULT-VALUE}).")
    List<Integer> counts;

    /// What turns a corrupted text, or one with known gaps, into a whole one.
    private record Way(String name, boolean told, BiFunction<Corruption, Rng, int[]> mend) { }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--texts", texts);
        common.atLeast(2, "--length", length);
        counts.forEach(k -> common.atLeast(1, "--counts", k));
        try (var scope = Scope.open("correction")) {
            return Scoped.call(scope, () -> {
                var masking = ModelOption.load(masked, common);
                var replacing = ModelOption.load(uniform, common);
                if (!masking.tokenizer().toJson().equals(replacing.tokenizer().toJson())) {
                    throw new IllegalArgumentException("correction: the models have different vocabularies"
                            + "\nhint: train both on the same text");
                }
                try (var read = TrainingData.read(common, data, Optional.of(masking.tokenizer()))) {
                    return measure(ways(masking, replacing), read.corpus().validation().toArray(),
                            masking.tokenizer());
                }
            });
        }
    }

    private static List<Way> ways(Trained masking, Trained replacing) {
        if (!(masking.objective() instanceof MaskedProcess process)) {
            throw new IllegalArgumentException("correction: --masked is no masked model");
        }
        var noise = replacing.objective() instanceof Duo duo ? duo.process()
                : replacing.objective() instanceof UniformProcess own ? own : null;
        if (noise == null) {
            throw new IllegalArgumentException("correction: --uniform is no uniform model");
        }
        var network = masking.network();
        var surest = new MaskedSampler(network, process, Sampling.oneByOne(Order.CONFIDENCE, 0));
        var ancestral = AncestralSampler.of(replacing.network(), noise, STEPS);
        var ways = new ArrayList<Way>();
        ways.add(new Way("uniform, likeliest tokens", false, (text, _) -> new UniformCorrector(replacing.network(),
                noise, share(text), ROUNDS).correct(text.ids())));
        ways.add(new Way("uniform, " + STEPS + " ancestral steps", false, (text, rng) -> ancestral.denoise(all(text),
                UniformCorrector.level(noise, share(text)), rng, Sampler.Observer.NONE)));
        ways.add(new Way("masked, least likely remasked", false, (text, _) -> new LeaveOneOutCorrector(network, process,
                text.count(), ROUNDS).correct(text.ids())));
        ways.add(new Way("masked, as many remasked at random", false, (text, rng) -> surest.fill(
                new Canvas(text.ids(), chosen(text, rng)), rng, Sampler.Observer.NONE)));
        ways.add(new Way("masked, nothing remasked", false, (text, rng) -> surest.fill(
                new Canvas(text.ids(), new boolean[text.ids().length]), rng, Sampler.Observer.NONE)));
        ways.add(new Way("masked, told where", true, (text, rng) -> surest.fill(
                new Canvas(text.ids(), text.wrong()), rng, Sampler.Observer.NONE)));
        ways.add(new Way("uniform, told where", true, (text, rng) -> ancestral.fill(
                new Canvas(text.ids(), text.wrong()), rng, Sampler.Observer.NONE)));
        return ways;
    }

    private static double share(Corruption text) {
        return (double) text.count() / text.ids().length;
    }

    /// As many places as there are errors, anywhere.
    private static boolean[] chosen(Corruption text, Rng rng) {
        var open = new boolean[text.ids().length];
        Arrays.stream(rng.permutation(open.length)).limit(text.count()).forEach(place -> open[place] = true);
        return open;
    }

    private static Canvas all(Corruption text) {
        var open = new boolean[text.ids().length];
        Arrays.fill(open, true);
        return new Canvas(text.ids(), open);
    }

    private Integer measure(List<Way> ways, int[] heldOut, Tokenizer tokenizer) throws IOException {
        if (heldOut.length < length || counts.stream().anyMatch(k -> k >= length)) {
            throw new IllegalArgumentException("correction: the held-out part has " + heldOut.length + " tokens, texts "
                    + length + ", of which " + counts + " are to be wrong\nhint: a smaller --length or --counts");
        }
        var settings = new LinkedHashMap<String, Object>();
        settings.put("masked", masked.toString());
        settings.put("uniform", uniform.toString());
        settings.put("texts", texts);
        settings.put("length", length);
        var rows = ExperimentRows.open(out, "correction", settings);
        for (int count : counts) {
            for (var way : ways) {
                rows.row(Map.of("way", way.name, "wrong", count), () -> row(way, count, heldOut, tokenizer));
            }
        }
        return report(rows, ways);
    }

    private Map<String, Object> row(Way way, int count, int[] heldOut, Tokenizer tokenizer) {
        var restored = new double[texts];
        double damaged = 0;
        var fields = new LinkedHashMap<String, Object>();
        for (int n = 0; n < texts; n++) {
            int from = (int) ((long) n * (heldOut.length - length) / texts);
            var text = Corruption.replaced(Arrays.copyOfRange(heldOut, from, from + length), count,
                    tokenizer.vocabularySize(), Rng.of(count).fold(n));
            var mended = way.mend.apply(text, Rng.of(n));
            var outcome = text.outcome(mended);
            restored[n] = outcome.restored();
            damaged += outcome.damaged() / texts;
            if (n == 0) {
                fields.put("clean", tokenizer.decode(text.clean()));
                fields.put("corrupted", tokenizer.decode(text.ids()));
                fields.put("mended", tokenizer.decode(mended));
            }
        }
        fields.put("restored", Arrays.stream(restored).average().orElseThrow());
        fields.put("stderr", ExperimentRows.error(restored));
        fields.put("damaged", damaged);
        common.err().printf(Locale.ROOT, "%s, %d of %d: %.3f restored, %.3f damaged%n", way.name, count, length,
                fields.get("restored"), damaged);
        return fields;
    }

    private Integer report(ExperimentRows rows, List<Way> ways) throws IOException {
        var table = new Markdown("wrong of " + length, "model", "told where", "restored", "s.e.", "damaged");
        for (int count : counts) {
            for (var way : ways) {
                var row = rows.find(Map.of("way", way.name, "wrong", count)).orElseThrow();
                table.row(count, way.name, way.told ? "yes" : "no", row.get("restored").asDouble(),
                        row.get("stderr").asDouble(Double.NaN), row.get("damaged").asDouble());
            }
        }
        rows.report(common, table);
        return ExitCode.OK;
    }
}
