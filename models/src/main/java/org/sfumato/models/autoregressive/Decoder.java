package org.sfumato.models.autoregressive;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Cache;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Writes text on, token after token, with a KV cache. Several prompts of different lengths are written on together:
/// shorter ones are padded on the left, where nobody looks.
public final class Decoder {
    /// Told of every token as soon as it is chosen.
    @FunctionalInterface
    public interface Observer {
        /// Sees nothing.
        Observer NONE = (_, _) -> { };

        /// Row `row` goes on with `token`.
        void token(int row, int token);
    }

    /// Where the numbers come from that choose tokens.
    @FunctionalInterface
    public interface Uniforms {
        /// A number in [0, 1) for new token `step` of row `row`.
        double at(int row, int step);

        /// Independent numbers.
        static Uniforms of(Rng rng) {
            return (row, step) -> rng.fold(row).uniformDouble(step);
        }
    }

    private final Transformer network;

    /// For a causal network.
    ///
    /// @throws IllegalArgumentException if it is not
    public Decoder(Transformer network) {
        if (!network.config().pattern().causal()) {
            throw new IllegalArgumentException("decoder: the network is not causal\nhint: networks that see both ways "
                    + "write by unmasking, see MaskedSampler");
        }
        this.network = network;
    }

    /// What follows `prompt`: the new tokens, a stop among them if one was chosen.
    public int[] generate(int[] prompt, Decoding decoding, Uniforms uniforms, Observer observer) {
        return generate(List.of(prompt), decoding, uniforms, observer).getFirst();
    }

    /// What follows each of `prompts`.
    ///
    /// @throws IllegalArgumentException if there is no prompt, one is empty, or prompt and text together are longer
    ///     than the network allows
    public List<int[]> generate(List<int[]> prompts, Decoding decoding, Uniforms uniforms, Observer observer) {
        int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
        if (prompts.isEmpty() || prompts.stream().anyMatch(prompt -> prompt.length == 0)) {
            throw new IllegalArgumentException("decoder: a prompt is empty\nhint: begin with the token that begins a "
                    + "text");
        }
        if (longest + decoding.tokens() > network.config().length()) {
            throw new IllegalArgumentException("decoder: a prompt of " + longest + " tokens and " + decoding.tokens()
                    + " new ones are more than the network's " + network.config().length());
        }
        try (var scope = Scope.open("decoder")) {
            return scope.call(() -> Dispatch.unrecorded(
                    () -> new Rows(prompts, longest, decoding, observer).write(uniforms)));
        }
    }

    /// The rows that are being written.
    private final class Rows {
        private final Decoding decoding;
        private final Observer observer;
        private final int longest;
        private final int[] padding;
        private final long[] first;
        private final List<int[]> written = new ArrayList<>();
        private final List<BitSet> seen = new ArrayList<>();
        private final boolean[] ended;
        private final Cache cache;

        Rows(List<int[]> prompts, int longest, Decoding decoding, Observer observer) {
            int rows = prompts.size();
            this.decoding = decoding;
            this.observer = observer;
            this.longest = longest;
            this.padding = new int[rows];
            this.ended = new boolean[rows];
            this.first = new long[rows * longest];
            this.cache = network.cache(rows, longest + decoding.tokens() - 1);
            for (int row = 0; row < rows; row++) {
                var prompt = prompts.get(row);
                padding[row] = longest - prompt.length;
                var bits = new BitSet();
                for (int i = 0; i < prompt.length; i++) {
                    first[row * longest + padding[row] + i] = prompt[i];
                    bits.set(prompt[i]);
                }
                seen.add(bits);
                written.add(new int[0]);
            }
        }

        List<int[]> write(Uniforms uniforms) {
            var ids = first;
            for (int step = 0; step < decoding.tokens(); step++) {
                var logits = last(ids);
                var next = new long[ended.length];
                for (int row = 0; row < ended.length; row++) {
                    if (!ended[row]) {
                        next[row] = add(row, next(row, step, logits[row], uniforms));
                    }
                }
                if (allEnded()) {
                    break;
                }
                ids = next;
            }
            return written;
        }

        private int next(int row, int step, double[] logits, Uniforms uniforms) {
            return new NextToken(decoding).choose(logits, seen.get(row), () -> uniforms.at(row, step));
        }

        private int add(int row, int token) {
            var before = written.get(row);
            var after = Arrays.copyOf(before, before.length + 1);
            after[before.length] = token;
            written.set(row, after);
            seen.get(row).set(token);
            ended[row] = decoding.stops().contains(token);
            observer.token(row, token);
            return token;
        }

        private boolean allEnded() {
            for (boolean one : ended) {
                if (!one) {
                    return false;
                }
            }
            return true;
        }

        /// The logits of the last position of each row after reading `ids`.
        private double[][] last(long[] ids) {
            int rows = ended.length;
            int t = ids.length / rows;
            int all = cache.length() + t;
            try (var scope = Scope.open("token")) {
                var flat = scope.call(() -> {
                    var input = new Input(Tensor.of(ids, rows, t), null, places(all - t, t), mask(all));
                    return network.lastLogits(input, cache).toDoubles();
                });
                int vocabulary = flat.length / rows;
                var logits = new double[rows][];
                for (int row = 0; row < rows; row++) {
                    logits[row] = Arrays.copyOfRange(flat, row * vocabulary, (row + 1) * vocabulary);
                }
                return logits;
            }
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
}
