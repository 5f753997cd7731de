package org.sfumato.models.diffusion;

import org.sfumato.tensor.Rng;

/// A distribution over tokens in float64.
///
/// @param logits minus infinity for what is impossible; not to be changed
/// @param probabilities `softmax(logits)`
public record Distribution(double[] logits, double[] probabilities) {
    /// Smallest uniform number that is used: below it `-log(-log u)` would leave the range of float64.
    private static final double LEAST = 0x1p-54;

    /// From logits.
    ///
    /// @throws ArithmeticException if none is finite
    public static Distribution of(double[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit);                                 // NaN stays NaN
        }
        if (!Double.isFinite(max)) {
            throw new ArithmeticException("sampling: the logits hold no finite number"
                    + "\nhint: the model may have diverged in training, or every token is forbidden");
        }
        var p = new double[logits.length];
        double sum = 0;
        for (int v = 0; v < p.length; v++) {
            p[v] = Math.exp(logits[v] - max);
            sum += p[v];
        }
        for (int v = 0; v < p.length; v++) {
            p[v] /= sum;
        }
        return new Distribution(logits, p);
    }

    /// The token with the largest `logit - T log(-log u)`, `u` uniform: a sample of `softmax(logits / T)`; for T = 0
    /// the likeliest token, the first among equals. Source: Zheng et al. 2024, arXiv 2409.02908.
    public int draw(double temperature, Rng rng) {
        if (temperature == 0) {
            return likeliest();
        }
        int best = -1;
        double most = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < logits.length; v++) {
            double value = logits[v];
            if (value != Double.NEGATIVE_INFINITY) {
                value -= temperature * Math.log(-Math.log(Math.max(rng.uniformDouble(v), LEAST)));
            }
            if (value > most || best < 0 && value != Double.NEGATIVE_INFINITY) {
                most = value;
                best = v;
            }
        }
        return best;
    }

    /// The likeliest token, the first among equals.
    public int likeliest() {
        int best = 0;
        for (int v = 1; v < logits.length; v++) {
            best = logits[v] > logits[best] ? v : best;
        }
        return best;
    }

    /// `-sum p log p`, in nats.
    public double entropy() {
        double sum = 0;
        for (double p : probabilities) {
            sum -= p > 0 ? p * Math.log(p) : 0;
        }
        return sum;
    }

    /// The largest probability less the second largest.
    public double margin() {
        double first = 0;
        double second = 0;
        for (double p : probabilities) {
            if (p > first) {
                second = first;
                first = p;
            } else if (p > second) {
                second = p;
            }
        }
        return first - second;
    }
}
