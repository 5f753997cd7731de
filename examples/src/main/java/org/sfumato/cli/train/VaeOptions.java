package org.sfumato.cli.train;

import static org.sfumato.cli.shared.Common.or;

import java.util.Locale;
import org.sfumato.cli.shared.Common;
import org.sfumato.models.training.VaeTrainingConfig;
import org.sfumato.models.vae.Divergence;
import org.sfumato.models.vae.Injection;
import org.sfumato.models.vae.KlWeight;
import org.sfumato.models.vae.VaeConfig;
import org.sfumato.models.vae.VaeObjective;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// What a user may choose of an autoencoder and its recipe.
final class VaeOptions {
    private static final double STEPS_OF_RISE = .25;

    @Option(names = "--kind", defaultValue = "lora", description = "lora: two low-rank adapters of a frozen language "
            + "model (LDLM); adavae: bottleneck adapters, and the latent as keys and values in every layer; pooled: a "
            + "decoder that learns to write from the mean of a frozen model's states; scratch: no language model "
            + "(default ${DEFAULT-VALUE}).")
    Kind kind;

    @Option(names = "--context", paramLabel = "N", description = "Tokens of a span, and of the text before it "
            + "(default: lora 48, others 32).")
    Integer context;

    @Option(names = "--latent", paramLabel = "D", description = "Numbers of a vector (default: lora 768, adavae 32, "
            + "scratch 16).")
    Integer latent;

    @Option(names = "--vectors", paramLabel = "N", description = "scratch: vectors of a span (default 4).")
    Integer vectors;

    @Option(names = "--rank", paramLabel = "R", description = "lora: of both adapters (default 32); pooled: of the "
            + "decoder's, 0 for none (default 8).")
    Integer rank;

    @Option(names = "--alpha", paramLabel = "X", description = "lora, pooled: updates are scaled by alpha / rank "
            + "(default: lora 8, pooled 16).")
    Double alpha;

    @Option(names = "--bottleneck", paramLabel = "N", description = "adavae: hidden units of an adapter (default 128).")
    Integer bottleneck;

    @Option(names = "--injection", description = "adavae: how the latent gets into the decoder: attention, input, "
            + "memory, logits or adapters (default attention).")
    Injection.Kind injection;

    @Option(names = "--soft-tokens", paramLabel = "N", description = "pooled: vectors before the text (default 8).")
    Integer softTokens;

    @Option(names = "--hidden", paramLabel = "N", description = "pooled: units of the map to them (default 256).")
    Integer hidden;

    @Option(names = "--noise", paramLabel = "X", description = "pooled: deviation of what is added to vectors in "
            + "training (default 0.1).")
    Double noise;

    @Option(names = "--encoder-layers", paramLabel = "N", description = "adavae: layers of the encoder (default 8, or "
            + "all).")
    Integer encoderLayers;

    @Option(names = "--width", paramLabel = "N", description = "scratch: of both networks (default 128).")
    Integer width;

    @Option(names = "--layers", paramLabel = "N", description = "scratch: of each network (default 3).")
    Integer layers;

    @Option(names = "--word-dropout", paramLabel = "P",
            description = "scratch: the share of the decoder's input tokens hidden in training (default 0.5).")
    Double wordDropout;

    @Option(names = "--prefix", paramLabel = "P", description = "The share of rows that keep the text before (default: "
            + "lora 0.5, others 0).")
    Double prefix;

    @Option(names = "--kl", paramLabel = "X", description = "Height of the weight of the divergence (default: "
            + "lora and scratch 0.01, adavae 1).")
    Double kl;

    @Option(names = "--kl-steps", paramLabel = "N", description = "lora, scratch: steps in which it rises (default: a "
            + "quarter of the run; LDLM has 5000).")
    Long klSteps;

    @Option(names = "--cycles", paramLabel = "N", description = "adavae: cycles of the weight (default 4).")
    Integer cycles;

    @Option(names = "--free-nats", paramLabel = "X", description = "adavae: nats of each number that cost nothing "
            + "(default 0.5).")
    Double freeNats;

    @Option(names = "--batch", paramLabel = "N",
            description = "Rows of a step (default: lora 4, adavae 90, others 32).")
    Integer batch;

