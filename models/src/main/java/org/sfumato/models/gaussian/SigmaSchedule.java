package org.sfumato.models.gaussian;

/// Noise whose variance explodes, `z = x + sigma e`. A network is told `ln(sigma) / 4`.
public sealed interface SigmaSchedule extends GaussianSchedule {
    /// Sigma at u in [0, 1], rising.
    double sigma(double u);

    @Override
    default NoiseLevel level(double u) {
        return at(sigma(u));
    }

    @Override
    default NoiseLevel at(double sigma) {
        return new NoiseLevel(1, sigma, Math.log(sigma) / 4);
    }

    /// The distribution of v-diffusion with a cosine schedule, cut to a range: `sigma = d tan(pi v / 2)`, v even
    /// between
    /// `2/pi atan(min / d)` and `2/pi atan(max / d)`. Source: k-diffusion, rand_v_diffusion.
    ///
    /// @param min the least sigma
    /// @param max the largest sigma
    /// @param deviation d, the standard deviation of the data
    record VDiffusion(double min, double max, double deviation) implements SigmaSchedule {
        /// Checks the values.
        public VDiffusion {
            requireRange(min, max);
            if (!(deviation > 0)) {
                throw new IllegalArgumentException("schedule: the data's deviation " + deviation + " must be positive");
            }
        }

        @Override
        public double sigma(double u) {
            double low = Math.atan(min / deviation);
            double high = Math.atan(max / deviation);
            return deviation * Math.tan(low + u * (high - low));
        }
    }

    /// `sigma = (min^(1/rho) + u (max^(1/rho) - min^(1/rho)))^rho`. Source: Karras et al. 2022, arXiv 2206.00364,
    /// equation 5.
    ///
    /// @param min the least sigma
    /// @param max the largest sigma
    /// @param rho usually 7
    record Karras(double min, double max, double rho) implements SigmaSchedule {
        /// Checks the values.
        public Karras {
            requireRange(min, max);
            if (!(rho > 0)) {
                throw new IllegalArgumentException("schedule: rho " + rho + " must be positive");
            }
        }

        @Override
        public double sigma(double u) {
            double low = Math.pow(min, 1 / rho);
            double high = Math.pow(max, 1 / rho);
            return u == 0 ? min : u == 1 ? max : Math.pow(low + u * (high - low), rho);
        }
    }

    /// `ln sigma` normal: `sigma = exp(mean + deviation q(u))` with q the quantiles of the standard normal
    /// distribution. EDM trains with it. Source: Karras et al. 2022, arXiv 2206.00364, table 1.
    ///
    /// @param mean of `ln sigma`, P_mean
    /// @param deviation of `ln sigma`, P_std, above 0
    record LogNormal(double mean, double deviation) implements SigmaSchedule {
        /// Checks the values.
        public LogNormal {
            if (!Double.isFinite(mean) || !(deviation > 0 && deviation < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("schedule: ln sigma of mean " + mean + " and deviation " + deviation
                        + ", which must be finite and positive");
            }
        }

        /// EDM's, whose data have a deviation of 1/2: mean -1.2, deviation 1.2; for data of another one all noise is
        /// scaled with it.
        ///
        /// @param data their deviation, above 0
        public static LogNormal edm(double data) {
            return new LogNormal(-1.2 + Math.log(2 * data), 1.2);
        }

        @Override
        public double sigma(double u) {
            return Math.exp(mean + deviation * NormalQuantile.of(u));
        }
    }

    private static void requireRange(double min, double max) {
        if (!(min > 0 && min < max && max < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("schedule: sigma from " + min + " to " + max + " must rise above 0");
        }
    }
}
