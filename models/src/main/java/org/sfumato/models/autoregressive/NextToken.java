package org.sfumato.models.autoregressive;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/// The choice of one token from logits, in float64.
final class NextToken {
    private final Decoding decoding;

    NextToken(Decoding decoding) {
        this.decoding = decoding;
    }

    /// The token after `seen`. Changes `logits`.
    ///
    /// @param uniform asked only if there is something to choose; a number in [0, 1), which picks the first token up to
    ///     which the kept probabilities exceed it
    /// @throws ArithmeticException if no logit is finite
    int choose(double[] logits, BitSet seen, DoubleSupplier uniform) {
        penalize(logits, seen, decoding.repetitionPenalty());
        int best = best(logits);
        if (decoding.temperature() == 0) {
            return best;
        }
        var p = kept(logits, logits[best]);
        double bar = uniform.getAsDouble() * Arrays.stream(p).sum();
        double passed = 0;
        for (int v = 0; v < p.length; v++) {
            passed += p[v];
            if (p[v] > 0 && passed > bar) {
                return v;
            }
        }
        return best;                                                    // the sum fell short by rounding
    }

    /// The tokens of `prompt` as a set.
    static BitSet seen(int[] prompt) {
        var seen = new BitSet();
        Arrays.stream(prompt).forEach(seen::set);
        return seen;
    }

    /// Makes `scores` of tokens that were seen smaller, see [Decoding].
    static void penalize(double[] scores, BitSet seen, double penalty) {
        for (int v = seen.nextSetBit(0); penalty != 1 && v >= 0; v = seen.nextSetBit(v + 1)) {
            scores[v] = scores[v] < 0 ? scores[v] * penalty : scores[v] / penalty;
        }
    }

    static int best(double[] logits) {
        int best = -1;
        for (int v = 0; v < logits.length; v++) {
            if (Double.isNaN(logits[v])) {
                best = -1;
                break;
            }
            best = logits[v] > (best < 0 ? Double.NEGATIVE_INFINITY : logits[best]) ? v : best;
        }
        if (best < 0) {
            throw new ArithmeticException("decoding: the logits hold a NaN or no finite number\nhint: the model may "
                    + "have diverged in training");
        }
        return best;
    }

    /// Unnormalised probabilities, 0 where a token is not kept.
    private double[] kept(double[] logits, double max) {
        var p = new double[logits.length];
        for (int v = 0; v < p.length; v++) {
            p[v] = Math.exp((logits[v] - max) / decoding.temperature());
        }
        boolean most = decoding.topK() > 0 && decoding.topK() < p.length;
        if (!most && decoding.topP() == 1) {
            return p;
        }
        var order = IntStream.range(0, p.length).boxed().sorted((a, b) -> Double.compare(p[b], p[a]))
                .mapToInt(Integer::intValue).toArray();                 // the lower token first among equals
        int count = most ? decoding.topK() : p.length;
        while (most && count < p.length && p[order[count]] == p[order[count - 1]]) {
            count++;                                                    // equal to the last one kept
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += p[order[i]];
        }
        double before = 0;
        for (int i = 0; i < p.length; i++) {
            boolean keep = i < count && (i == 0 || before < decoding.topP() * sum);
            before += p[order[i]];
            if (!keep) {
                p[order[i]] = 0;
            }
        }
        return p;
    }
}
