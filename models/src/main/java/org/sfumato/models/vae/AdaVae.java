package org.sfumato.models.vae;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.sfumato.models.Denoiser;
import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.transformer.Block;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Placement;
import org.sfumato.nn.Attention.Given;
import org.sfumato.nn.Bottleneck;
import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.nn.LayerNorm;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Norm;
import org.sfumato.nn.Pass;
import org.sfumato.nn.RmsNorm;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// AdaVAE: encoder and decoder share the frozen weights of one language model; of each its own are the normalisations
/// and a [Bottleneck] beside every MLP.
///
/// The encoder is the model's first layers, looking both ways; `h` their normalised stream, `a = softmax(relu(f(h)) /
/// sqrt(C))`, `mean` and `logVariance` linear in `sum_t a_t h_t`. In every layer of the decoder the latent is one more
/// key and value that all positions see (pseudo-self-attention): `(k, v) = W_l U z + b_l`. Text begins behind a start
/// token; a prefix stands before that. One latent vector, N = 1. Sources: Tu et al. 2022, arXiv 2205.05862; Ziegler et
/// al. 2019, arXiv 1908.06938 (pseudo-self-attention).
///
/// @param encoder frozen but for its norms and adapters
/// @param mean C to D
/// @param logVariance C to D
/// @param decoder frozen but for its norms and adapters
/// @param up U, D to C, no bias
/// @param keyValues W_l and b_l of each layer, C to the keys and then the values of all key heads
public record AdaVae(VaeConfig.Ada config, Transformer encoder, Pooling pooling, Linear mean, Linear logVariance,
        Transformer decoder, Linear up, List<Linear> keyValues) implements TextVae, Layer {
    private static final Pattern TRAINED = Pattern.compile("(encoder|decoder)\\.(norm\\..*|blocks\\.\\d+\\."
            + "(attentionNorm|mlpNorm|adapter)\\..*)|(pooling|mean|logVariance|up|keyValues)\\..*");

    /// Around `base`, whose weights are shared, in the current scope.
    ///
    /// @throws IllegalArgumentException if the base is not a causal network with its norms before each half block, or
    ///     has too few layers or places
    public static AdaVae init(VaeConfig.Ada config, Transformer base, Rng rng) {
        var shape = base.config();
        if (!shape.pattern().causal() || shape.norms().placement() != Placement.PRE || shape.conditioning() > 0
                || shape.layers() < config.encoderLayers() || shape.length() < 2 * config.length()) {
            throw new IllegalArgumentException("vae: the language model must be causal, normalise before each half "
                    + "block, and have " + config.encoderLayers() + " layers and " + 2 * config.length()
                    + " places; it has " + shape.layers() + " and " + shape.length()
                    + "\nhint: a smaller --context or fewer --encoder-layers");
        }
        int width = shape.width();
        var parts = rng.split(6);
        var keyValues = new ArrayList<Linear>();
        long both = 2L * shape.heads().key() * shape.heads().size();
        for (int i = 0; i < shape.layers(); i++) {
            keyValues.add(new Linear(Init.normal(.02, parts[5].fold(i), both, width), Init.zeros(both)));
        }
        return new AdaVae(config, adapted(base, shape.withLayers(config.encoderLayers())
                .withPattern(TransformerConfig.Pattern.ALL), config.bottleneck(), parts[0]),
                Pooling.init(width, true, parts[1]), Linear.init(width, config.latent(), true, parts[2].fold(0)),
                Linear.init(width, config.latent(), true, parts[2].fold(1)),
                adapted(base, shape, config.bottleneck(), parts[3]),
                Linear.init(config.latent(), width, false, parts[4]), List.copyOf(keyValues));
    }

    /// The first layers of `base` with norms of its own and adapters.
    private static Transformer adapted(Transformer base, TransformerConfig config, int bottleneck, Rng rng) {
        var blocks = new ArrayList<Block>();
        for (int i = 0; i < config.layers(); i++) {
            var block = base.blocks().get(i);
            blocks.add(new Block(copy(block.attentionNorm()), block.attention(), copy(block.mlpNorm()), block.mlp(),
                    Bottleneck.init(config.width(), bottleneck, rng.fold(i)), null, block.placement(),
                    block.dropout()));
        }
        return new Transformer(config, base.token(), base.position(), base.type(), base.embeddingNorm(), null,
                List.copyOf(blocks), copy(base.norm()), null, base.transform(), base.transformNorm(), base.head());
    }

    private static Norm copy(Norm norm) {
        return switch (norm) {
            case null -> null;
            case LayerNorm(var weight, var bias, var eps) ->
                new LayerNorm(weight.copy(), bias == null ? null : bias.copy(), eps);
            case RmsNorm(var weight, var eps) -> new RmsNorm(weight.copy(), eps);
        };
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
    public Map<String, Tensor> trained() {
        var trained = new LinkedHashMap<String, Tensor>();
        parameters().forEach((name, p) -> {
            if (TRAINED.matcher(name).matches()) {
                trained.put(name, p);
            }
        });
        return trained;
    }

    @Override
    public Posterior encode(Spans spans, Pass pass) {
        spans.requireAtMost(length());
        var h = encoder.hidden(new Input(spans.ids(), null, null, spans.present()), pass.part(0));       // (B, T, C)
        double temperature = Math.sqrt(switch (config.temperature()) {
            case WIDTH -> encoder.config().width();
            case BATCH -> spans.rows();
        });
        var pooled = pooling.forward(h, spans.present(), temperature).unsqueeze(1);                        // (B, 1, C)
        return new Posterior(mean.forward(pooled), logVariance.forward(pooled));
    }

    @Override
    public Tensor crossEntropy(Tensor z, Spans prefix, Spans target, Pass pass) {
        target.requireAtMost(length());
        int t = target.length();
        var read = prefix.then(start(target.rows())).then(target.slice(0, t - 1));                 // (B, P + T)
        var input = input(read.ids(), places(read.present()), read.present()).behind(given(z));
        var stream = decoder.hidden(input, pass.part(1));
        return decoder.crossEntropy(stream.slice(1, prefix.length(), prefix.length() + t), target.targets(),
                Denoiser.NONE, pass.part(1));
    }

    private Spans start(long rows) {
        return Spans.of(Tensor.full(Shape.of(rows, 1), config.start(), DType.I64, up.weight().device()));
    }

    /// Where each token stands in its text, padding left out. Shape: (B, T).
    private static Tensor places(Tensor present) {
        var zero = Tensor.full(Shape.SCALAR, 0, DType.I64, present.device());
        return present.cast(DType.I64).cumsum(1, false).sub(1).maximum(zero);
    }

    /// Tokens under a mask with the key of the latent in front.
    private static Input input(Tensor ids, Tensor places, Tensor present) {
        var latent = Tensor.full(Shape.of(present.size(0), 1), 1, DType.BOOL, present.device());
        var mask = Tensor.concat(1, latent, present);
        return new Input(ids, null, places, mask);
    }

    /// The key and value of each layer. Shapes: z (B, 1, D) -> (B, G, 1, S) each.
    private List<Given> given(Tensor z) {
        var heads = decoder.config().heads();
        long rows = z.size(0);
        var raised = up.forward(z);                                                                        // (B, 1, C)
        return keyValues.stream().map(map -> {
            var both = map.forward(raised).reshape(rows, 2L * heads.key(), 1, heads.size());
            return new Given(both.slice(1, 0, heads.key()), both.slice(1, heads.key(), 2L * heads.key()));
        }).toList();
    }

    @Override
    public CausalNetwork writer(Tensor z) {
        return new Writer(z);
    }

    /// The decoder behind the latent's keys and values, and each prompt before the start token.
    private final class Writer implements CausalNetwork {
        private final Tensor z;

        Writer(Tensor z) {
            this.z = z;
        }

        @Override
        public TransformerConfig config() {
            return decoder.config();
        }

        @Override
        public int length() {
            return decoder.config().length() - 2;
        }

        @Override
        public int promptLength() {
            return 1;
        }

        @Override
        public Transformer.Cache cache(long rows, int capacity) {
            if (rows != z.size(0)) {
                throw new IllegalArgumentException("vae: " + rows + " texts for " + z.size(0) + " latents");
            }
            return decoder.cache(rows, capacity + 2);
        }

        @Override
        public Tensor lastLogits(Input input, Transformer.Cache cache) {
            var ids = input.ids();
            long rows = ids.size(0);
            if (cache.length() == 0) {
                var prompt = new Spans(ids, input.attentionMask() == null ? Spans.of(ids).present()
                        : input.attentionMask()).then(start(rows));
                var all = input(prompt.ids(), places(prompt.present()), prompt.present());
                return decoder.lastLogits(all.behind(given(z)), cache);
            }
            long next = cache.next() - 1;                               // tokens before, padding among them
            var present = input.attentionMask() == null ? Spans.of(Tensor.full(Shape.of(rows, next + 1), 0, DType.I64,
                    ids.device())).present() : Tensor.concat(1, input.attentionMask(), start(rows).present());
            var places = places(present).slice(1, next, next + 1);
            return decoder.lastLogits(input(ids, places, present), cache);
        }
    }
}
