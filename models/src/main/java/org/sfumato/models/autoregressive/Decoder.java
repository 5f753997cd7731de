package org.sfumato.models.autoregressive;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// Writes text on, token after token or by a beam search, with a KV cache. Several prompts of different lengths are
/// written on together: shorter ones are padded on the left, where nobody looks.
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

    private final CausalNetwork network;

    /// For a causal network.
    ///
    /// @throws IllegalArgumentException if it is not
    public Decoder(CausalNetwork network) {
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
    /// @throws IllegalArgumentException if there is no prompt, one is empty of a network that needs one, or prompt and
    ///     text together are longer than the network allows
    public List<int[]> generate(List<int[]> prompts, Decoding decoding, Uniforms uniforms, Observer observer) {
        try (var scope = Scope.open("decoder")) {
            return scope.call(() -> Dispatch.unrecorded(
                    () -> new Rows(prompts, decoding, observer).write(uniforms)));
        }
    }

    /// The rows that are being written.
    private final class Rows {
        private final Decoding decoding;
        private final Observer observer;
        private final Prompts read;
        private final List<int[]> written = new ArrayList<>();
        private final List<BitSet> seen = new ArrayList<>();
        private final boolean[] ended;

        Rows(List<int[]> prompts, Decoding decoding, Observer observer) {
            this.decoding = decoding;
            this.observer = observer;
            this.read = new Prompts(network, prompts, decoding.tokens());
            this.ended = new boolean[prompts.size()];
            for (var prompt : prompts) {
                seen.add(NextToken.seen(prompt));
                written.add(new int[0]);
            }
        }

        List<int[]> write(Uniforms uniforms) {
            var logits = read.logits();
            for (int step = 0; ; step++) {
                var next = new int[ended.length];
                for (int row = 0; row < ended.length; row++) {
                    if (!ended[row]) {
                        next[row] = add(row, next(row, step, logits[row], uniforms));
                    }
                }
                if (allEnded() || step + 1 == decoding.tokens()) {
                    return written;
                }
                logits = read.logits(next);
            }
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
    }

    /// The best texts after each of `prompts`, likeliest first, by a search that goes on with several at a time.
    ///
    /// @throws IllegalArgumentException as [#generate(List, Decoding, Uniforms, Observer)], or if the vocabulary has
    ///     fewer tokens than the search looks at
    public List<List<Hypothesis>> search(List<int[]> prompts, BeamSearch how) {
        try (var scope = Scope.open("decoder")) {
            return scope.call(() -> Dispatch.unrecorded(() -> new Beams(network, prompts, how).search()));
        }
    }
}
