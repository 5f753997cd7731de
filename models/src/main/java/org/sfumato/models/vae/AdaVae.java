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
import org.sfumato.nn.Bottleneck;
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
/// sqrt(C))`, `mean` and `logVariance` linear in `sum_t a_t h_t`. How the latent gets into the decoder is its
/// [Injection]'s business. Text begins behind a start token; a prefix stands before that. One latent vector, N = 1.
/// Source: Tu et al. 2022, arXiv 2205.05862.
///
/// @param encoder frozen but for its norms and adapters
/// @param mean C to D
/// @param logVariance C to D
/// @param decoder frozen but for its norms and adapters
public record AdaVae(VaeConfig.Ada config, Transformer encoder, Pooling pooling, Linear mean, Linear logVariance,
        Transformer decoder, Injection injection) implements TextVae {
    private static final Pattern TRAINED = Pattern.compile("(encoder|decoder)\\.(norm\\..*|blocks\\.\\d+\\."
            + "(attentionNorm|mlpNorm|adapter)\\..*)|(pooling|mean|logVariance|injection)\\..*");
    private static final String INJECTION = "injection.";

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
        var parts = rng.split(5);
        return new AdaVae(config, adapted(base, shape.withLayers(config.encoderLayers())
                .withPattern(TransformerConfig.Pattern.ALL), config.bottleneck(), parts[0]),
                Pooling.init(width, true, parts[1]), Linear.init(width, config.latent(), true, parts[2].fold(0)),
                Linear.init(width, config.latent(), true, parts[2].fold(1)),
                adapted(base, shape, config.bottleneck(), parts[3]),
                Injection.init(config.injection(), config.latent(), config.bottleneck(), shape, parts[4]));
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

    /// By the names of the parts; those of the injection without its own.
    @Override
    public Map<String, Tensor> trained() {
        var trained = new LinkedHashMap<String, Tensor>();
        parameters().forEach((name, p) -> {
            if (TRAINED.matcher(name).matches()) {
                trained.put(name.startsWith(INJECTION) ? name.substring(INJECTION.length()) : name, p);
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
        var network = injection.decoder(z, decoder);
        var stream = network.hidden(first(z, read), pass.part(1)).slice(1, prefix.length(), prefix.length() + t);
        var more = injection.logits(z);                                                                    // (B, 1, V)
        return more == null ? network.crossEntropy(stream, target.targets(), Denoiser.NONE, pass.part(1))
                : network.logits(stream, pass.part(1)).add(more).crossEntropy(target.targets(), Denoiser.IGNORED, null);
    }

    private Spans start(long rows) {
        return Spans.of(Tensor.full(Shape.of(rows, 1), config.start(), DType.I64, mean.weight().device()));
    }

    /// Where each token stands in its text, padding left out. Shape: (B, T).
    private static Tensor places(Tensor present) {
        var zero = Tensor.full(Shape.SCALAR, 0, DType.I64, present.device());
        return present.cast(DType.I64).cumsum(1, false).sub(1).maximum(zero);
    }

    /// What the decoder reads of texts from their beginning.
    private Input first(Tensor z, Spans read) {
        var given = injection.given(z, decoder.config());
        return input(z, read.ids(), places(read.present()), read.present(), given != null).behind(given);
    }

    /// Tokens under a mask, in front of it what is given to every layer, if anything is.
    private Input input(Tensor z, Tensor ids, Tensor places, Tensor present, boolean given) {
        var mask = given ? Tensor.concat(1, Tensor.full(Shape.of(present.size(0), 1), 1, DType.BOOL, present.device()),
                present) : present;
        return Input.ofEmbeddings(injection.embeddings(z, decoder.token().forward(ids)), places, mask);
    }

    @Override
    public CausalNetwork writer(Tensor z) {
        return new Writer(z, injection.decoder(z, decoder), injection.given(z, decoder.config()) == null ? 0 : 1,
                injection.logits(z));
    }

    /// The decoder with a latent for each text in it, and each prompt before the start token.
    private final class Writer implements CausalNetwork {
        private final Tensor z;
        private final Transformer network;
        private final int given;
        private final Tensor more;

        /// @param given places that the latent takes up in the cache
        /// @param more added to the logits (B, 1, V), or `null`
        Writer(Tensor z, Transformer network, int given, Tensor more) {
            this.z = z;
            this.network = network;
            this.given = given;
            this.more = more == null ? null : more.squeeze(1);
        }

        @Override
        public TransformerConfig config() {
            return network.config();
        }

        @Override
        public int length() {
            return network.config().length() - given - 1;
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
            return network.cache(rows, capacity + given + 1);
        }

        @Override
        public Tensor lastLogits(Input input, Transformer.Cache cache) {
            var logits = network.lastLogits(behind(input, cache), cache);                                 // (B, V)
            return more == null ? logits : logits.add(more);
        }

        private Input behind(Input input, Transformer.Cache cache) {
            var ids = input.ids();
            long rows = ids.size(0);
            if (cache.length() == 0) {
                return first(z, new Spans(ids, input.attentionMask() == null ? Spans.of(ids).present()
                        : input.attentionMask()).then(start(rows)));
            }
            long next = cache.next() - given;                           // tokens before, padding among them
            var present = input.attentionMask() == null ? Spans.of(Tensor.full(Shape.of(rows, next + 1), 0, DType.I64,
                    ids.device())).present() : Tensor.concat(1, input.attentionMask(), start(rows).present());
            return input(z, ids, places(present).slice(1, next, next + 1), present, given == 1);
        }
    }

    @Override
    public String toString() {
        return summary();
    }
}
