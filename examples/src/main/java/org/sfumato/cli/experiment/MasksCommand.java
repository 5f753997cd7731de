package org.sfumato.cli.experiment;

import static org.sfumato.cli.experiment.ExperimentRows.mean;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.cli.text.Frontier;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.evaluation.Judge;
import org.sfumato.models.evaluation.Reference;
import org.sfumato.models.masked.FixedMasking;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.Order;
import org.sfumato.models.training.Trained;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato experiment masks`: always 15 % of a text hidden, as BERT learned, against every share.
@Command(name = "masks", description = {"Train with 15 %% of the text hidden, and with every share; compare.",
    "The bound, the cross-entropy of hidden tokens at several shares, and the samples."})
final class MasksCommand implements Callable<Integer> {
    private static final int RUN = 8;
    private static final int BATCH = 32;
    private static final List<String> KINDS = List.of("masked", "fixed");
    private static final List<Double> SHARES = List.of(.15, .3, .5, .7, .9, 1.);

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where everything goes.")
    Path out;

    @Mixin
    Contest contest;

    @Option(names = "--judge", required = true, paramLabel = "DIR", description = "What `sfumato train ar` made.")
    Path judge;

    @Option(names = "--samples", defaultValue = "32", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int samples;

    @Option(names = "--sample-length", defaultValue = "128", paramLabel = "N",
            description = "Tokens of a sample (default ${DEFAULT-VALUE}).")
    int sampleLength;

    @Override
    public Integer call() throws IOException {
        contest.check(common);
        common.atLeast(1, "--samples", samples);
        common.atLeast(RUN, "--sample-length", sampleLength);
        try (var read = TrainingData.read(common, data, Optional.empty())) {
            return measure(read.corpus());
        }
    }

    private Integer measure(TextCorpus corpus) throws IOException {
        var settings = contest.settings(corpus);
        settings.put("samples", samples);
        settings.put("sampleLength", sampleLength);
        settings.put("judge", judge.toString());
        var rows = ExperimentRows.open(out, "masks", settings);
        return contest.train(common, corpus, KINDS, out, rows, folder -> compared(corpus, folder)) ? report(rows)
                : ExitCode.OK;
    }

    /// The cross-entropy of hidden tokens at every share, and what samples are like.
    private Map<String, Object> compared(TextCorpus corpus, Path folder) throws IOException {
        try (var scope = Scope.open("masks")) {
            return Scoped.call(scope, () -> {
                var trained = Contest.load(common, folder);
                var fields = new LinkedHashMap<String, Object>();
                for (double share : SHARES) {
                    fields.put(column(share), crossEntropy(trained, corpus.validation().toArray(), share));
                }
                var judging = new Judge(ModelOption.load(judge, common),
                        new Reference(corpus.train(), corpus.tokenizer(), RUN));
                judging.requireSame(corpus.tokenizer());
                var point = new Frontier(judging, samples, sampleLength, 1).point(trained,
                        new Frontier.Way(sampleLength, 1, Order.RANDOM, null, List.of()));
                Frontier.fields(point.quality()).forEach((name, value) -> fields.put("sample " + name, value));
                return fields;
            });
        }
    }

    private static String column(double share) {
        return "ce" + Math.round(100 * share);
    }

    /// The mean of `-log p` over hidden tokens, the same ones for every model.
    private static double crossEntropy(Trained trained, int[] ids, double share) {
        var process = trained.objective() instanceof FixedMasking(MaskedProcess own, _) ? own
                : (MaskedProcess) trained.objective();
        int length = trained.config().model().length();
        var masking = new FixedMasking(process, share);
        int windows = ids.length / length;
        double sum = 0;
        for (int first = 0; first < windows; first += BATCH) {
            int count = Math.min(BATCH, windows - first);
            var rows = Arrays.stream(ids, first * length, (first + count) * length).asLongStream().toArray();
            var rng = Rng.of(first);
            try (var scope = Scope.open("batch")) {
                sum += count * scope.call(() -> Dispatch.unrecorded(() -> masking.loss(trained.network(),
                        Tensor.of(rows, count, length), rng, Pass.INFERENCE).item()));
            }
        }
        return sum / windows;
    }

    private Integer report(ExperimentRows rows) throws IOException {
        var table = new Markdown("masks", "held-out bound", "CE at 15 %", "30 %", "50 %", "70 %", "90 %", "100 %",
                "samples: nats under the judge", "entropy", "words");
        for (var kind : KINDS) {
            var own = rows.all().stream().filter(row -> row.get("kind").asString().equals(kind)).toList();
            table.row(kind.equals("fixed") ? "15 %" : "every share", mean(own, "nats"), mean(own, "ce15"),
                    mean(own, "ce30"), mean(own, "ce50"), mean(own, "ce70"), mean(own, "ce90"), mean(own, "ce100"),
                    mean(own, "sample nats"), mean(own, "sample entropy"), mean(own, "sample words"));
        }
        rows.report(common, table);
        return ExitCode.OK;
    }
}
