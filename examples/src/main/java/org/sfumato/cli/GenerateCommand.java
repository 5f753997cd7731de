package org.sfumato.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.autoregressive.CausalSampler;
import org.sfumato.models.diffusion.AncestralSampler;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.PsiProcess;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.masked.CacheMeter;
import org.sfumato.models.masked.CachedSampler;
import org.sfumato.models.masked.Caching;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.RemaskingSampler;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.masked.Unmasking;
import org.sfumato.models.mixture.MixtureProcess;
import org.sfumato.models.training.Trained;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato generate`: writes text, or fills gaps in one.
@Command(name = "generate", description = "Write text after a prompt, or fill the gaps of a text.")
final class GenerateCommand implements Callable<Integer> {
    /// Of so many passes with a cache one is compared with the pass without.
    private static final int METERED = 16;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    ModelOption model;

    @Mixin
    TraceOption trace;

    @ArgGroup
    Input input = new Input();

    @Option(names = "--length", defaultValue = "256", paramLabel = "N",
            description = "Tokens to write after the prompt (default ${DEFAULT-VALUE}).")
    int length;

    @ArgGroup
    Pace pace = new Pace();

    @Option(names = "--block", paramLabel = "N", description = "Write in blocks of N tokens, left to right.")
    Integer block;

    @Option(names = "--order", defaultValue = "random",
            description = "random, confidence, margin or entropy: what is written first (default ${DEFAULT-VALUE}).")
    Order order;

    @Option(names = "--temperature", defaultValue = "0.8", paramLabel = "T",
            description = "0: always the likeliest token (default ${DEFAULT-VALUE}).")
    double temperature;

    @Option(names = "--top-p", paramLabel = "P", description = "Only the likeliest tokens that together have P.")
    Double topP;

    @Option(names = "--repetition-penalty", paramLabel = "X",
            description = "Divide the logits of tokens that are there already.")
    Double repetitionPenalty;

    @Option(names = "--guidance", defaultValue = "0", paramLabel = "W",
            description = "Strength of classifier-free guidance by the prompt (default ${DEFAULT-VALUE}).")
    double guidance;

    @Mixin
    MaskedOptions masked = new MaskedOptions();

    @Option(names = "--cache",
            description = "prefix or dual: keep keys and values outside the block at work, approximately.")
    Cache cache;

    @Option(names = "--refresh", paramLabel = "N", description = "With --cache: compute all again every N passes.")
    Integer refresh;

    @Option(names = "--greedy-tail",
            description = "Uniform, duo and mixture models: the last step takes the likeliest tokens.")
    boolean greedyTail;

    @Option(names = "--kappa", defaultValue = "1", paramLabel = "P",
            description = "Uniform, duo and mixture models: with less than 1, each step predicts and noises anew the "
                + "other share of the tokens (psi-sampler; default ${DEFAULT-VALUE}).")
    double kappa;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--watch", description = "Show the text while it is being written.")
    boolean watch;

    /// What is kept between passes.
    enum Cache {
        PREFIX, DUAL;

        Caching caching(int refresh) {
            return this == PREFIX ? new Caching.Prefix(refresh) : new Caching.Dual(refresh);
        }
    }

    private final CacheMeter meter = new CacheMeter(METERED);

    /// What to start from: one or the other.
    static final class Input {
        @Option(names = "--prompt", paramLabel = "TEXT", description = "What the text begins with.")
        String prompt;

        @Option(names = "--infill", paramLabel = "TEXT",
                description = "A text with gaps: one _ for each token to fill in.")
        String infill;
    }

    /// How many tokens a pass writes: one way.
    static final class Pace {
        @Option(names = "--steps", paramLabel = "N", description = "Passes through the network (default: one a token).")
        Integer steps;

        @Option(names = "--threshold", paramLabel = "P",
                description = "A pass writes every token of at least this probability.")
        Double threshold;

        @Option(names = "--factor", paramLabel = "F",
                description = "A pass writes the most n tokens with (n + 1)(1 - c_n) < F.")
        Double factor;

        @Option(names = "--entropy-bound", paramLabel = "H",
                description = "A pass writes tokens whose entropies add up to H nats.")
        Double entropyBound;
    }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--length", length);
        common.atLeast(1, "--steps", pace.steps);
        common.atLeast(1, "--block", block);
        common.atLeast(1, "--refresh", refresh);
        common.notNegative("--temperature", temperature);
        common.notNegative("--guidance", guidance);
        trace.check();
        try (var scope = Scope.open("generate")) {
            return Scoped.call(scope, () -> {
                var diffusion = trace.around(diffusion(model.load(common)));
                long start = System.nanoTime();
                var text = write(diffusion);
                double seconds = (System.nanoTime() - start) / 1e9;
                if (!common.json) {
                    common.out().println(text);
                }
                trace.save(common, diffusion);
                var fields = new LinkedHashMap<String, Object>();
                fields.put("text", text);
                fields.put("seconds", Math.round(seconds * 1000) / 1000.0);
                fields.put("seed", seed);
                if (meter.places() > 0) {
                    fields.put("cacheDivergence", meter.divergence());
                    fields.put("cacheFlips", meter.flips());
                }
                common.result(fields);
                return Sfumato.OK;
            });
        }
    }

    /// True if an option asks for another way of writing than that of steps in time.
    boolean isSampledOtherwise() {
        return pace.threshold != null || pace.factor != null || pace.entropyBound != null || block != null
                || cache != null;
    }

    private Diffusion diffusion(Trained trained) {
        masked.check(trained, this);
        return switch (trained.objective()) {
            case MixtureProcess process -> trained.diffusion(ancestral(trained, process));
            case UniformProcess process -> trained.diffusion(ancestral(trained, process));
            case Duo duo -> trained.diffusion(ancestral(trained, duo.process()));
            case Autoregression objective -> trained.diffusion(
                    new CausalSampler(trained.network(), objective, temperature, rules(trained)));
            case MaskedProcess process when masked.remasking != null -> trained.diffusion(new RemaskingSampler(
                    trained.network(), process, masked.remasking, steps(trained), temperature, guidance,
                    rules(trained)));
            case MaskedProcess process when cache != null -> trained.diffusion(new CachedSampler(trained.network(),
                    process, sampling(trained), cache.caching(refresh == null ? Caching.NEVER : refresh), meter));
            default -> trained.diffusion(sampling(trained));
        };
    }

    private Sampling sampling(Trained trained) {
        return new Sampling(unmasking(), block == null ? Sampling.WHOLE : block, temperature, guidance,
                rules(trained), masked.ending(trained));
    }

    private Sampler ancestral(Trained trained, NoiseProcess process) {
        return new AncestralSampler(trained.network(), kappa == 1 ? process : new PsiProcess(process, kappa),
                steps(trained), temperature, guidance, greedyTail, rules(trained));
    }

    /// Steps in time.
    private int steps(Trained trained) {
        return pace.steps == null ? Math.min(open(), trained.config().model().length()) : pace.steps;
    }

    /// Tokens to be written.
    private int open() {
        return input.infill == null ? length
                : Math.max(1, (int) input.infill.chars().filter(c -> c == Diffusion.GAP).count());
    }

    private Unmasking unmasking() {
        if (pace.threshold != null) {
            return new Unmasking.Threshold(pace.threshold);
        }
        if (pace.factor != null) {
            return new Unmasking.Factor(pace.factor);
        }
        if (pace.entropyBound != null) {
            return new Unmasking.EntropyBound(pace.entropyBound);
        }
        return new Unmasking.Quota(order, pace.steps == null ? 1 : Math.max(1, (double) open() / pace.steps));
    }

    private List<LogitRule> rules(Trained trained) {
        var rules = new ArrayList<LogitRule>();
        masked.rule(trained).ifPresent(rules::add);
        if (repetitionPenalty != null) {
            rules.add(LogitRule.repetitionPenalty(repetitionPenalty));
        }
        if (topP != null) {
            rules.add(LogitRule.topP(topP));
        }
        return rules;
    }

    private String write(Diffusion diffusion) {
        try (var canvas = watch ? new Canvas(common.err(), diffusion::show) : null) {
            var observer = canvas == null ? Sampler.Observer.NONE : canvas;
            return input.infill != null ? diffusion.infill(input.infill, Rng.of(seed), observer)
                    : diffusion.generate(input.prompt == null ? "" : input.prompt, length, Rng.of(seed), observer);
        }
    }
}
