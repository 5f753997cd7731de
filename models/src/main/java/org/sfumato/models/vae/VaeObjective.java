package org.sfumato.models.vae;

import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.Spans;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// What a [TextVae] minimises: `sum -log p(x | z, prefix) / tokens + beta(step) divergence(q(z|x))` with `z ~ q`.
///
/// @param prefixShare the share of rows that keep the text before; in the others the decoder has the latent alone. 0:
///     there is none
/// @param withheld so many last tokens of the span are not shown to the encoder
/// @param weight beta
/// @param divergence of the latents
public record VaeObjective(double prefixShare, int withheld, KlWeight weight, Divergence divergence) {
    private static final int KEEP = 0;
    private static final int LATENT = 1;

    /// Checks the numbers.
    public VaeObjective {
        if (!(prefixShare >= 0 && prefixShare <= 1) || withheld < 0) {
            throw new IllegalArgumentException("vae: the share of prefixes " + prefixShare
                    + " must lie in [0, 1], withheld " + withheld + " be at least 0");
        }
    }

    /// LDLM's: half of the prefixes, the last token withheld, a weight that rises to `height` over `steps`.
    public static VaeObjective ldlm(double height, long steps) {
        return new VaeObjective(.5, 1, new KlWeight.Sine(height, steps), new Divergence.PerToken());
    }

    /// AdaVAE's: no prefix, four cycles, half a nat free for each coordinate.
    public static VaeObjective adaVae() {
        return new VaeObjective(0, 0, new KlWeight.Cyclic(1, 4, .25, .25), new Divergence.FreeBits(.5));
    }

    /// The loss of a batch in nats per token. Shape: ().
    ///
    /// @param prefix what stands before each span; rows without tokens of it if the share is 0
    /// @param step of the training, counted from 0
    /// @param total steps of the training
    /// @param rng for prefixes and latents; dropout draws from `pass`
    public Tensor loss(TextVae vae, Spans prefix, Spans span, long step, long total, Rng rng, Pass pass) {
        var kept = prefixShare == 0 ? prefix : prefix.keep(Tensor.bernoulli(
                prefix.ids().shape().with(1, 1), prefixShare, rng.fold(KEEP), prefix.ids().device()));
        var q = vae.encode(span.slice(0, span.length() - withheld), pass.part(0));
        return loss(vae, q, q.sample(1, rng.fold(LATENT)), kept, span, weight.at(step, total), pass.part(1));
    }

    /// The same for a posterior, a latent drawn from it and the weight.
    Tensor loss(TextVae vae, Posterior q, Tensor z, Spans prefix, Spans span, double beta,
            Pass pass) {
        var tokens = span.count();
        var rec = vae.crossEntropy(z, prefix, span, pass).sum().div(tokens);
        return rec.add(divergence.of(q, tokens).mul(beta));
    }
}
