package org.sfumato.models.gist;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.latent.TextAutoencoder;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// A language model that writes gists of a text, and one that writes the text behind them: the decoder reads
/// `[latents, tokens]`, and what it predicts from the last latent on are the tokens. Source: toilaluan/latent-llm.
///
/// The latents are the streams themselves: nothing is drawn, so the posterior is a point of infinite divergence.
///
/// @param encoder of texts
/// @param decoder a causal network of the encoder's width
public record GistAutoencoder(GistEncoder encoder, Transformer decoder) implements TextAutoencoder, Layer {
    /// Checks that they fit.
    ///
    /// @throws IllegalArgumentException if the widths differ, or latents and a text are more than the decoder reads
    public GistAutoencoder {
        long vectors = encoder.gistTokens().size(0) + encoder.aeTokens().size(0);
        if (decoder.config().width() != encoder.network().config().width()
                || vectors + encoder.block() > decoder.config().length()) {
            throw new IllegalArgumentException("gist autoencoder: the decoder of width " + decoder.config().width()
                    + " reads " + decoder.config().length() + " vectors, of the encoder come " + vectors + " of width "
                    + encoder.network().config().width() + " and then texts of " + encoder.block());
        }
    }

    @Override
    public int vectors() {
        return Math.toIntExact(encoder.gistTokens().size(0) + encoder.aeTokens().size(0));
    }

    @Override
    public int width() {
        return decoder.config().width();
    }

    @Override
    public int length() {
        return encoder.block();
    }

    /// The latents of texts. Shapes: (B, T) -> (B, N, C).
    public Tensor latents(Spans spans, Pass pass) {
        return encoder.forward(spans, pass);
    }

    @Override
    public Posterior encode(Spans spans, Pass pass) {
        var mean = latents(spans, pass);
        return new Posterior(mean, Tensor.full(mean.shape(), Double.NEGATIVE_INFINITY, mean.dtype(), mean.device()));
    }

    /// The stream from which each token of `target` is predicted. Shapes: z (B, N, C), target (B, T) -> (B, T, C).
    private Tensor stream(Tensor z, Spans target, Pass pass) {
        long n = z.size(1);
        long t = target.length();
        var text = decoder.token().forward(target.ids().slice(1, 0, t - 1));
        var present = Tensor.concat(1, Tensor.full(Shape.of(z.size(0), n), 1, DType.BOOL, z.device()),
                target.present().slice(1, 0, t - 1));
        return decoder.hidden(Input.ofEmbeddings(Tensor.concat(1, z, text), null, present), pass)
                .slice(1, n - 1, n - 1 + t);
    }

    /// @throws IllegalArgumentException if a prefix has a token: texts begin with their latents
    @Override
    public Tensor crossEntropy(Tensor z, Spans prefix, Spans target, Pass pass) {
        if (prefix.length() > 0 && prefix.present().any().item() != 0) {
            throw new IllegalArgumentException("gist autoencoder: its texts begin with their latents, there is no "
                    + "prefix");
        }
        return decoder.crossEntropy(stream(z, target, pass), target.targets(), -1, pass);
    }

    /// The mean cross-entropy in nats of the tokens of texts, by their own latents.
    public Tensor loss(Spans spans, Pass pass) {
        return crossEntropy(latents(spans, pass.part(0)), Spans.none(spans.rows(), 0), spans, pass.part(1))
                .sum().div(spans.count());
    }

    /// The share of the tokens that are the likeliest ones for their latents and the true tokens before them.
    public double accuracy(Spans spans) {
        var best = decoder.logits(stream(latents(spans, Pass.INFERENCE), spans, Pass.INFERENCE), Pass.INFERENCE)
                .argmax(-1);
        return best.eq(spans.ids()).and(spans.present()).cast(DType.F32).sum().item() / spans.tokens();
    }

    @Override
    public CausalNetwork writer(Tensor z) {
        return new GistWriter(decoder, z);
    }

    /// The parameters that train: all but the encoder's head, which makes nothing here, or without those of a network
    /// that has an adapter, or of the decoder.
    ///
    /// @param decoderToo false to keep the decoder as it was, as the original does
    public Map<String, Tensor> trained(boolean decoderToo) {
        var trained = new LinkedHashMap<String, Tensor>();
        parameters().forEach((name, p) -> {
            boolean frozen = encoder.lora() != null && name.startsWith("encoder.network.")
                    || !decoderToo && name.startsWith("decoder.")
                    || name.startsWith("encoder.network.head.") || name.startsWith("encoder.network.transform");
            if (!frozen) {
                trained.put(name, p);
            }
        });
        return trained;
    }

    @Override
    public String toString() {
        return summary();
    }
}
