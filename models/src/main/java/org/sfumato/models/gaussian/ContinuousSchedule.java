package org.sfumato.models.gaussian;

/// Noise that preserves variance over a continuous u in [0, 1], by the logarithm of the signal-to-noise ratio `L(u) =
/// ln(alphaBar / (1 - alphaBar))`, held within [-20, 20]. A network is told 1000 u.
public sealed interface ContinuousSchedule extends GaussianSchedule {
    /// The largest logarithm of the signal-to-noise ratio, and the negative of the least.
    double LIMIT = 20;

    /// A network is told this times u.
    double TIMES = 1000;

    /// `L(u)`, falling; may be infinite at the ends.
    double logSnr(double u);

    /// The u at which it is `logSnr`.
    double u(double logSnr);

    @Override
    default NoiseLevel level(double u) {
        return of(Math.clamp(logSnr(u), -LIMIT, LIMIT), u);
    }

    @Override
    default NoiseLevel at(double sigma) {
        double logSnr = -2 * Math.log(sigma);
        return of(logSnr, Math.clamp(u(logSnr), 0, 1));
    }

    private static NoiseLevel of(double logSnr, double u) {
        return new NoiseLevel(Math.sqrt(sigmoid(logSnr)), Math.sqrt(sigmoid(-logSnr)), TIMES * u);
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /// `alphaBar = cos^2(pi u / 2)`. Source: Nichol and Dhariwal 2021, arXiv 2102.09672, without its offset.
    record Cosine() implements ContinuousSchedule {
        @Override
        public double logSnr(double u) {
            return -2 * Math.log(Math.tan(Math.PI / 2 * u));
        }

        @Override
        public double u(double logSnr) {
            return 2 / Math.PI * Math.atan(Math.exp(-logSnr / 2));
        }
    }

    /// `alphaBar = (f(end) - f(start + u (end - start))) / (f(end) - f(start))` with `f(x) = sigmoid(x / tau)`. Source:
    /// Jabri et al. 2022, arXiv 2212.11972, algorithm 3.
    ///
    /// @param start usually -3
    /// @param end usually 3
    /// @param tau usually 1
    record Sigmoid(double start, double end, double tau) implements ContinuousSchedule {
        /// Checks the values.
        public Sigmoid {
            if (!(start < end) || !(tau > 0)) {
                throw new IllegalArgumentException("sigmoid schedule: start " + start + " must be below end " + end
                        + ", tau " + tau + " positive");
            }
        }

        @Override
        public double logSnr(double u) {
            double noise = (f(start + u * (end - start)) - f(start)) / (f(end) - f(start));
            return Math.log(1 - noise) - Math.log(noise);
        }

        @Override
        public double u(double logSnr) {
            double f = f(start) + sigmoid(-logSnr) * (f(end) - f(start));
            return (tau * Math.log(f / (1 - f)) - start) / (end - start);
        }

        private double f(double x) {
            return sigmoid(x / tau);
        }
    }

    /// `L = mu - b sgn(1/2 - u) ln(1 - 2 |u - 1/2|)`: logarithms of the signal-to-noise ratio from a Laplace
    /// distribution, most of the levels near mu. Source: Hang et al. 2024, arXiv 2407.03297, table 1.
    ///
    /// @param mu its centre
    /// @param b its width, above 0
    record Laplace(double mu, double b) implements ContinuousSchedule {
        /// Checks the values.
        public Laplace {
            if (!(b > 0)) {
                throw new IllegalArgumentException("laplace schedule: the width " + b + " must be positive");
            }
        }

        @Override
        public double logSnr(double u) {
            return u < .5 ? mu - b * Math.log(2 * u) : mu + b * Math.log(2 * (1 - u));
        }

        @Override
        public double u(double logSnr) {
            double tail = .5 * Math.exp(-Math.abs(logSnr - mu) / b);
            return logSnr > mu ? tail : 1 - tail;
        }
    }

    /// Another schedule with all signal scaled by `scale`: `L + 2 ln scale`. Source: Hoogeboom et al. 2023, arXiv
    /// 2301.11093, section 3.1.
    ///
    /// @param scale below 1 makes everything noisier
    record Shifted(ContinuousSchedule schedule, double scale) implements ContinuousSchedule {
        /// Checks the scale.
        public Shifted {
            if (!(scale > 0)) {
                throw new IllegalArgumentException("shifted schedule: the scale " + scale + " must be positive");
            }
        }

        @Override
        public double logSnr(double u) {
            return schedule.logSnr(u) + 2 * Math.log(scale);
        }

        @Override
        public double u(double logSnr) {
            return schedule.u(logSnr - 2 * Math.log(scale));
        }
    }
}
