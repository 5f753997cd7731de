package org.sfumato.models.transformer;

import org.sfumato.nn.Activation;
import org.sfumato.nn.RmsNorm;
import org.sfumato.nn.RotaryScaling;

/// What a [Transformer] is made of. Presets: [#nanodllm], [#modern], [#classic].
///
/// @param vocabulary V, special tokens included
/// @param length the longest sequence T
/// @param width C
/// @param layers number of blocks
/// @param heads of attention
/// @param pattern which positions see which
/// @param mlpWidth F, the width inside the MLP (of each half if gated)
/// @param activation the function inside the MLP
/// @param norms normalisations
/// @param positions how a token knows where it stands
/// @param biases which linear layers have a bias
/// @param output how logits are made
/// @param start how parameters start
/// @param dropout probability of dropping in training, after the embedding and at the end of each half block
/// @param conditioning the width of what pre-norm blocks are told of the share of signal (adaLN); 0: nothing
public record TransformerConfig(int vocabulary, int length, int width, int layers, Heads heads, Pattern pattern,
        int mlpWidth, Activation activation, Norms norms, Positions positions, Biases biases, Output output,
        Start start, double dropout, int conditioning) {
    /// Heads of attention.
    ///
    /// @param query query heads H
    /// @param key key and value heads G, a divisor of H
    /// @param size D of each; H D need not be the width
    /// @param normalized true if queries and keys are normalised head by head
    public record Heads(int query, int key, int size, boolean normalized) {
        /// As many key heads as query heads, which together are as wide as the stream.
        ///
        /// @throws IllegalArgumentException if `heads` does not divide `width`
        public static Heads of(int width, int heads, boolean normalized) {
            require(heads >= 1 && width >= 1 && width % heads == 0, "heads must divide the width, heads", heads);
            return new Heads(heads, heads, width / heads, normalized);
        }
    }

    /// Which positions see which.
    ///
    /// @param causal true if none sees a later one
    /// @param window 0, or the width of what a local layer sees: `window / 2` positions to each side, or the last
    ///     `window` ones, itself among them, if causal
    /// @param globalEvery of so many layers the first one sees all in spite of the window; 0: none does
    /// @param block 0, or the size of the blocks in which a position sees its own and the earlier ones whole
    public record Pattern(boolean causal, int window, int globalEvery, int block) {
        /// Every position sees every other.
        public static final Pattern ALL = new Pattern(false, 0, 0, 0);
        /// Every position sees itself and the earlier ones.
        public static final Pattern CAUSAL = new Pattern(true, 0, 0, 0);

        /// Every position sees the blocks of `size` positions up to its own.
        ///
        /// @throws IllegalArgumentException if the size is not positive
        public static Pattern blocks(int size) {
            require(size >= 1, "block", size);
            return new Pattern(false, 0, 0, size);
        }

        /// True if no position sees a later one that is read after it: one by one, or block by block.
        public boolean isCacheable() {
            return causal || block > 0;
        }

        /// Whether layer `layer` sees the window only.
        public boolean isLocal(int layer) {
            return window > 0 && (globalEvery == 0 || layer % globalEvery != 0);
        }
    }

    /// Normalisations.
    ///
    /// @param kind of all of them
    /// @param eps what is added under the root
    /// @param placement where they stand in a block
    /// @param bias true if LayerNorm has a bias
    /// @param embedding true if the sum of the embeddings is normalised
    /// @param first false if the first attention reads the stream as it is
    /// @param last true if the output head reads a normalised stream
    public record Norms(Normalization kind, double eps, Placement placement, boolean bias, boolean embedding,
            boolean first, boolean last) {
        /// Before each half block, and at the end if `last`.
        public static Norms pre(Normalization kind, double eps, boolean last) {
            return new Norms(kind, eps, Placement.PRE, true, false, true, last);
        }
    }

    /// The kind of normalisation.
    public enum Normalization { LAYER_NORM, RMS_NORM }

    /// Where a block normalises: what its halves read (Xiong et al. 2020), or the stream after each (Vaswani et al.
    /// 2017).
    public enum Placement { PRE, POST }

    /// How a token knows where it stands.
    ///
    /// @param kind a learned vector for each place, or rotary angles in every attention
    /// @param base of the angles
    /// @param localBase of the angles in local layers
    /// @param types the number of segment types with a learned vector each; 0: none
    /// @param scaling of the angles in global layers
    public record Positions(Encoding kind, double base, double localBase, int types, RotaryScaling scaling) {
        /// A learned vector for each place.
        public static final Positions LEARNED = new Positions(Encoding.LEARNED, 0, 0, 0, RotaryScaling.NONE);

        /// Rotary angles.
        public static Positions rotary(double base) {
            return new Positions(Encoding.ROTARY, base, base, 0, RotaryScaling.NONE);
        }
    }

    /// The kind of positions.
    public enum Encoding { LEARNED, ROTARY }

    /// How logits are made of the stream.
    ///
    /// @param tied true if the head's matrix is the token table
    /// @param transform true if a linear layer, the activation and a normalisation come before the head, as in masked
    ///     language models of BERT's kind
    public record Output(boolean tied, boolean transform) { }

    /// How parameters start: PyTorch's defaults; normal with standard deviation 0.02 and biases 0, as GPT-2; the
    /// latter with the last matrix of each half block and the head at 0, so that each block is at first the identity;
    /// or all matrices at 0, for a network whose parameters are read from a file.
    public enum Start { TORCH, NORMAL, ZERO_OUTPUTS, ZERO }

    /// Which linear layers have a bias.
    public record Biases(boolean qkv, boolean output, boolean mlp, boolean transform, boolean head) {
        /// None.
        public static final Biases NONE = new Biases(false, false, false, false, false);
        /// All but those at the end.
        public static final Biases BLOCKS = new Biases(true, true, true, false, false);
    }

    /// Checks what can be checked.
    public TransformerConfig {
        require(vocabulary >= 2, "vocabulary", vocabulary);
        require(length >= 1, "length", length);
        require(width >= 1, "width", width);
        require(layers >= 0, "layers", layers);
        require(heads.query >= 1, "heads", heads.query);
        require(heads.key >= 1 && heads.query % heads.key == 0, "key heads must divide the heads, key heads",
                heads.key);
        require(heads.size >= 1, "size of a head", heads.size);
        require(mlpWidth >= 1, "mlpWidth", mlpWidth);
        require(pattern.window >= 0 && pattern.globalEvery >= 0, "window", pattern.window);
        require(pattern.block == 0 || pattern.block > 0 && !pattern.causal && pattern.window == 0,
                "blocks go with no window and are not causal inside, block", pattern.block);
        require(positions.types >= 0, "types", positions.types);
        require(positions.kind != Encoding.ROTARY || heads.size % 2 == 0,
                "rotary positions need heads of even size, size", heads.size);
        if (positions.kind == Encoding.ROTARY && !(positions.base > 0 && positions.localBase > 0)) {
            throw new IllegalArgumentException("transformer: rotary positions need positive bases, got "
                    + positions.base + " and " + positions.localBase);
        }
        require(conditioning >= 0 && (conditioning == 0 || norms.placement == Placement.PRE),
                "conditioning needs norms before each half block, width", conditioning);
        if (!(norms.eps > 0)) {
            throw new IllegalArgumentException("transformer: eps " + norms.eps + " is not positive");
        }
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
        return new TransformerConfig(vocabulary, 512, 256, 4, Heads.of(256, 8, false), Pattern.ALL, 1024,
                Activation.SILU, Norms.pre(Normalization.RMS_NORM, RmsNorm.MACHINE_EPSILON, false), Positions.LEARNED,
                new Biases(false, true, false, false, true), new Output(false, false), Start.TORCH, 0, 0);
    }

    /// Pre-norm RMSNorm, rotary positions, normalised queries and keys, SwiGLU of 8/3 of the width, final norm, outputs
    /// that start at 0.
    public static TransformerConfig modern(int vocabulary, int length, int width, int layers, int heads) {
        int mlp = Math.max(8, Math.round(width * 8 / 3f / 8) * 8);
        return new TransformerConfig(vocabulary, length, width, layers, Heads.of(width, heads, true), Pattern.ALL, mlp,
                Activation.SWIGLU, Norms.pre(Normalization.RMS_NORM, 1e-6, true), Positions.rotary(10_000),
                Biases.NONE, new Output(false, false), Start.ZERO_OUTPUTS, 0, 0);
    }

    /// Pre-norm LayerNorm, learned positions, exact GELU of 4 times the width, biases, the head tied to the token
    /// table: GPT-2's block.
    public static TransformerConfig classic(int vocabulary, int length, int width, int layers, int heads) {
        return new TransformerConfig(vocabulary, length, width, layers, Heads.of(width, heads, false), Pattern.ALL,
                4 * width, Activation.GELU, Norms.pre(Normalization.LAYER_NORM, 1e-5, true), Positions.LEARNED,
                Biases.BLOCKS, new Output(true, false), Start.NORMAL, 0, 0);
    }

    /// This configuration with parameters that start otherwise.
    public TransformerConfig withStart(Start other) {
        return new TransformerConfig(vocabulary, length, width, layers, heads, pattern, mlpWidth, activation, norms,
                positions, biases, output, other, dropout, conditioning);
    }

    /// This configuration with another pattern of attention.
    public TransformerConfig withPattern(Pattern other) {
        return new TransformerConfig(vocabulary, length, width, layers, heads, other, mlpWidth, activation, norms,
                positions, biases, output, start, dropout, conditioning);
    }

    /// This configuration with another output.
    public TransformerConfig withOutput(Output other) {
        return new TransformerConfig(vocabulary, length, width, layers, heads, pattern, mlpWidth, activation, norms,
                positions, biases, other, start, dropout, conditioning);
    }

    /// This configuration with another number of blocks.
    public TransformerConfig withLayers(int count) {
        return new TransformerConfig(vocabulary, length, width, count, heads, pattern, mlpWidth, activation, norms,
                positions, biases, output, start, dropout, conditioning);
    }

    /// This configuration told of the share of signal through `width` numbers.
    public TransformerConfig withConditioning(int width) {
        return new TransformerConfig(vocabulary, length, this.width, layers, heads, pattern, mlpWidth, activation,
                norms, positions, biases, output, start, dropout, width);
    }
}
