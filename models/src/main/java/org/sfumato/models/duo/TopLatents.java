package org.sfumato.models.duo;

import java.util.Arrays;
import org.sfumato.models.SoftTokens;
import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Erf;

/// The latents of [GaussianRelaxation] where K is large: only those of the token itself and of the `top` largest of the
/// n = K - 1 others are drawn, which are all that matter to `softmax(w / tau)` and its argmax.
///
/// The order statistics of n normal numbers come from those of uniform ones, the largest first:
/// `log U_j = log U_(j-1) + log(u_j) / (n - j + 1)`, `M_j = Phi^-1(U_j)`. Which tokens have them is a random choice.
/// The other n - top coordinates, each below `M_top`, add in the mean `(n - top) E[exp(sigma x / tau) | x < M_top]` to
/// the denominator, with `a = sigma / tau`:
///
///   `(n - top) exp(a^2 / 2) Phi(M_top - a) / Phi(M_top)`.
///
/// Source: s-sahoo/duo, the second chapter (Duo++), section on soft embeddings of top k.
///
/// @param vocabulary K
/// @param top how many of the other coordinates, in [1, K - 1]
public record TopLatents(int vocabulary, int top) {
    private static final double LOG_SQRT_2_PI = 0.91893853320467274178;
    /// Below it the tail of the normal distribution is taken from its continued fraction.
    private static final double FAR = 6;
    private static final int FRACTIONS = 60;
    private static final int NEWTON_STEPS = 3;

    /// Checks the numbers.
    public TopLatents {
        if (vocabulary < 2 || top < 1 || top >= vocabulary) {
            throw new IllegalArgumentException("duo: the largest " + top + " coordinates, in [1, " + (vocabulary - 1)
                    + "] of a vocabulary of " + vocabulary);
        }
    }

    /// Soft tokens and the argmax of the latents.
    ///
    /// @param soft what the network reads
    /// @param noisy the largest coordinate, (B, T) i64
    public record Drawn(SoftTokens soft, Tensor noisy) { }

    /// A sample of `softmax(w / tau)`. Shapes: ids (B, T) i64 -> (B, T, top + 1) weights.
    ///
    /// @param gammas one for each row, (B, 1)
    /// @param alphas what the network is told, the same shape
    public Drawn draw(Tensor ids, Times gammas, Times alphas, double tau, Rng rng) {
        var clean = ids.toLongs();
        int length = Math.toIntExact(ids.size(1));
        int width = top + 1;
        var chosen = new long[clean.length * width];
        var weights = new float[chosen.length];
        var rest = new float[clean.length];
        var noisy = new long[clean.length];
        for (int i = 0; i < clean.length; i++) {
            double gamma = gammas.values()[i / length];
            double sigma = Math.sqrt(1 / (1 + Math.exp(-gamma)));
            double signal = Math.sqrt(1 / (1 + Math.exp(gamma)));
            var own = rng.fold(i);
            var largest = largest(own.fold(0));
            var scores = new double[width + 1];
            scores[0] = (signal + sigma * normal(own.fold(1).uniformDouble(0))) / tau;
            for (int j = 0; j < top; j++) {
                scores[j + 1] = sigma * largest[j] / tau;
            }
            scores[width] = logRest(largest[top - 1], sigma / tau);
            softmax(scores);
            var others = others((int) clean[i], own.fold(2));
            for (int j = 0; j < width; j++) {
                chosen[i * width + j] = j == 0 ? clean[i] : others[j - 1];
                weights[i * width + j] = (float) scores[j];
            }
            rest[i] = (float) scores[width];
            noisy[i] = scores[0] >= scores[1] ? clean[i] : others[0];
        }
        long rows = ids.size(0);
        var device = ids.device();
        return new Drawn(new SoftTokens.Sparse(Tensor.of(chosen, rows, length, width).to(device),
                Tensor.of(weights, rows, length, width).to(device), Tensor.of(rest, rows, length, 1).to(device),
                alphas.map(alpha -> alpha, device)), Tensor.of(noisy, rows, length).to(device));
    }

    /// The `top` largest of K - 1 independent standard normal numbers, falling.
    public double[] largest(Rng rng) {
        var found = new double[top];
        double log = 0;
        for (int j = 0; j < top; j++) {
            log += Math.log(positive(rng.uniformDouble(j))) / (vocabulary - 1 - j);
            found[j] = upper(-Math.expm1(log));
        }
        return found;
    }

    /// `log((n - top) E[exp(a x) | x < m])` of the standard normal x; minus infinity if nothing is left.
    double logRest(double m, double a) {
        int left = vocabulary - 1 - top;
        return left == 0 ? Double.NEGATIVE_INFINITY
                : Math.log(left) + a * a / 2 + logCumulative(m - a) - logCumulative(m);
    }

    private static double positive(double u) {
        return Math.max(u, 0x1p-53);
    }

    /// A standard normal number from a uniform one.
    private static double normal(double u) {
        return -upper(Math.min(positive(u), 1 - 0x1p-53));
    }

    /// The z above which a standard normal number lies with probability `q`. The first guess is right to 4.5e-4
    /// (Abramowitz and Stegun 1964, 26.2.23); Newton's method on `log Phi(-z)` does the rest.
    static double upper(double q) {
        if (q > .5) {
            return -upper(1 - q);
        }
        double t = Math.sqrt(-2 * Math.log(q));
        double z = t - (2.515517 + t * (.802853 + t * .010328))
                / (1 + t * (1.432788 + t * (.189269 + t * .001308)));
        for (int i = 0; i < NEWTON_STEPS; i++) {
            double log = logCumulative(-z);
            z += (log - Math.log(q)) * Math.exp(log + z * z / 2 + LOG_SQRT_2_PI);
        }
        return z;
    }

    /// `log Phi(z)`.
    static double logCumulative(double z) {
        if (z > -FAR) {
            return Math.log(Erf.complement(-z / Math.sqrt(2)) / 2);
        }
        double fraction = -z;
        for (int i = FRACTIONS; i >= 1; i--) {
            fraction = -z + i / fraction;
        }
        return -z * z / 2 - LOG_SQRT_2_PI - Math.log(fraction);
    }

    /// `top` different tokens other than `own`.
    private int[] others(int own, Rng rng) {
        var found = new int[top];
        var sorted = new int[top];
        for (int j = 0; j < top; j++) {                                     // Floyd's way to choose without repeats
            int bound = vocabulary - 1 - top + j + 1;
            int pick = (int) rng.below(j, bound);
            int at = Arrays.binarySearch(sorted, 0, j, pick);
            int value = at >= 0 ? bound - 1 : pick;
            int place = -Arrays.binarySearch(sorted, 0, j, value) - 1;
            System.arraycopy(sorted, place, sorted, place + 1, j - place);
            sorted[place] = value;
            found[j] = value;
        }
        var order = rng.fold(1).permutation(top);                      // the sets are even, their orders are not
        return Arrays.stream(order).map(j -> found[j] + (found[j] >= own ? 1 : 0)).toArray();
    }

    private static void softmax(double[] scores) {
        double max = Arrays.stream(scores).max().orElseThrow();
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Math.exp(scores[i] - max);
            sum += scores[i];
        }
        for (int i = 0; i < scores.length; i++) {
            scores[i] /= sum;
        }
    }
}
