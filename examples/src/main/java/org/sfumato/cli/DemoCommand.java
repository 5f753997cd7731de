package org.sfumato.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Interrupt;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.text.Canvas;
import org.sfumato.cli.train.Kind;
import org.sfumato.cli.train.TrainingRun;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.training.Trained;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato demo`: the whole way in a few minutes.
@Command(name = "demo", description = {"Train a small diffusion model on real text, watch it write, see its score.",
    "The text is the source of java.util, which every full JDK carries, or yours."})
final class DemoCommand implements Callable<Integer> {
    private static final Kind KIND = new Kind.Masked();
    private static final int WRITTEN = 512;
    private static final int GAP = 12;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--minutes", defaultValue = "3", paramLabel = "M",
            description = "Time to train (default ${DEFAULT-VALUE}).")
    double minutes;

    @Option(names = "--data", arity = "1..*", paramLabel = "FILE", description = "Train on this text instead.")
    List<Path> data;

    @Option(names = "--out", paramLabel = "DIR", description = "Where the model goes (default: runs/demo-TIME).")
    Path out;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Override
    public Integer call() throws IOException {
        common.positive("--minutes", minutes);
        var text = data == null ? JdkSources.read(Path.of(System.getProperty("java.home")))
                : TextCorpus.read(common.files(data));
        var folder = out != null ? out : Path.of("runs", "demo-" + System.currentTimeMillis() / 1000);
        var corpus = TextCorpus.ofCharacters(text);
        var config = TrainingConfig.charSmall(KIND.vocabulary(corpus.tokenizer()), seed);
        var fields = new LinkedHashMap<String, Object>();
        var objective = KIND.objective(corpus.tokenizer());
        try (var interrupt = new Interrupt(); var trainer = new Trainer(config, objective, corpus.train(), 1)) {
            common.err()
                    .printf(Locale.ROOT, "A masked diffusion model of %,d parameters learns %,d characters of %s.%n",
                    trainer.network().parameterCount(), text.length(), data == null ? "java.util" : data);
            var plan = new TrainingRun.Plan(0, minutes, 500, 1000);
            var outcome = new TrainingRun(common, corpus, trainer, plan, folder).run(interrupt);
            fields.putAll(outcome.fields());
            if (outcome.interrupted()) {
                fields.put("model", folder.toString());
                if (!common.json()) {
                    common.out().printf("interrupted; the model lies in %s%n", folder);
                }
                common.result(fields);
                common.out().flush();
                return ExitCode.OK;
            }
        }
        try (var scope = Scope.open("demo")) {
            Scoped.call(scope, () -> {
                write(ModelOption.load(folder, common), text, fields);
                return null;
            });
        }
        fields.put("model", folder.toString());
        if (!common.json()) {
            score(fields, folder);
        }
        common.result(fields);
        return ExitCode.OK;
    }

    private void write(Trained trained, String text, LinkedHashMap<String, Object> fields) {
        common.err().printf("%nIt writes: all is masked (\u2591) at first, and the masks vanish in random order.%n%n");
        var free = trained.diffusion(Sampling.oneByOne(Order.RANDOM, .8));
        fields.put("sample", shown(free, canvas -> free.generate("", WRITTEN, Rng.of(seed), canvas)));
        var original = unseen(text, free.length());
        int gap = free.length() / 2 - GAP / 2;
        int from = original.offsetByCodePoints(0, gap);
        var open = original.substring(0, from) + String.valueOf(Diffusion.GAP).repeat(GAP)
                + original.substring(original.offsetByCodePoints(from, GAP));
        common.err().printf("%nIt fills a gap of %d characters in text that it has not seen.%n%n", GAP);
        var surest = trained.diffusion(Sampling.oneByOne(Order.CONFIDENCE, 0));
        fields.put("infilled", shown(surest, canvas -> surest.infill(open, Rng.of(seed), canvas)));
        fields.put("original", original);
    }

    /// `count` characters of the last part of `text`, where what would mean a gap is another character.
    private static String unseen(String text, int count) {
        int[] all = text.codePoints().toArray();
        int at = Math.max(0, Math.min(all.length - count, (int) (all.length * 19L / 20)));
        int other = Arrays.stream(all).filter(c -> c != Diffusion.GAP).findFirst().orElse(Diffusion.GAP);
        int[] part = Arrays.stream(all, at, at + count).map(c -> c == Diffusion.GAP ? other : c).toArray();
        return new String(part, 0, count);
    }

    /// Something that writes on a canvas.
    private interface Writing {
        String on(Sampler.Observer canvas);
    }

    private String shown(Diffusion diffusion, Writing writing) {
        try (var canvas = new Canvas(common.err(), diffusion::show)) {
            return writing.on(canvas);
        }
    }

    private void score(LinkedHashMap<String, Object> fields, Path folder) {
        var out = common.out();
        out.printf("%nwritten:%n%s%n", fields.get("sample"));
        out.printf("%nfilled:    %s%noriginal:  %s%n", oneLine(fields.get("infilled")),
                oneLine(fields.get("original")));
        out.printf(Locale.ROOT, "%nheld-out text, nats per character (lower is better):%n");
        out.printf(Locale.ROOT, "  this model, an upper bound   %.3f +- %.3f%n", fields.get("nelbo"),
                fields.get("stderr"));
        out.printf(Locale.ROOT, "  pairs of characters          %.3f%n", fields.get("bigram"));
        out.printf(Locale.ROOT, "  single characters            %.3f%n", fields.get("unigram"));
        out.printf("%nThe model lies in %s. Write more:%n  sfumato generate --model %s --watch%n", folder, folder);
    }

    private static String oneLine(Object text) {
        return text.toString().replace("\n", "\\n");
    }
}
