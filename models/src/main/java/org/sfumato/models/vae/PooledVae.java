package org.sfumato.models.vae;

import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.SoftPrompt;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.reverse.MeanPooling;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Place;
import org.sfumato.nn.lora.Targets;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A decoder that learns to write what a pooled vector stands for. The encoder learns nothing: `z = mean_t h_t + s e`,
/// `h` the stream of a frozen language model, as [MeanPooling] has it, and noise of deviation s, because the vectors
/// that a denoiser makes are not exact. `W_2 tanh(W_1 z + b_1) + b_2` stands before the text as M soft tokens of the
/// same language model, which is frozen or has an adapter. One latent vector, N = 1.
///
/// Sources: torinriley/LDLM, whose decoder is shown z itself and never trained; Mokady et al. 2021, arXiv 2111.09734
/// (a mapping to a prefix).
///
/// @param base causal and frozen
/// @param decoder its adapter for writing, or `null`
/// @param hidden W_1, C to H
/// @param soft W_2, H to M C
public record PooledVae(VaeConfig.Pooled config, Transformer base, Lora decoder, Linear hidden, Linear soft)
        implements TextVae {
    /// Checks the base.
    ///
    /// @throws IllegalArgumentException if it is not causal, or too short for soft tokens, a prefix and a span
    public PooledVae {
        if (!base.config().pattern().causal() || base.config().length() < config.prefix() + 2 * config.length() - 1) {
            throw new IllegalArgumentException("vae: the language model must write from left to right, "
                    + config.prefix() + " soft tokens and two spans of " + config.length() + " tokens at once; it has "
                    + base.config().length() + " places"
                    + (base.config().pattern().causal() ? "" : " and sees both ways")
                    + "\nhint: a smaller --context");
        }
    }

    /// Fresh maps in the current scope.
    ///
    /// @param places of the base that can be adapted
    public static PooledVae init(VaeConfig.Pooled config, Transformer base, List<Place> places, Rng rng) {
        var parts = rng.split(3);
        int width = base.config().width();
        return new PooledVae(config, base, config.rank() == 0 ? null : Lora.init(LoraConfig.of(config.rank(),
                config.alpha(), Targets.ALL_LINEAR), places, parts[0]),
                Linear.init(width, config.hidden(), true, parts[1]),
                Linear.init(config.hidden(), (long) config.prefix() * width, true, parts[2]));
    }

    @Override
    public int vectors() {
        return 1;
    }

    @Override
    public int width() {
        return base.config().width();
    }

    @Override
    public Posterior encode(Spans spans, Pass pass) {
        spans.requireAtMost(length());
        var mean = MeanPooling.ofTokens(base, spans);                                                      // (B, 1, C)
        return new Posterior(mean, Tensor.full(mean.shape(), 2 * Math.log(config.noise()), mean.dtype(),
                mean.device()));
    }

    @Override
    public Tensor crossEntropy(Tensor z, Spans prefix, Spans target, Pass pass) {
        target.requireAtMost(length());
        return prompt(z).crossEntropy(prefix, target.slice(0, target.length() - 1), target.targets(), Denoiser.NONE,
                pass.part(1));
    }

    @Override
    public CausalNetwork writer(Tensor z) {
        return prompt(z);
    }

    private SoftPrompt prompt(Tensor z) {
        var tokens = soft.forward(hidden.forward(z.squeeze(1)).tanh());                                    // (B, M C)
        return new SoftPrompt(decoder == null ? base : decoder.on(base),
                tokens.reshape(z.size(0), config.prefix(), width()), length());
    }

    @Override
    public String toString() {
        return summary();
    }
}
