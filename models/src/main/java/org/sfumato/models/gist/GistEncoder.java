package org.sfumato.models.gist;

import org.sfumato.models.latent.Spans;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Pass;
import org.sfumato.nn.lora.Lora;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A language model that sums a text up in the vectors that stand behind it: learned gist tokens are appended to the
/// text, the streams of their last positions are the latents, and constants that are learned with them come after.
///
/// Text stands at the places 0 to `block - 1`, gist j at `j max(floor(block / G), 1)`. Source: toilaluan/latent-llm,
/// `LatentEncoder`; Ge et al. 2023, arXiv 2307.06945 (memory behind the text).
///
/// @param network a causal one
/// @param lora an adapter of it, of which alone parameters train; `null`: the network itself trains
/// @param gistTokens (G, C)
/// @param aeTokens (A, C), the constants
/// @param block the most tokens of a text
public record GistEncoder(Transformer network, Lora lora, Tensor gistTokens, Tensor aeTokens,
        int block) implements Layer {
    /// Checks the shapes.
    ///
    /// @throws IllegalArgumentException if a gist would stand beyond what the network reads
    public GistEncoder {
        int width = network.config().width();
        if (gistTokens.shape().rank() != 2 || aeTokens.shape().rank() != 2 || gistTokens.size(1) != width
                || aeTokens.size(1) != width) {
            throw new ShapeException("gist encoder: gist tokens " + gistTokens.shape() + " and constants "
                    + aeTokens.shape() + " must be (G, " + width + ") and (A, " + width + ")");
        }
        long last = (gistTokens.size(0) - 1) * Math.max(block / Math.max(1, gistTokens.size(0)), 1);
        if (gistTokens.size(0) < 1 || block < 1 || Math.max(block - 1, last) >= network.config().length()) {
            throw new IllegalArgumentException("gist encoder: texts of " + block + " tokens with " + gistTokens.size(0)
                    + " gists do not fit into the " + network.config().length() + " places of the network");
        }
    }

    /// Fresh gist tokens by Kaiming's normal distribution, as PyTorch counts a matrix (G, C), and constants by the
    /// normal one, for a network that is there.
    public static GistEncoder init(Transformer network, Lora lora, int gists, int constants, int block, Rng rng) {
        var parts = rng.split(2);
        int width = network.config().width();
        return new GistEncoder(network, lora, Init.normal(Math.sqrt(2.0 / width), parts[0], gists, width),
                Init.normal(1, parts[1], constants, width), block);
    }

    /// The latents of texts. Shapes: (B, T) -> (B, G + A, C).
    ///
    /// @throws ShapeException if they are longer than the block
    public Tensor forward(Spans spans, Pass pass) {
        int t = spans.length();
        if (t > block) {
            throw new ShapeException("gist encoder: texts of up to " + block + " tokens, got " + t);
        }
        long rows = spans.rows();
        long gists = gistTokens.size(0);
        var reader = lora == null ? network : lora.on(network);
        var text = reader.token().forward(spans.ids());
        var all = Tensor.concat(1, text, each(gistTokens, rows).cast(text.dtype()));                  // (B, T + G, C)
        var present = Tensor.concat(1, spans.present(),
                Tensor.full(Shape.of(rows, gists), 1, DType.BOOL, text.device()));
        var stream = reader.hidden(Input.ofEmbeddings(all, null, present), places(t), pass);
        return Tensor.concat(1, stream.slice(1, t, t + gists), each(aeTokens, rows));              // (B, G + A, C)
    }

    private long[] places(int t) {
        int gists = Math.toIntExact(gistTokens.size(0));
        var places = new long[t + gists];
        for (int i = 0; i < t; i++) {
            places[i] = i;
        }
        for (int j = 0; j < gists; j++) {
            places[t + j] = (long) j * Math.max(block / gists, 1);
        }
        return places;
    }

    private static Tensor each(Tensor tokens, long rows) {
        return tokens.unsqueeze(0).expand(Shape.of(rows, tokens.size(0), tokens.size(1)));
    }
}
