package org.sfumato.models.ldlm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.gaussian.GaussianSampler;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.latent.TextAutoencoder;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Writes a text on span by span: the latent of what is there, by diffusion the latents of the spans that follow, each
/// given those before it, then the spans, each given its latent and the text before it. Source: crowsonkb/LDLM,
/// infer_ldlm.
///
/// @param autoencoder between spans and latents of one vector
/// @param model of the next latent given those before
/// @param sampler of the model
/// @param temperature of tokens, and of the noise put on latents before they are read; 0.1 in the original
public record NextSpans(TextAutoencoder autoencoder, LatentModel model, GaussianSampler sampler, double temperature) {
    /// Told of each span.
    @FunctionalInterface
    public interface Observer {
        /// Span `number`, counted from 0, is written.
        void span(int number, int[] ids);
    }

    /// Checks what goes together.
    public NextSpans {
        if (autoencoder.vectors() != 1 || autoencoder.width() != model.network().config().width()) {
            throw new IllegalArgumentException("next spans: the autoencoder's latents are " + autoencoder.vectors()
                    + " x " + autoencoder.width() + ", the denoiser takes 1 x " + model.network().config().width());
        }
        if (!(temperature >= 0)) {
            throw new IllegalArgumentException("next spans: temperature " + temperature + " must be at least 0");
        }
    }

    /// `spans` spans after `prompt`, of which the last ones that fit into a span are read.
    ///
    /// @throws IllegalArgumentException if there is no prompt
    public List<int[]> write(int[] prompt, int spans, Rng rng, Observer observer) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("next spans: there is no text to write on after");
        }
        try (var scope = Scope.open("next spans")) {
            return scope.call(() -> Dispatch.unrecorded(() -> {
                int length = autoencoder.length();
                var window = last(prompt, length);
                var first = autoencoder.encode(Spans.padded(List.of(window), length), Pass.INFERENCE).mean();
                var written = new ArrayList<int[]>();
                int number = 0;
                for (var latent : model.roll(sampler, first, spans, rng.fold(0))) {
                    var own = rng.fold(1 + number);
                    var span = span(latent, window, own);
                    written.add(span);
                    observer.span(number, span);
                    window = last(IntStream.concat(Arrays.stream(window), Arrays.stream(span)).toArray(), length);
                    number++;
                }
                return written;
            }));
        }
    }

    private int[] span(Tensor latent, int[] window, Rng rng) {
        var z = Posterior.unit(latent).sample(temperature, rng.fold(0));
        return new Decoder(autoencoder.writer(z)).generate(List.of(window),
                Decoding.sampled(autoencoder.length(), temperature, 0, 1), Decoder.Uniforms.of(rng.fold(1)),
                Decoder.Observer.NONE).getFirst();
    }

    private static int[] last(int[] ids, int count) {
        return ids.length <= count ? ids : Arrays.copyOfRange(ids, ids.length - count, ids.length);
    }
}