    @Option(names = "--lr", paramLabel = "X", description = "Height of the learning rate (default: lora 1e-4, adavae "
            + "5e-5, pooled 1e-3, scratch 2e-3).")
    Double rate;

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    /// The kinds of autoencoders.
    enum Kind {
        LORA, ADAVAE, POOLED, SCRATCH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Refuses what no training can have.
    void check(Common common) {
        common.atLeast(2, "--context", context);
        common.atLeast(1, "--latent", latent);
        common.atLeast(1, "--vectors", vectors);
        common.atLeast(kind == Kind.POOLED ? 0 : 1, "--rank", rank);
        common.positive("--alpha", alpha);
        common.atLeast(1, "--bottleneck", bottleneck);
        common.atLeast(1, "--encoder-layers", encoderLayers);
        common.atLeast(1, "--soft-tokens", softTokens);
        common.atLeast(1, "--hidden", hidden);
        common.positive("--noise", noise);
        common.atLeast(2, "--width", width);
        common.atLeast(1, "--layers", layers);
        common.notNegative("--word-dropout", wordDropout == null ? 0 : wordDropout);
        common.notNegative("--prefix", prefix == null ? 0 : prefix);
        common.notNegative("--kl", kl == null ? 0 : kl);
        common.atLeast(1, "--kl-steps", klSteps);
        common.atLeast(1, "--cycles", cycles);
        common.notNegative("--free-nats", freeNats == null ? 0 : freeNats);
        common.atLeast(1, "--batch", batch);
        common.positive("--lr", rate);
        refuse(kind != Kind.LORA && kind != Kind.POOLED, "lora and pooled", "--rank", rank, "--alpha", alpha);
        refuse(kind != Kind.ADAVAE, "adavae", "--bottleneck", bottleneck, "--encoder-layers", encoderLayers, "--cycles",
                cycles, "--free-nats", freeNats, "--injection", injection);
        refuse(kind != Kind.POOLED, "pooled", "--soft-tokens", softTokens, "--hidden", hidden, "--noise", noise);
        refuse(kind == Kind.POOLED, "lora, adavae and scratch", "--latent", latent, "--kl", kl);
        refuse(kind != Kind.SCRATCH, "scratch", "--vectors", vectors, "--width", width, "--layers", layers,
                "--word-dropout", wordDropout);
        if (prefix != null && prefix > 1) {
            throw new ParameterException(spec.commandLine(), "--prefix must be at most 1, got " + prefix);
        }
        refuse(kind == Kind.ADAVAE || kind == Kind.POOLED, "lora and scratch", "--kl-steps", klSteps);
    }

    /// Options and their values, which only `kinds` have.
    private void refuse(boolean other, String kinds, Object... options) {
        for (int i = 0; i < options.length; i += 2) {
            if (other && options[i + 1] != null) {
                throw new ParameterException(spec.commandLine(), options[i] + " is for --kind " + kinds);
            }
        }
    }

    /// The recipe.
    ///
    /// @param base or `null`: from scratch
    /// @param vocabulary ids of the text
    /// @param before the recipe of the training that goes on, or `null`
    VaeTrainingConfig recipe(VaeBase.Loaded base, int vocabulary, long steps, long seed, VaeTrainingConfig before) {
        long rise = klSteps != null ? klSteps
                : before != null && before.objective().weight() instanceof KlWeight.Sine sine ? sine.steps()
                : Math.max(1, Math.round(STEPS_OF_RISE * steps));
        return switch (kind) {
            case LORA -> {
                var usual = VaeConfig.Lora.ldlm();
                var model = new VaeConfig.Lora(or(context, usual.length()), or(latent, usual.latent()),
                        or(rank, usual.rank()), or(alpha, usual.alpha()), usual.dropout());
                var recipe = VaeTrainingConfig.ldlm(model, seed);
                yield with(recipe, new KlWeight.Sine(or(kl, .01), rise), new Divergence.PerToken());
            }
            case ADAVAE -> {
                var usual = VaeConfig.Ada.gpt2();
                int all = base.base().network().config().layers();
                var model = new VaeConfig.Ada(or(context, usual.length()), or(latent, usual.latent()),
                        or(encoderLayers, Math.min(all, usual.encoderLayers())), or(bottleneck, usual.bottleneck()),
                        base.start(), usual.temperature(), or(injection, usual.injection()));
                yield with(VaeTrainingConfig.adaVae(model, seed),
                        new KlWeight.Cyclic(or(kl, 1.), or(cycles, 4), .25, .25),
                        new Divergence.FreeBits(or(freeNats, .5)));
            }
            case POOLED -> {
                var usual = VaeConfig.Pooled.usual();
                var model = new VaeConfig.Pooled(or(context, usual.length()), or(softTokens, usual.prefix()),
                        or(hidden, usual.hidden()), or(rank, usual.rank()), or(alpha, usual.alpha()),
                        or(noise, usual.noise()));
                var recipe = VaeTrainingConfig.pooled(model, seed);
                yield with(recipe, recipe.objective().weight(), recipe.objective().divergence());
            }
            case SCRATCH -> {
                int wide = or(width, 128);
                var model = new VaeConfig.Scratch(vocabulary, or(context, 32), or(vectors, 4), or(latent, 16), wide,
                        or(layers, 3), wide % 32 == 0 ? wide / 32 : 1, or(wordDropout, .5));
                yield with(VaeTrainingConfig.scratch(model, seed), new KlWeight.Sine(or(kl, .01), rise),
                        new Divergence.PerToken());
            }
        };
    }

    private VaeTrainingConfig with(VaeTrainingConfig usual, KlWeight weight, Divergence divergence) {
        var objective = new VaeObjective(or(prefix, usual.objective().prefixShare()), usual.objective().withheld(),
                weight, divergence);
        return usual.with(objective, or(batch, usual.batch()), or(rate, usual.learningRate()));
    }
}
