package org.sfumato.models.diffusion;

/// The share of signal `alpha(t)`, which falls from 1 at time 0 (text) to 0 at time 1 (noise). The value of a
/// variational bound does not depend on it, its variance does.
public enum NoiseSchedule {
    /// `1 - t`. Source: Sahoo et al. 2024, arXiv 2406.07524, who call it log-linear.
    LINEAR {
        @Override
        public double alpha(double t) {
            return 1 - t;
        }

        @Override
        public double slope(double t) {
            return -1;
        }
    },
    /// `1 - cos(pi (1 - t) / 2)`. Source: Shi et al. 2024, arXiv 2406.04329, table 1.
    COSINE {
        @Override
        public double alpha(double t) {
            return 1 - Math.cos(Math.PI / 2 * (1 - t));
        }

        @Override
        public double slope(double t) {
            return -Math.PI / 2 * Math.sin(Math.PI / 2 * (1 - t));
        }
    },
    /// `1 - t^2`. Source: Shi et al. 2024, table 1, polynomial with w = 2.
    QUADRATIC {
        @Override
        public double alpha(double t) {
            return 1 - t * t;
        }

        @Override
        public double slope(double t) {
            return -2 * t;
        }
    },
    /// `exp(-s(t))` with `s(t) = 1e-3 * 1e4^t` from 1e-3 to 10. Source: Lou et al. 2024, arXiv 2310.16834, geometric
    /// noise.
    GEOMETRIC {
        @Override
        public double alpha(double t) {
            return Math.exp(-total(t));
        }

        @Override
        public double slope(double t) {
            return -Math.log(1e4) * total(t) * alpha(t);
        }

        private static double total(double t) {
            return 1e-3 * Math.pow(1e4, t);
        }
    };

    /// The share of signal at time `t` in [0, 1].
    public abstract double alpha(double t);

    /// `d alpha / dt`, at most 0.
    public abstract double slope(double t);
}
