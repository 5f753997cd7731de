package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.cli.shared.TrainingData;
import org.sfumato.models.data.NGramEntropy;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.diffusion.VariationalBound;
import org.sfumato.models.masked.ChainRule;
import org.sfumato.models.masked.ChainRule.Reveal;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.training.Trained;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato eval`: the likelihood of a text under a model.
@Command(name = "eval", description = {"Score text: an upper bound (NELBO) of the negative log-likelihood.",
    "By default the last 10 %% of the file, on which `train` did not train, is scored."})
public final class EvalCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    ModelOption model;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = TrainingData.HELP)
    List<Path> data;

    @Option(names = "--part", defaultValue = "validation",
            description = "validation, train or all: which part of the text (default ${DEFAULT-VALUE}).")
    Part part;

    @Option(names = "--likelihood", defaultValue = "nelbo",
            description = {"nelbo, or for masked models l2r or confidence: exact for a model that reveals one token",
                "after the other, from left to right or the surest first (default ${DEFAULT-VALUE})."})
    Quantity likelihood;

    @Option(names = "--samples", defaultValue = "8", paramLabel = "N",
            description = "Noisy versions of each window (default ${DEFAULT-VALUE}).")
    int samples;

    @Option(names = "--estimator", defaultValue = "fixed_count",
            description = "fixed_count or bernoulli (default ${DEFAULT-VALUE}).")
    Estimator estimator;

    @Option(names = "--seed", defaultValue = "0", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    /// What is computed: the bound, or the exact value of a model that reveals one token after the other.
    enum Quantity { NELBO, L2R, CONFIDENCE }

    /// How the bound of masked diffusion is estimated.
    enum Estimator { BERNOULLI, FIXED_COUNT }

    /// Parts of a text.
    enum Part { VALIDATION, TRAIN, ALL }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--samples", samples);
        try (var scope = Scope.open("eval")) {
            var trained = Scoped.call(scope, () -> model.load(common));
            return score(scope, trained);
        }
    }

    private Integer score(Scope scope, Trained trained) throws IOException {
        try (var read = TrainingData.read(common, data, Optional.of(trained.tokenizer()))) {
            var scored = switch (part) {
                case VALIDATION -> read.corpus().validation();
                case TRAIN -> read.corpus().train();
                case ALL -> read.all();
            };
            var estimate = scope.call(() -> estimate(trained, scored));
            var entropy = TrainingData.entropy(part == Part.ALL ? scored : read.corpus().train(), scored,
                    trained.tokenizer());
            if (!common.json()) {
                print(common, label(trained), estimate, entropy);
            }
            var fields = fields(estimate, entropy);
            fields.put("likelihood", likelihood.name().toLowerCase(Locale.ROOT));
            common.result(fields);
            return ExitCode.OK;
        }
    }

    private Estimate estimate(Trained trained, Tokens scored) {
        if (likelihood != Quantity.NELBO) {
            if (!(trained.objective() instanceof MaskedProcess process)) {
                throw new IllegalArgumentException("--likelihood " + likelihood.name().toLowerCase(Locale.ROOT)
                        + " is for masked models\nhint: --likelihood nelbo");
            }
            return new ChainRule(trained.network(), process, trained.config().model().length()).estimate(
                    scored.toArray(), likelihood == Quantity.L2R ? Reveal.LEFT_TO_RIGHT : Reveal.CONFIDENCE);
        }
        VariationalBound<? super Transformer> bound = trained.objective() instanceof MaskedProcess process
                && estimator == Estimator.BERNOULLI ? process.whole() : trained.bound();
        return new Nelbo<>(trained.network(), bound, trained.config().model().length())
                .estimate(scored.toArray(), samples, Rng.of(seed));
    }

    private String label(Trained trained) {
        return likelihood != Quantity.NELBO || trained.bound().isExact() ? "NLL" : "NELBO";
    }

    public static void print(Common common, String label, Estimate estimate, NGramEntropy entropy) {
        common.out().printf(Locale.ROOT, "%-8s %.4f +- %.4f nats/token over %,d tokens%n", label, estimate.nats(),
                estimate.standardError(), estimate.tokens());
        common.out().printf(Locale.ROOT, "bigram   %.4f%nunigram  %.4f%nuniform  %.4f%n", entropy.bigram(),
                entropy.unigram(), entropy.uniform());
    }

    public static Map<String, Object> fields(Estimate estimate, NGramEntropy entropy) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("nelbo", estimate.nats());
        fields.put("stderr", estimate.standardError());
        fields.put("unit", "nats/token");
        fields.put("unigram", entropy.unigram());
        fields.put("bigram", entropy.bigram());
        fields.put("tokens", estimate.tokens());
        return fields;
    }
}
