package org.sfumato.models.autoregressive;

import java.util.Arrays;
import java.util.function.LongConsumer;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// How well a causal network predicts a text: `-1/N sum_i log p(x_i | x before i)`, where the network sees at most
/// `window` tokens before `i`.
///
/// Windows begin every `stride` tokens, and each scores the tokens that none has scored before it: with a stride as
/// long as the window each token is read once, with a shorter one every token but the first ones has at least
/// `window - stride + 1` tokens before it, for more work. The first token of all is not scored. Source: "Perplexity of
/// fixed-length models" in the documentation of transformers, whose `max_length` is `window + 1`.
public final class Perplexity {
    private static final int TOKENS_PER_BATCH = 4096;

    private final Transformer network;
    private final int window;
    private final int stride;

    /// A mean over tokens.
    ///
    /// @param nats the mean negative log-likelihood of a token
    /// @param standardError of that mean, as if windows were drawn independently; NaN if there is one only
    /// @param tokens how many tokens were scored
    public record Score(double nats, double standardError, long tokens) {
        /// `exp(nats)`.
        public double perplexity() {
            return Math.exp(nats);
        }

        /// Nats for each of `units` that the scored tokens make up, as bytes or characters.
        public double per(long units) {
            return nats * tokens / units;
        }
    }

    /// With windows of at most `window` tokens, a new one every `stride`.
    ///
    /// @throws IllegalArgumentException if the network is not causal, or not `1 <= stride <= window <=` its length
    public Perplexity(Transformer network, int window, int stride) {
        if (!network.config().pattern().causal()) {
            throw new IllegalArgumentException("perplexity: the network is not causal\nhint: for networks that see "
                    + "both ways there is a bound, the NELBO");
        }
        if (window < 1 || window > network.config().length() || stride < 1 || stride > window) {
            throw new IllegalArgumentException("perplexity: window " + window + " and stride " + stride
                    + ", needed is 1 <= stride <= window <= " + network.config().length());
        }
        this.network = network;
        this.window = window;
        this.stride = stride;
    }

    /// The tokens of `ids` after the first.
    ///
    /// @throws IllegalArgumentException if there are fewer than two
    /// @throws IndexOutOfBoundsException if an id is outside the vocabulary
    public Score score(int... ids) {
        return score(ids, _ -> { });
    }

    /// As [#score(int...)]; `progress` is told how many tokens have been scored so far.
    public Score score(int[] ids, LongConsumer progress) {
        if (ids.length < 2) {
            throw new IllegalArgumentException("perplexity: " + ids.length + " tokens, two are needed: the first is "
                    + "not scored");
        }
        int read = ids.length - 1;
        int windows = 1 + Math.ceilDiv(Math.max(0, read - window), stride);
        int full = read >= window ? 1 + (read - window) / stride : 0;
        var sums = new double[windows];
        int group = Math.max(1, TOKENS_PER_BATCH / window);
        for (int first = 0; first < windows; ) {
            int last = first < full ? Math.min(first + group, full) : first + 1;
            System.arraycopy(sums(ids, first, last), 0, sums, first, last - first);
            first = last;
            progress.accept(end(last - 1, read));
        }
        return score(sums, read);
    }

    private Score score(double[] sums, int tokens) {
        double mean = Arrays.stream(sums).sum() / tokens;
        double square = 0;
        for (int i = 0; i < sums.length; i++) {
            double rest = sums[i] - mean * (end(i, tokens) - fresh(i));
            square += rest * rest;
        }
        int n = sums.length;
        return new Score(mean, Math.sqrt(square * n / (n - 1)) / tokens, tokens);
    }

    /// How many tokens are scored before window `i`.
    private int fresh(int i) {
        return i == 0 ? 0 : (i - 1) * stride + window;
    }

    /// How many tokens are scored after window `i`.
    private int end(int i, int tokens) {
        return Math.min(tokens, i * stride + window);
    }

    /// The losses in windows `[first, last)`, all of one length, summed over each.
    private double[] sums(int[] ids, int first, int last) {
        int t = end(first, ids.length - 1) - first * stride;
        var in = new long[(last - first) * t];
        var next = new long[in.length];
        for (int i = first; i < last; i++) {
            for (int j = 0; j < t; j++) {
                int at = i * stride + j;
                in[(i - first) * t + j] = ids[at];
                next[(i - first) * t + j] = at < fresh(i) ? Denoiser.IGNORED : ids[at + 1];
            }
        }
        try (var scope = Scope.open("perplexity")) {
            var losses = scope.call(() -> Dispatch.unrecorded(() -> network.crossEntropy(
                    Noisy.of(Tensor.of(in, last - first, t)), Tensor.of(next, last - first, t), Denoiser.NONE,
                    Pass.INFERENCE).toDoubles()));
            var sums = new double[last - first];
            for (int i = 0; i < losses.length; i++) {
                sums[i / t] += losses[i];
            }
            return sums;
        }
    }
}
