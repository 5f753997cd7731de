package org.sfumato.models.gaussian;

/// What a network F predicts, and how the clean latents come from it: at `z = a x + s e`,
///
///   `x^ = skip z + out F(in z)`, and F is to be `signal x + noise e`.
///
/// With `r = sqrt(a^2 + s^2)`, which is 1 where the variance is preserved.
public sealed interface Parameterisation {
    /// `in`.
    default double in(NoiseLevel level) {
        return 1 / level.spread();
    }

    /// `skip`.
    double skip(NoiseLevel level);

    /// `out`.
    double out(NoiseLevel level);

    /// The share of the clean latents in what F is to be.
    double signal(NoiseLevel level);

    /// The share of the noise in what F is to be.
    double noise(NoiseLevel level);

    /// The noise e. Source: Ho et al. 2020, arXiv 2006.11239.
    record Epsilon() implements Parameterisation {
        @Override
        public double skip(NoiseLevel level) {
            return 1 / level.signal();
        }

        @Override
        public double out(NoiseLevel level) {
            return -level.sigma();
        }

        @Override
        public double signal(NoiseLevel level) {
            return 0;
        }

        @Override
        public double noise(NoiseLevel level) {
            return 1;
        }
    }

    /// The clean latents x.
    record X0() implements Parameterisation {
        @Override
        public double skip(NoiseLevel level) {
            return 0;
        }

        @Override
        public double out(NoiseLevel level) {
            return 1;
        }

        @Override
        public double signal(NoiseLevel level) {
            return 1;
        }

        @Override
        public double noise(NoiseLevel level) {
            return 0;
        }
    }

    /// The velocity `(a e - s x) / r`. Source: Salimans and Ho 2022, arXiv 2202.00512.
    record V() implements Parameterisation {
        @Override
        public double skip(NoiseLevel level) {
            return level.signal() / (level.spread() * level.spread());
        }

        @Override
        public double out(NoiseLevel level) {
            return -level.noise() / level.spread();
        }

        @Override
        public double signal(NoiseLevel level) {
            return -level.noise() / level.spread();
        }

        @Override
        public double noise(NoiseLevel level) {
            return level.signal() / level.spread();
        }
    }

    /// With `y = z / a`, `sigma = s / a` and d the data's deviation: `x^ = d^2 / (sigma^2 + d^2) y + sigma d /
    /// sqrt(sigma^2 + d^2) F(y / sqrt(sigma^2 + d^2))`. Source: Karras et al. 2022, arXiv 2206.00364, table 1.
    ///
    /// @param deviation d
    record Edm(double deviation) implements Parameterisation {
        /// Checks the deviation.
        public Edm {
            requireDeviation(deviation);
        }

        @Override
        public double in(NoiseLevel level) {
            return 1 / norm(level, deviation);
        }

        @Override
        public double skip(NoiseLevel level) {
            double norm = norm(level, deviation);
            return level.signal() * deviation * deviation / (norm * norm);
        }

        @Override
        public double out(NoiseLevel level) {
            return level.noise() * deviation / norm(level, deviation);
        }

        @Override
        public double signal(NoiseLevel level) {
            return level.noise() / deviation / norm(level, deviation);
        }

        @Override
        public double noise(NoiseLevel level) {
            return -level.signal() * deviation / norm(level, deviation);
        }
    }

    /// The clean latents over their deviation d, seen through the scale of [Edm]: `x^ = d F(y / sqrt(sigma^2 + d^2))`.
    ///
    /// @param deviation d
    record ScaledX0(double deviation) implements Parameterisation {
        /// Checks the deviation.
        public ScaledX0 {
            requireDeviation(deviation);
        }

        @Override
        public double in(NoiseLevel level) {
            return 1 / norm(level, deviation);
        }

        @Override
        public double skip(NoiseLevel level) {
            return 0;
        }

        @Override
        public double out(NoiseLevel level) {
            return deviation;
        }

        @Override
        public double signal(NoiseLevel level) {
            return 1 / deviation;
        }

        @Override
        public double noise(NoiseLevel level) {
            return 0;
        }
    }

    private static double norm(NoiseLevel level, double deviation) {
        return Math.hypot(level.noise(), level.signal() * deviation);
    }

    private static void requireDeviation(double deviation) {
        if (!(deviation > 0)) {
            throw new IllegalArgumentException("parameterisation: the data's deviation " + deviation
                    + " must be positive");
        }
    }
}
