package org.sfumato.models.vae;

import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.SoftPrompt;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.nn.Init;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Pass;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Place;
import org.sfumato.nn.lora.Targets;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// LDLM's variational autoencoder: one frozen decoder, whatever its matrices are stored as, and two low-rank adapters
/// of it, one of which reads and one writes.
///
/// The encoder looks both ways: `h` the stream behind the last norm, `mean = w_e(sum_t a_t h_t)` with `a =
/// softmax(f(h))`, and `q(z|x) = N(mean, 1)`. The decoder reads `w_d(z)` as one soft token, a prefix, and the text:
/// `[w_d z, prefix, x]`. One latent vector, N = 1. Source: github.com/crowsonkb/LDLM, train_vae.
///
/// @param base causal and frozen
/// @param encoder its adapter for reading
/// @param decoder its adapter for writing
/// @param f scores of positions
/// @param wE C to D; its first values are orthogonal
/// @param wD D to C; its first values are the transpose of `wE`
public record LoraVae(VaeConfig.Lora config, Transformer base, Lora encoder, Lora decoder, Linear f, Linear wE,
        Linear wD) implements TextVae {
    /// Which of the original's layers are adapted: all but the head.
    private static final Targets TARGETS = Targets.ALL_LINEAR;

    /// Checks the base.
    ///
    /// @throws IllegalArgumentException if it is not causal, or too short for a latent, a prefix and a span
    public LoraVae {
        if (!base.config().pattern().causal() || base.config().length() < 2 * config.length()) {
            throw new IllegalArgumentException("vae: the language model must write from left to right, a latent and "
                    + "two spans of " + config.length() + " tokens at once; it has " + base.config().length()
                    + " places" + (base.config().pattern().causal() ? "" : " and sees both ways")
                    + "\nhint: a smaller --context");
        }
    }

    /// Fresh adapters and maps in the current scope: an encoder that reads with the base as it is.
    ///
    /// @param places of the base that can be adapted, see [org.sfumato.models.pretrained.Peft#places]
    public static LoraVae init(VaeConfig.Lora config, Transformer base, List<Place> places, Rng rng) {
        var parts = rng.split(5);
        var lora = LoraConfig.of(config.rank(), config.alpha(), TARGETS).withDropout(config.dropout());
        int width = base.config().width();
        var up = Init.orthogonal(parts[3], config.latent(), width);
        var wE = new Linear(up, Init.uniform(1 / Math.sqrt(width), parts[3].fold(0), config.latent()));
        var wD = new Linear(Scope.result(() -> up.t().contiguous().copy()),
                Init.uniform(1 / Math.sqrt(config.latent()), parts[4], width));
        return new LoraVae(config, base, Lora.init(lora, places, parts[0]), Lora.init(lora, places, parts[1]),
                Linear.init(width, 1, true, parts[2]), wE, wD);
    }

    @Override
    public int vectors() {
        return 1;
    }

    @Override
    public int width() {
        return config.latent();
    }

    @Override
    public Posterior encode(Spans spans, Pass pass) {
        spans.requireAtMost(length());
        var h = encoder.on(base).seeing(Pattern.ALL)
                .hidden(new Input(spans.ids(), null, null, spans.present()), pass.part(0));              // (B, T, C)
        return Posterior.unit(wE.forward(pooling().forward(h, spans.present(), 1)).unsqueeze(1));       // (B, 1, D)
    }

    private Pooling pooling() {
        return new Pooling(f, false);
    }

    /// How much each position of spans counts in their latent. Shapes: (B, T) -> (B, T).
    public Tensor weights(Spans spans) {
        var h = encoder.on(base).seeing(Pattern.ALL)
                .hidden(new Input(spans.ids(), null, null, spans.present()), Pass.INFERENCE);
        return pooling().weights(h, spans.present(), 1);
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
        return new SoftPrompt(decoder.on(base), wD.forward(z), length());
    }

    @Override
    public String toString() {
        return summary();
    }
}
