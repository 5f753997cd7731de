package org.sfumato.models.vae;

import org.sfumato.models.Denoiser;
import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.SoftPrompt;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Init;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Linears;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// A variational autoencoder of text that stands on no language model: a transformer that sees both ways reads the span
/// and N queries behind it, of whose streams mean and log-variance are made; a causal one writes behind N soft tokens
/// made of the latents.
///
/// In training some of the decoder's input tokens are hidden, so that it cannot do without the latents. Source of that:
/// Bowman et al. 2016, arXiv 1511.06349.
///
/// @param queries (N, C)
/// @param mean C to D
/// @param logVariance C to D
/// @param up D to C
public record ScratchVae(VaeConfig.Scratch config, Transformer encoder, Tensor queries, Linear mean, Linear logVariance,
        Linear up, Transformer decoder) implements TextVae {
    private static final int WORDS = 2;                                 // the part of a pass that hides words

    /// First values, in the current scope. The variance starts at exp(-2): latents must be worth reading at once, or
    /// the decoder learns to do without them.
    public static ScratchVae init(VaeConfig.Scratch config, Rng rng) {
        var parts = rng.split(6);
        int width = config.width();
        return new ScratchVae(config, Transformer.init(config.encoder(), parts[0]),
                Init.normal(.02, parts[1], config.vectors(), width),
                Linear.init(width, config.latent(), true, parts[2]),
                new Linear(Init.zeros(config.latent(), width), Scope.result(() -> Init.ones(config.latent()).mul(-2))),
                Linear.init(config.latent(), width, true, parts[4]),
                Transformer.init(config.decoder(), parts[5]));
    }

    @Override
    public int vectors() {
        return config.vectors();
    }

    @Override
    public int width() {
        return config.latent();
    }

    @Override
    public Posterior encode(Spans spans, Pass pass) {
        spans.requireAtMost(length());
        int rows = spans.rows();
        int n = config.vectors();
        var text = encoder.token().forward(spans.ids());
        var all = Tensor.concat(1, text, queries.unsqueeze(0).expand(Shape.of(rows, n, config.width())));
        var mask = Tensor.concat(1, spans.present(),
                Tensor.full(Shape.of(rows, n), 1, DType.BOOL, queries.device()));                    // (B, T + N)
        var h = encoder.hidden(Input.ofEmbeddings(all, null, mask), pass.part(0))
                .slice(1, spans.length(), spans.length() + n);                                           // (B, N, C)
        return new Posterior(mean.forward(h), logVariance.forward(h));
    }

    @Override
    public Tensor crossEntropy(Tensor z, Spans prefix, Spans target, Pass pass) {
        target.requireAtMost(length());
        var read = hidden(target.slice(0, target.length() - 1), pass.part(WORDS));
        return prompt(decoder, z).crossEntropy(prefix, read, target.targets(), config.hidden(), pass.part(1));
    }

    /// The same with some tokens hidden, in training.
    private Spans hidden(Spans spans, Pass pass) {
        if (config.wordDropout() == 0 || pass.rng().isEmpty()) {
            return spans;
        }
        var hidden = Tensor.bernoulli(spans.ids().shape(), config.wordDropout(), pass.rng().get(), queries.device());
        return new Spans(spans.ids().maskedFill(hidden.and(spans.present()), config.hidden()), spans.present());
    }

    /// A head that never gives the id of what is hidden.
    @Override
    public CausalNetwork writer(Tensor z) {
        var never = Denoiser.without(config.hidden(), config.vocabulary() + 1L, DType.F32, queries.device());
        var writer = Linears.replace(decoder, (path, map) -> path.equals("head")
                && map instanceof Linear(var weight, var bias)
                ? new Linear(weight, bias == null ? never : bias.add(never)) : map);
        return prompt(writer, z);
    }

    private SoftPrompt prompt(Transformer network, Tensor z) {
        return new SoftPrompt(network, up.forward(z), length());
    }

    @Override
    public String toString() {
        return summary();
    }
}
