package org.sfumato.models.transformer;

import org.sfumato.nn.Activation;
import org.sfumato.nn.RmsNorm;

/// What a [Transformer] is made of. Presets: [#nanodllm], [#modern], [#classic].
///
/// @param vocabulary V, special tokens included
/// @param length the longest sequence T
/// @param width C
/// @param layers number of blocks
/// @param heads query heads H, a divisor of the width
/// @param keyHeads key and value heads G, a divisor of the heads
/// @param mlpWidth F, the width inside the MLP (of each half if gated)
/// @param norm the kind of normalisation
/// @param eps what is added under its root
/// @param positions how a token knows where it stands
/// @param queryKeyNorm true if queries and keys are normalised head by head
/// @param activation the function inside the MLP
/// @param biases which linear layers have a bias
/// @param finalNorm true if the output head reads a normalised stream
/// @param tied true if the output head is the token table
/// @param start how parameters start
/// @param dropout probability of dropping in training, after the embedding and at the end of each half block
public record TransformerConfig(int vocabulary, int length, int width, int layers, int heads, int keyHeads,
        int mlpWidth,
        Normalization norm, double eps, Positions positions, boolean queryKeyNorm, Activation activation, Biases biases,
        boolean finalNorm, boolean tied, Start start, double dropout) {
    /// The kind of normalisation.
    public enum Normalization { LAYER_NORM, RMS_NORM }

    /// How a token knows where it stands: a learned vector per place, or rotary angles with base 10,000 in every
    /// attention.
    public enum Positions { LEARNED, ROTARY }

    /// How parameters start: PyTorch's defaults; normal with standard deviation 0.02 and biases 0, as GPT-2; the
    /// latter with the last matrix of each half block and the head at 0, so that each block is at first the identity;
    /// or all matrices at 0, for a network whose parameters are read from a file.
    public enum Start { TORCH, NORMAL, ZERO_OUTPUTS, ZERO }

    /// Which linear layers have a bias.
    public record Biases(boolean qkv, boolean output, boolean mlp, boolean head) {
        /// None.
        public static final Biases NONE = new Biases(false, false, false, false);
        /// All but the head.
        public static final Biases ALL = new Biases(true, true, true, false);
    }

    /// Checks what can be checked.
    public TransformerConfig {
        require(vocabulary >= 2, "vocabulary", vocabulary);
        require(length >= 1, "length", length);
        require(layers >= 0, "layers", layers);
        require(heads >= 1 && width >= 1 && width % heads == 0, "heads must divide the width, heads", heads);
        require(keyHeads >= 1 && heads % keyHeads == 0, "keyHeads must divide the heads, keyHeads", keyHeads);
        require(mlpWidth >= 1, "mlpWidth", mlpWidth);
        require(positions != Positions.ROTARY || width / heads % 2 == 0,
                "rotary positions need heads of even size, width", width);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("transformer: dropout " + dropout + " is outside [0, 1)");
        }
    }

    private static void require(boolean holds, String what, int value) {
        if (!holds) {
            throw new IllegalArgumentException("transformer: bad value, " + what + " = " + value);
        }
    }

    /// nanodLLM's network: learned positions, RMSNorm, SiLU, no final norm, an untied head with bias. 3,313,730
    /// parameters at V = 66.
    public static TransformerConfig nanodllm(int vocabulary) {
        return new TransformerConfig(vocabulary, 512, 256, 4, 8, 8, 1024, Normalization.RMS_NORM,
                RmsNorm.MACHINE_EPSILON,
                Positions.LEARNED, false, Activation.SILU, new Biases(false, true, false, true), false, false,
                        Start.TORCH, 0);
    }

    /// Pre-norm RMSNorm, rotary positions, normalised queries and keys, SwiGLU of 8/3 of the width, final norm, outputs
    /// that start at 0.
    public static TransformerConfig modern(int vocabulary, int length, int width, int layers, int heads) {
        int mlp = Math.max(8, Math.round(width * 8 / 3f / 8) * 8);
        return new TransformerConfig(vocabulary, length, width, layers, heads, heads, mlp, Normalization.RMS_NORM, 1e-6,
                Positions.ROTARY,
                true, Activation.SWIGLU, Biases.NONE, true, false, Start.ZERO_OUTPUTS, 0);
    }

    /// Pre-norm LayerNorm, learned positions, exact GELU of 4 times the width, biases, the head tied to the token
    /// table: GPT-2's block.
    public static TransformerConfig classic(int vocabulary, int length, int width, int layers, int heads) {
        return new TransformerConfig(vocabulary, length, width, layers, heads, heads, 4 * width,
                Normalization.LAYER_NORM, 1e-5,
                Positions.LEARNED, false, Activation.GELU, Biases.ALL, true, true, Start.NORMAL, 0);
    }

    /// This configuration with parameters that start otherwise.
    public TransformerConfig withStart(Start other) {
        return new TransformerConfig(vocabulary, length, width, layers, heads, keyHeads, mlpWidth, norm, eps, positions,
                queryKeyNorm, activation, biases, finalNorm, tied, other, dropout);
    }
}
