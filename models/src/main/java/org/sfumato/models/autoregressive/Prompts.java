package org.sfumato.models.autoregressive;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer.Cache;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Rows of text that a network reads on: prompts of different lengths, shorter ones padded on the left, where nobody
/// looks, and a KV cache of what was read.
final class Prompts {
    private final CausalNetwork network;
    private final int longest;
    private final long[] first;
    private int[] padding;
    private Cache cache;
    private int read;

    /// @throws IllegalArgumentException if there is no prompt, one is empty of a network that needs one, or the longest
    ///     and `tokens` more are longer than the network allows
    Prompts(CausalNetwork network, List<int[]> prompts, int tokens) {
        longest = Math.max(network.promptLength(), prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0));
        if (prompts.isEmpty() || network.promptLength() == 0
                && prompts.stream().anyMatch(prompt -> prompt.length == 0)) {
            throw new IllegalArgumentException("decoder: a prompt is empty\nhint: begin with the token that begins a "
                    + "text");
        }
        if (longest + tokens > network.length()) {
            throw new IllegalArgumentException("decoder: a prompt of " + longest + " tokens and " + tokens
                    + " new ones are more than the network's " + network.length());
        }
        this.network = network;
        padding = new int[prompts.size()];
        first = new long[prompts.size() * longest];
        cache = network.cache(prompts.size(), longest + tokens - 1);
        for (int row = 0; row < padding.length; row++) {
            var prompt = prompts.get(row);
            padding[row] = longest - prompt.length;
            for (int i = 0; i < prompt.length; i++) {
                first[row * longest + padding[row] + i] = prompt[i];
            }
        }
    }

    /// The logits of what follows the prompts: (B, V).
    double[][] logits() {
        return logits(first);
    }

    /// The logits of what follows the next token of each row.
    double[][] logits(int[] next) {
        return logits(Arrays.stream(next).asLongStream().toArray());
    }

    private double[][] logits(long[] ids) {
        int rows = padding.length;
        int t = ids.length / rows;
        int all = read + t;
        try (var scope = Scope.open("token")) {
            var flat = scope.call(() -> {
                var input = new Input(Tensor.of(ids, rows, t), null, places(all - t, t), mask(all));
                return network.lastLogits(input, cache).toDoubles();
            });
            read = all;
            int vocabulary = flat.length / rows;
            var logits = new double[rows][];
            for (int row = 0; row < rows; row++) {
                logits[row] = Arrays.copyOfRange(flat, row * vocabulary, (row + 1) * vocabulary);
            }
            return logits;
        }
    }

    /// Each row becomes `times` equal ones, next to each other.
    void repeat(int times) {
        cache = cache.repeat(times);
        padding = IntStream.range(0, padding.length * times).map(row -> padding[row / times]).toArray();
    }

    /// What was read in row `from` takes the place of what was read in row `to`, a row of the same prompt.
    void copy(int from, int to) {
        int before = cache.length() - read;                             // what the network was told before the text
        cache.layers().forEach(layer -> layer.copy(from, to, before + longest));
    }

    private boolean isPadded() {
        return Arrays.stream(padding).anyMatch(p -> p > 0);
    }

    /// Which of the first `all` positions hold a token: (B, all); `null` if all do.
    private Tensor mask(int all) {
        if (!isPadded()) {
            return null;
        }
        var present = new boolean[padding.length * all];
        for (int i = 0; i < present.length; i++) {
            present[i] = i % all >= padding[i / all];
        }
        return Tensor.of(present, padding.length, all);
    }

    /// The places of positions `[from, from + t)` in the text of their row; `null` if nothing is padded.
    private Tensor places(int from, int t) {
        if (!isPadded()) {
            return null;
        }
        var places = new long[padding.length * t];
        for (int i = 0; i < places.length; i++) {
            places[i] = Math.max(0, from + i % t - padding[i / t]);
        }
        return Tensor.of(places, padding.length, t);
    }
}
