package org.sfumato.models.latent;

import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Tensor;

/// Texts to latents and back: N vectors of D numbers stand for a span of tokens.
///
/// {@snippet :
/// var z = autoencoder.encode(spans, Pass.INFERENCE).mean();                        // (B, N, D)
/// var texts = new Decoder(autoencoder.writer(z)).generate(prompts, Decoding.greedy(autoencoder.length()),
///         Uniforms.of(rng), Observer.NONE);
/// }
public interface TextAutoencoder {
    /// N, vectors of a span.
    int vectors();

    /// D, numbers of a vector.
    int width();

    /// The most tokens of a span, and of the text before it that the decoder is shown.
    int length();

    /// What stands for the spans. Shapes: (B, T) -> (B, N, D).
    ///
    /// @throws org.sfumato.tensor.ShapeException if they are longer than [#length]
    Posterior encode(Spans spans, Pass pass);

    /// `-log p(target | z, prefix)` of every token in nats, 0 at padding. Shapes: z (B, N, D), prefix (B, P), target
    /// (B, T) -> (B, T).
    ///
    /// @param prefix what stands before, padded in front, see [Spans#endingIn]; rows of padding only, see [Spans#none],
    ///     if nothing does
    Tensor crossEntropy(Tensor z, Spans prefix, Spans target, Pass pass);

    /// What writes texts for the latents z (B, N, D), a row for each, by sampling, greedily or by a beam: see
    /// [org.sfumato.models.autoregressive.Decoder]. Prompts are what stands before, empty if nothing does.
    CausalNetwork writer(Tensor z);
}
