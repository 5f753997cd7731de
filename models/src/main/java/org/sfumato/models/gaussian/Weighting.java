package org.sfumato.models.gaussian;

/// How much the error at a level counts: the loss is the mean of `w (x^ - x)^2`.
public sealed interface Weighting {
    /// The weight of the squared error of what the network predicts, which is `w out^2`.
    double of(NoiseLevel level, Parameterisation parameterisation);

    /// The plain squared error of what the network predicts; with [Parameterisation.Epsilon] DDPM's simple loss, with
    /// [Parameterisation.Edm] EDM's. Sources: Ho et al. 2020, arXiv 2006.11239, equation 14; Karras et al. 2022, arXiv
    /// 2206.00364, equation 8.
    record Simple() implements Weighting {
        @Override
        public double of(NoiseLevel level, Parameterisation parameterisation) {
            return 1;
        }
    }

    /// The squared error of the noise, whatever is predicted: `w = SNR`.
    record EpsilonError() implements Weighting {
        @Override
        public double of(NoiseLevel level, Parameterisation parameterisation) {
            double ratio = parameterisation.out(level) / level.sigma();
            return ratio * ratio;
        }
    }

    /// The squared error of the clean latents, whatever is predicted: `w = 1`.
    record X0Error() implements Weighting {
        @Override
        public double of(NoiseLevel level, Parameterisation parameterisation) {
            double out = parameterisation.out(level);
            return out * out;
        }
    }

    /// `w = min(SNR, gamma)`. Source: Hang et al. 2023, arXiv 2303.09556.
    ///
    /// @param gamma usually 5
    record MinSnr(double gamma) implements Weighting {
        /// Checks gamma.
        public MinSnr {
            requirePositive(gamma);
        }

        @Override
        public double of(NoiseLevel level, Parameterisation parameterisation) {
            double out = parameterisation.out(level);
            return Math.min(level.snr(), gamma) * out * out;
        }
    }

    /// `w = SNR gamma / (SNR + gamma)`, which is `1 / (sigma^2 + d^2)` for `gamma = 1 / d^2`. Source: Crowson et al.
    /// 2024, arXiv 2401.11605, section 4.4.
    ///
    /// @param gamma where it turns
    record SoftMinSnr(double gamma) implements Weighting {
        /// Checks gamma.
        public SoftMinSnr {
            requirePositive(gamma);
        }

        @Override
        public double of(NoiseLevel level, Parameterisation parameterisation) {
            double out = parameterisation.out(level);
            double sigma = level.sigma();
            return out * out / (sigma * sigma + 1 / gamma);
        }
    }

    /// `w = (sigma^2 + d^2) / (sigma d)^2`. Source: Karras et al. 2022, arXiv 2206.00364, table 1.
    ///
    /// @param deviation d, that of the data
    record Edm(double deviation) implements Weighting {
        /// Checks the deviation.
        public Edm {
            requirePositive(deviation);
        }

        @Override
        public double of(NoiseLevel level, Parameterisation parameterisation) {
            double out = parameterisation.out(level);
            double sigma = level.sigma();
            return (1 / (deviation * deviation) + 1 / (sigma * sigma)) * out * out;
        }
    }

    private static void requirePositive(double value) {
        if (!(value > 0)) {
            throw new IllegalArgumentException("weighting: " + value + " must be positive");
        }
    }
}
