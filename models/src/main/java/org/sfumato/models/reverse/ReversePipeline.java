package org.sfumato.models.reverse;

import java.util.Collections;
import java.util.List;
import org.sfumato.models.autoregressive.BeamSearch;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.GaussianSampler;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.Solver;
import org.sfumato.models.latent.TextAutoencoder;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Cache;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tokenizers.Tokenizer;

/// From text to text through a vector: an encoder, diffusion of its vectors, and a decoder before whose text the vector
/// stands as one soft token. Source: torinriley/LDLM, "Reverse Transformer": BERT, GPT-2, a beam of five, 50 tokens.
///
/// @param encoder of texts
/// @param model of its vectors
/// @param decoder of their width
/// @param tokenizer of the decoder
/// @param search of its texts
public record ReversePipeline(MeanPooling encoder, LatentModel model, Transformer decoder, Tokenizer tokenizer,
        BeamSearch search) {
    /// Checks the widths.
    public ReversePipeline {
        int width = encoder.network().config().width();
        if (decoder.config().width() != width || model.network().config().width() != width) {
            throw new IllegalArgumentException("reverse pipeline: the encoder's width " + width + ", the denoiser's "
                    + model.network().config().width() + " and the decoder's " + decoder.config().width()
                    + " must be the same");
        }
    }

    /// A beam of five and 50 tokens.
    public ReversePipeline(MeanPooling encoder, LatentModel model, Transformer decoder, Tokenizer tokenizer,
            Integer... stops) {
        this(encoder, model, decoder, tokenizer, BeamSearch.of(50, 5, stops));
    }

    /// What the original does, its defects included: the network is told other times than it learned, and the clean
    /// vectors that it predicts take the place of the noisy ones, step after step, from noise alone; what comes out
    /// knows nothing of `texts` but their number. Shape: (B, 1, C).
    ///
    /// @throws IllegalArgumentException if the network is no Reverse Transformer
    public Tensor original(List<String> texts, Rng rng) {
        if (!(model.network() instanceof ReverseTransformer network)) {
            throw new IllegalArgumentException("reverse pipeline: the original has a reverse transformer, not a "
                    + model.network().getClass().getSimpleName());
        }
        return iterated(network, model.process(), encoder.encode(texts), rng);
    }

    /// The original's loop for latents of the shape of `like`, from noise.
    public static Tensor iterated(ReverseTransformer network, GaussianProcess process, Tensor like, Rng rng) {
        if (!(process.schedule() instanceof DiscreteSchedule schedule)) {
            throw new IllegalArgumentException("reverse pipeline: the original has a table of steps, not "
                    + process.schedule());
        }
        return new GaussianSampler(network.withTime(TimeWaves.SHRUNKEN), process, schedule.all(schedule.steps() - 1),
                new Solver.Iterated()).sample(like.shape(), null, rng, LatentObserver.NONE);
    }

    /// Noise of a level put on the vectors of `texts`, and taken away by `sampler`, whose path begins there. Shape: (B,
    /// 1, C).
    public Tensor restore(List<String> texts, GaussianSampler sampler, Rng rng) {
        return Scope.result(() -> Dispatch.unrecorded(() -> {
            var x = model.statistics().standardise(encoder.encode(texts));
            var z = model.process().noisy(x, GaussianProcess.noise(x, rng.fold(0)),
                    Collections.nCopies(texts.size(), sampler.path().getFirst()));
            return model.statistics().restore(sampler.restore(z, null, rng.fold(1), LatentObserver.NONE));
        }));
    }

    /// The likeliest text that a vector begins, for each row. Shapes: z (B, 1, C).
    public List<String> write(Tensor z) {
        try (var scope = Scope.open("write")) {
            return scope.call(() -> Dispatch.unrecorded(() -> new Decoder(new Begun(decoder, z))
                    .search(Collections.nCopies(Math.toIntExact(z.size(0)), new int[] {0}), search).stream()
                    .map(found -> tokenizer.decode(found.getFirst().tokens())).toList()));
        }
    }

    /// The same by a decoder that has learned to write from such vectors, as a [org.sfumato.models.vae.PooledVae].
    ///
    /// @throws IllegalArgumentException if its vectors are of another size
    public List<String> write(Tensor z, TextAutoencoder trained) {
        if (trained.vectors() != 1 || trained.width() != z.size(2)) {
            throw new IllegalArgumentException("reverse pipeline: the decoder writes from " + trained.vectors()
                    + " vectors of " + trained.width() + " numbers, not from " + z.shape());
        }
        try (var scope = Scope.open("write")) {
            return scope.call(() -> Dispatch.unrecorded(() -> new Decoder(trained.writer(z))
                    .search(Collections.nCopies(Math.toIntExact(z.size(0)), new int[0]), search).stream()
                    .map(found -> tokenizer.decode(found.getFirst().tokens())).toList()));
        }
    }

    /// A decoder that reads a vector in place of the first token of a prompt.
    private record Begun(Transformer network, Tensor first) implements CausalNetwork {
        @Override
        public TransformerConfig config() {
            return network.config();
        }

        @Override
        public Cache cache(long rows, int capacity) {
            return network.cache(rows, capacity);
        }

        @Override
        public Tensor lastLogits(Input input, Cache cache) {
            return network.lastLogits(cache.length() > 0 ? input : Input.ofEmbeddings(first, null, null), cache);
        }
    }
}
