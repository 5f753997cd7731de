package org.sfumato.models.vae;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.transformer.Block;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Attention.Given;
import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linear;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// How a latent gets into the decoder of an [AdaVae]. Shapes: z (B, 1, D).
public sealed interface Injection extends Layer {
    /// Which of them.
    enum Kind {
        /// [PseudoSelfAttention].
        ATTENTION,
        /// [AddedInput].
        INPUT,
        /// [Memory].
        MEMORY,
        /// [AddedLogits].
        LOGITS,
        /// [Adapters].
        ADAPTERS
    }

    /// First values for `decoder`, in the current scope.
    static Injection init(Kind kind, int latent, int bottleneck, TransformerConfig decoder, Rng rng) {
        var parts = rng.split(2);
        int width = decoder.width();
        long keys = (long) decoder.heads().key() * decoder.heads().size();
        var layers = IntStream.range(0, decoder.layers());
        return switch (kind) {
            case ATTENTION -> new PseudoSelfAttention(Linear.init(latent, width, false, parts[0]), layers
                    .mapToObj(i -> new Linear(Init.normal(.02, parts[1].fold(i), 2 * keys, width),
                            Init.zeros(2 * keys))).toList());
            case INPUT -> new AddedInput(Linear.init(latent, width, false, parts[0]));
            case MEMORY -> new Memory(Linear.init(latent, decoder.layers() * keys, false, parts[0]));
            case LOGITS -> new AddedLogits(new Linear(Init.normal(.02, parts[0], decoder.vocabulary(), latent), null));
            case ADAPTERS -> new Adapters(layers.mapToObj(i -> Linear.init(latent, bottleneck, false,
                    parts[1].fold(i))).toList());
        };
    }

    /// A key and a value of each layer of `decoder` that all positions see, or `null`. Shapes: (B, G, 1, S) each.
    default List<Given> given(Tensor z, TransformerConfig decoder) {
        return null;
    }

    /// What stands in the place of the embeddings of tokens. Shapes: (B, T, C) -> (B, T, C).
    default Tensor embeddings(Tensor z, Tensor tokens) {
        return tokens;
    }

    /// The decoder that z makes of `decoder`.
    default Transformer decoder(Tensor z, Transformer decoder) {
        return decoder;
    }

    /// What is added to the logits of every position (B, 1, V), or `null`.
    default Tensor logits(Tensor z) {
        return null;
    }

    /// In every layer `(k, v) = W_l U z + b_l`. Source: Ziegler et al. 2019, arXiv 1908.06938 (pseudo-self-attention);
    /// AdaVAE's default.
    ///
    /// @param up U, D to C, no bias
    /// @param keyValues W_l and b_l, C to the keys and then the values of all key heads
    record PseudoSelfAttention(Linear up, List<Linear> keyValues) implements Injection {
        @Override
        public List<Given> given(Tensor z, TransformerConfig decoder) {
            var heads = decoder.heads();
            var raised = up.forward(z);                                                                    // (B, 1, C)
            return keyValues.stream().map(map -> {
                var both = map.forward(raised).reshape(z.size(0), 2L * heads.key(), 1, heads.size());
                return new Given(both.slice(1, 0, heads.key()), both.slice(1, heads.key(), 2L * heads.key()));
            }).toList();
        }
    }

    /// `W z` added to the embedding of every token. Source: Li et al. 2020, arXiv 2004.04092, section 3.2
    /// ("embedding").
    ///
    /// @param up W, D to C, no bias
    record AddedInput(Linear up) implements Injection {
        @Override
        public Tensor embeddings(Tensor z, Tensor tokens) {
            return tokens.add(up.forward(z));
        }
    }

    /// `W z` cut into a part for each layer, which is key and value at once. Source: Li et al. 2020, arXiv 2004.04092,
    /// section 3.2 ("memory").
    ///
    /// @param memory W, D to the key heads of all layers, no bias
    record Memory(Linear memory) implements Injection {
        @Override
        public List<Given> given(Tensor z, TransformerConfig decoder) {
            var heads = decoder.heads();
            var all = memory.forward(z).reshape(z.size(0), (long) decoder.layers() * heads.key(), 1, heads.size());
            return IntStream.range(0, decoder.layers()).mapToObj(i -> {
                var part = all.slice(1, (long) i * heads.key(), (i + 1L) * heads.key());                // (B, G, 1, S)
                return new Given(part, part);
            }).toList();
        }
    }

    /// `W z` added to the logits of every position. Source: Fang et al. 2021, arXiv 2101.00828 ("softmax").
    ///
    /// @param map W, D to V, no bias
    record AddedLogits(Linear map) implements Injection {
        @Override
        public Tensor logits(Tensor z) {
            return map.forward(z);
        }
    }

    /// Adapters that read the latent beside the stream, `up(relu(down(h) + W_l z))`, which is an adapter of `[h ; z]`.
    ///
    /// @param maps W_l of each layer, D to the hidden units of an adapter, no bias
    record Adapters(List<Linear> maps) implements Injection {
        @Override
        public Transformer decoder(Tensor z, Transformer decoder) {
            var blocks = new ArrayList<Block>();
            for (int i = 0; i < maps.size(); i++) {
                var b = decoder.blocks().get(i);
                blocks.add(b.withAdapter(b.adapter().shifted(maps.get(i).forward(z))));
            }
            return decoder.withBlocks(blocks);
        }
    }
}
