package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.autoregressive.CausalSampler;
import org.sfumato.models.block.BlockDiffusion;
import org.sfumato.models.block.BlockSampler;
import org.sfumato.models.diffusion.AncestralSampler;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.GibbsSampler;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.PsiProcess;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.masked.CacheMeter;
import org.sfumato.models.masked.CachedSampler;
import org.sfumato.models.masked.Caching;
import org.sfumato.models.masked.Editing;
import org.sfumato.models.masked.EditingSampler;
import org.sfumato.models.masked.FirstHittingSampler;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.RemaskingSampler;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.masked.Unmasking;
import org.sfumato.models.mixture.MixtureProcess;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato generate`: writes text, or fills gaps in one.
@Command(name = "generate", description = "Write text after a prompt, or fill the gaps of a text.")
public final class GenerateCommand implements Callable<Integer> {
    /// Of so many passes with a cache one is compared with the pass without.
    private static final int METERED = 16;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = {"What `sfumato train` made, or one checkpoint of it; or a folder of the Hugging Face hub",
                "with a masked model: BERT, ModernBERT, LLaDA, Dream."})
    Path model;

    @Mixin
    TraceOption trace;

    @ArgGroup
    Input input = new Input();

    @Option(names = "--length", defaultValue = "256", paramLabel = "N",
            description = "Tokens to write after the prompt (default ${DEFAULT-VALUE}).")
    int length;

    @ArgGroup
    Pace pace = new Pace();

    @Option(names = "--sampler", defaultValue = "usual", paramLabel = "HOW", converter = SamplerChoice.Converter.class,
            description = {"usual: what the model's kind and the other options say (default);",
                "masked models: first-hitting, or editing:WRITE:EDIT:PASSES, which mends what it wrote by thresholds;",
                "uniform, duo and mixture models: gibbs:PASSES:PLACES, corrections between the steps."})
    SamplerChoice sampler;

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
                var diffusion = trace.around(diffusion(TextModel.load(model, common)));
                long start = System.nanoTime();
                var text = write(diffusion);
                double seconds = (System.nanoTime() - start) / 1e9;
                if (!common.json()) {
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
                return ExitCode.OK;
            });
        }
    }

    /// True if an option asks for another way of writing than that of steps in time.
    boolean isSampledOtherwise() {
        return pace.threshold != null || pace.factor != null || pace.entropyBound != null || block != null
                || cache != null;
    }

    private Diffusion diffusion(TextModel model) {
        masked.check(model, this);
        return model.diffusion(switch (sampler) {
            case SamplerChoice.Usual _ -> usual(model);
            case SamplerChoice.FirstHitting _ -> new FirstHittingSampler(model.denoiser(), process(model), temperature,
                    guidance, rules(model));
            case SamplerChoice.Edited(Editing editing) -> new EditingSampler(model.denoiser(), process(model), editing,
                    block == null ? Sampling.WHOLE : block, guidance, rules(model));
            case SamplerChoice.Corrected(int passes, int places) -> new GibbsSampler(ancestral(model, noise(model)),
                    passes, places, GibbsSampler.Shown.OTHERS);
        });
    }

    private Sampler usual(TextModel model) {
        return switch (model.objective()) {
            case MixtureProcess process -> ancestral(model, process);
            case UniformProcess process -> ancestral(model, process);
            case Duo duo -> ancestral(model, duo.process());
            case Autoregression objective -> new CausalSampler(model.network(), objective, temperature, rules(model));
            case MaskedProcess process when masked.remasking != null -> new RemaskingSampler(model.denoiser(), process,
                    masked.remasking, steps(model), temperature, guidance, rules(model));
            case MaskedProcess process when cache != null -> new CachedSampler(cacheable(model), process,
                    sampling(model), cache.caching(refresh == null ? Caching.NEVER : refresh), meter);
            case MaskedProcess process -> new MaskedSampler(model.denoiser(), process, sampling(model));
            case BlockDiffusion(MaskedProcess process) -> new BlockSampler(model.network(),
                    denoiser -> new MaskedSampler(denoiser, process, sampling(model)));
            default -> throw new IllegalArgumentException("generate: nothing writes with a model of the objective "
                    + model.objective());
        };
    }

    private static Transformer cacheable(TextModel model) {
        if (model.denoiser() != model.network()) {
            throw new IllegalArgumentException("generate: --cache is not for a model whose outputs are shifted"
                    + "\nhint: without it");
        }
        return model.network();
    }

    /// Of the samplers that `--sampler` names, those that unmask.
    private static MaskedProcess process(TextModel model) {
        if (model.objective() instanceof MaskedProcess process) {
            return process;
        }
        throw new IllegalArgumentException("generate: this --sampler is for masked models\nhint: --sampler usual");
    }

    private static NoiseProcess noise(TextModel model) {
        return switch (model.objective()) {
            case MixtureProcess process -> process;
            case UniformProcess process -> process;
            case Duo duo -> duo.process();
            default -> throw new IllegalArgumentException("generate: this --sampler is for uniform, duo and mixture "
                    + "models\nhint: --sampler usual");
        };
    }

    private Sampling sampling(TextModel model) {
        return new Sampling(unmasking(), block == null ? Sampling.WHOLE : block, temperature, guidance,
                rules(model), masked.ending(model, input.infill != null));
    }

    private AncestralSampler ancestral(TextModel model, NoiseProcess process) {
        return new AncestralSampler(model.denoiser(), kappa == 1 ? process : new PsiProcess(process, kappa),
                steps(model), temperature, guidance, greedyTail, rules(model));
    }

    /// Steps in time.
    private int steps(TextModel model) {
        return pace.steps == null ? Math.min(open(), model.length()) : pace.steps;
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

    private List<LogitRule> rules(TextModel model) {
        var rules = new ArrayList<>(model.rules());
        masked.rule(model).ifPresent(rules::add);
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
