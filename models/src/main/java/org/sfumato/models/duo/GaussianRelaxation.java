package org.sfumato.models.duo;

import java.util.Arrays;
import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Erf;

/// Uniform-state diffusion as the argmax of Gaussian diffusion. Of a token x of K as a one-hot vector,
/// `w = sqrt(sigmoid(-gamma)) x + sqrt(sigmoid(gamma)) eps` with normal eps, `argmax w` is distributed as
/// `Cat(alpha x + (1 - alpha) / K)` with
///
///   `alpha(gamma) = (K P - 1) / (K - 1)`, `P = integral of phi(z - mu) Phi(z)^(K - 1) dz`, `mu = exp(-gamma / 2)`,
///
/// the diffusion transformation operator. With M the largest of the K - 1 other coordinates over their deviation,
/// `1 - P` is the mean of `Phi(M - mu)`, so `alpha = 1 - K / (K - 1) E[Phi(M - mu)]` and
/// `d alpha / d gamma = -mu / 2 K / (K - 1) E[phi(M - mu)]`. The density of M,
/// `(K - 1) phi(z) Phi(z)^(K - 2)`, is tabulated where it is not 0; all means are then sums by the trapezoidal rule,
/// whose error on the whole line falls exponentially with the step. Everything is float64, right to about 1e-13.
/// Source: Sahoo et al. 2025, arXiv 2506.10892 (Duo), equation 10.
public final class GaussianRelaxation {
    /// The density of M is no narrower than 0.15 for K of a million; its Fourier transform at `2 pi / STEP` is below
    /// 1e-20.
    private static final double STEP = 1.0 / 32;
    private static final double LEAST_DENSITY = 1e-20;
    private static final double REACH = 12;
    private static final double LOG_SQRT_2_PI = 0.91893853320467274178;

    private final int vocabulary;
    private final double[] places;
    private final double[] masses;

    private GaussianRelaxation(int vocabulary, double[] places, double[] masses) {
        this.vocabulary = vocabulary;
        this.places = places;
        this.masses = masses;
    }

    /// For K tokens.
    ///
    /// @throws IllegalArgumentException if there are fewer than 2
    public static GaussianRelaxation of(int vocabulary) {
        if (vocabulary < 2) {
            throw new IllegalArgumentException("gaussian relaxation: a vocabulary of " + vocabulary + ", needed are 2");
        }
        int count = 2 * (int) (REACH / STEP) + 1;
        var places = new double[count];
        var masses = new double[count];
        int kept = 0;
        for (int i = 0; i < count; i++) {
            double z = -REACH + i * STEP;
            double density = (vocabulary - 1) * Math.exp(logDensity(z) + (vocabulary - 2) * logCumulative(z));
            if (density > LEAST_DENSITY) {
                places[kept] = z;
                masses[kept++] = STEP * density;
            }
        }
        return new GaussianRelaxation(vocabulary, Arrays.copyOf(places, kept), Arrays.copyOf(masses, kept));
    }

    /// K.
    public int vocabulary() {
        return vocabulary;
    }

    /// The share of signal that is left in the argmax, falling from 1 to 0 as `gamma`, the logarithm of the noise's
    /// variance over the signal's, rises.
    public double alpha(double gamma) {
        double mu = Math.exp(-gamma / 2);
        double lost = 0;
        for (int i = 0; i < places.length; i++) {
            lost += masses[i] * cumulative(places[i] - mu);
        }
        return 1 - scale() * lost;
    }

    /// `d alpha / d gamma`, at most 0.
    public double slope(double gamma) {
        double mu = Math.exp(-gamma / 2);
        double sum = 0;
        for (int i = 0; i < places.length; i++) {
            sum += masses[i] * Math.exp(logDensity(places[i] - mu));
        }
        return -mu / 2 * scale() * sum;
    }

    /// The gamma at which the share of signal is `alpha`, by bisection.
    ///
    /// @throws IllegalArgumentException unless `0 < alpha < 1`
    public double gamma(double alpha) {
        if (!(alpha > 0 && alpha < 1)) {
            throw new IllegalArgumentException("gaussian relaxation: a share of signal of " + alpha
                    + " is outside (0, 1)");
        }
        double low = -1;
        double high = 1;
        while (alpha(low) < alpha) {
            low *= 2;
        }
        while (alpha(high) > alpha) {
            high *= 2;
        }
        for (double middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
            if (alpha(middle) > alpha) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /// A sample of w. Shapes: ids (B, T) i64 -> (B, T, K).
    ///
    /// @param gammas one for each row, (B, 1)
    public Tensor latents(Tensor ids, Times gammas, Rng rng) {
        var device = ids.device();
        var noise = Tensor.normal(Shape.of(ids.size(0), ids.size(1), vocabulary), rng).to(device);
        var deviation = gammas.map(gamma -> Math.sqrt(1 / (1 + Math.exp(-gamma))), device).unsqueeze(-1);
        var signal = gammas.map(gamma -> Math.sqrt(1 / (1 + Math.exp(gamma))), device).unsqueeze(-1);   // (B, 1, 1)
        var own = ids.unsqueeze(-1).eq(Tensor.arange(vocabulary, device));                              // (B, T, K)
        var scaled = noise.mul(deviation);
        return own.where(scaled.add(signal), scaled);
    }

    private double scale() {
        return vocabulary / (vocabulary - 1.0);
    }

    /// `log phi(z)`.
    private static double logDensity(double z) {
        return -z * z / 2 - LOG_SQRT_2_PI;
    }

    /// `Phi(z)`.
    private static double cumulative(double z) {
        return Erf.complement(-z / Math.sqrt(2)) / 2;
    }

    /// `log Phi(z)`, with all its digits where Phi is near 1, since it is multiplied by K.
    private static double logCumulative(double z) {
        return z > 0 ? Math.log1p(-cumulative(-z)) : Math.log(cumulative(z));
    }
}
