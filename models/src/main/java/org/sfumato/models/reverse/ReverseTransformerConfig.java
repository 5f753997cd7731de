package org.sfumato.models.reverse;

import org.sfumato.models.gaussian.Steerable;
import org.sfumato.tensor.Rng;

/// The settings of a [ReverseTransformer].
///
/// @param width D of the latents and of the network; even, a multiple of the heads
/// @param heads of attention
/// @param encoderLayers how many
/// @param decoderLayers how many
/// @param hidden width inside the layers
/// @param dropout in training
/// @param length vectors for each text; above 1 each place has a learned vector of its own
/// @param time how the network is told the number of the step
public record ReverseTransformerConfig(int width, int heads, int encoderLayers, int decoderLayers, int hidden,
        double dropout, int length, TimeWaves time) implements Steerable.Config {
    /// Checks what can be checked.
    public ReverseTransformerConfig {
        if (width < 2 || width % 2 != 0 || heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("reverse transformer: width " + width
                    + " must be even and a multiple of " + heads + " heads");
        }
        if (encoderLayers < 1 || decoderLayers < 1 || hidden < 1 || length < 1 || !(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("reverse transformer: layers " + encoderLayers + " and " + decoderLayers
                    + ", hidden " + hidden + " and length " + length + " must be at least 1, dropout " + dropout
                    + " in [0, 1)");
        }
    }

    /// The published size, 70,506,752 parameters: PyTorch's `nn.Transformer` with four encoder layers, all else by
    /// default.
    public static ReverseTransformerConfig published() {
        return new ReverseTransformerConfig(768, 8, 4, 6, 2048, .1, 1, TimeWaves.GEOMETRIC);
    }

    /// A network for vectors of width `width`, `length` of them for each text, small enough to train on a CPU.
    public static ReverseTransformerConfig small(int width, int length) {
        int heads = width % 8 == 0 ? 8 : width % 4 == 0 ? 4 : width % 2 == 0 ? 2 : 1;
        return new ReverseTransformerConfig(width, heads, 2, 2, 4 * width, 0, length, TimeWaves.GEOMETRIC);
    }

    /// The same, told the time in another way.
    public ReverseTransformerConfig withTime(TimeWaves other) {
        return new ReverseTransformerConfig(width, heads, encoderLayers, decoderLayers, hidden, dropout, length, other);
    }

    @Override
    public int blocks() {
        return encoderLayers + decoderLayers;
    }

    @Override
    public int streamWidth() {
        return width;
    }

    @Override
    public ReverseTransformer init(Rng rng) {
        return ReverseTransformer.init(this, rng);
    }
}
