package org.sfumato.models.masked;

import java.util.Arrays;
import org.sfumato.models.diffusion.NoiseSchedule;

/// With which probability sigma a step from time t to an earlier time s takes back what is written. A masked place is
/// then written with probability `(alpha_s - (1 - sigma) alpha_t) / (1 - alpha_t)`, so that at time s a share
/// `1 - alpha_s` is masked, whatever sigma is. Source: Wang et al. 2025, arXiv 2503.00307 (ReMDM).
public sealed interface Remasking {
    /// The share of signal at time `t` in [0, 1], 1 at 0 and 0 at 1.
    default double alpha(double t, NoiseSchedule schedule) {
        return t <= 0 ? 1 : t >= 1 ? 0 : schedule.alpha(t);
    }

    /// Sigma of a masked place.
    ///
    /// @param t the time at which the step begins
    /// @param alphaS the share of signal after the step
    /// @param alphaT the share before it, at most `alphaS`
    double sigma(double t, double alphaS, double alphaT);

    /// Sigma of each written place.
    ///
    /// @param confidence the probabilities that the network gave to what it wrote there, when it wrote it
    default double[] sigmas(double t, double alphaS, double alphaT, double[] confidence) {
        var sigmas = new double[confidence.length];
        Arrays.fill(sigmas, sigma(t, alphaS, alphaT));
        return sigmas;
    }

    /// The largest sigma that there can be, `min(1, (1 - alpha_s) / alpha_t)`.
    static double most(double alphaS, double alphaT) {
        return alphaT <= 0 ? 1 : Math.min(1, (1 - alphaS) / alphaT);
    }

    /// The probability that a masked place is written, `(alpha_s - (1 - sigma) alpha_t) / (1 - alpha_t)`.
    static double unmasking(double sigma, double alphaS, double alphaT) {
        return alphaT >= 1 ? 1 : Math.clamp((alphaS - (1 - sigma) * alphaT) / (1 - alphaT), 0, 1);
    }

    /// What is written stays: plain ancestral sampling.
    record None() implements Remasking {
        @Override
        public double sigma(double t, double alphaS, double alphaT) {
            return 0;
        }
    }

    /// `min(eta, most)`.
    record Cap(double eta) implements Remasking {
        /// Checks eta.
        public Cap {
            requireShare("eta", eta);
        }

        @Override
        public double sigma(double t, double alphaS, double alphaT) {
            return Math.min(eta, most(alphaS, alphaT));
        }
    }

    /// `eta most`.
    record Rescale(double eta) implements Remasking {
        /// Checks eta.
        public Rescale {
            requireShare("eta", eta);
        }

        @Override
        public double sigma(double t, double alphaS, double alphaT) {
            return eta * most(alphaS, alphaT);
        }
    }

    /// The largest sigma shared out over the written places by the softmax of minus their confidence: what the network
    /// was least sure of goes first. Masked places count with 0, as in the paper; so a little more is masked than
    /// `1 - alpha_s`.
    record Confidence() implements Remasking {
        @Override
        public double sigma(double t, double alphaS, double alphaT) {
            return 0;
        }

        @Override
        public double[] sigmas(double t, double alphaS, double alphaT, double[] confidence) {
            double sum = Arrays.stream(confidence).map(c -> Math.exp(-c)).sum();
            double most = most(alphaS, alphaT);
            return Arrays.stream(confidence).map(c -> most * Math.exp(-c) / sum).toArray();
        }
    }

    /// Writes most of the text, then goes on replacing parts of it, then writes the rest: alpha rises in line to
    /// `alphaOn` until time `tOn`, stays there while written tokens are taken back with probability `eta`, and from
    /// `tOff` on rises in line to 1.
    record Loop(double tOn, double tOff, double alphaOn, double eta) implements Remasking {
        /// The values of the paper: .55, .05, .9, .02.
        public static final Loop STANDARD = new Loop(.55, .05, .9, .02);

        /// Checks the values.
        public Loop {
            if (!(0 < tOff && tOff < tOn && tOn < 1 && 0 < alphaOn && alphaOn < 1)) {
                throw new IllegalArgumentException("remasking: it needs 0 < t_off < t_on < 1 and 0 < alpha_on < 1, "
                        + "got t_on " + tOn + ", t_off " + tOff + ", alpha_on " + alphaOn);
            }
            requireShare("eta", eta);
        }

        @Override
        public double alpha(double t, NoiseSchedule schedule) {
            return t > tOn ? alphaOn * (1 - t) / (1 - tOn) : t > tOff ? alphaOn : 1 - (1 - alphaOn) * t / tOff;
        }

        @Override
        public double sigma(double t, double alphaS, double alphaT) {
            return t <= tOn && t > tOff ? Math.min(eta, most(alphaS, alphaT)) : 0;
        }
    }

    /// `(alpha_s - alpha_t) / alpha_t`, at most the largest: as much is taken back as noise from s to t would hide.
    record ForwardBackward() implements Remasking {
        @Override
        public double sigma(double t, double alphaS, double alphaT) {
            return alphaT <= 0 ? 1 : Math.min((alphaS - alphaT) / alphaT, most(alphaS, alphaT));
        }
    }

    private static void requireShare(String name, double value) {
        if (!(value >= 0 && value <= 1)) {
            throw new IllegalArgumentException("remasking: " + name + " " + value + " is outside [0, 1]");
        }
    }
}
