package org.sfumato.nn.optim;

/// The learning rate over a run, as a fraction of its height: it rises linearly from 0 over `warmup` steps, then takes
/// its course to the last of `total` steps, and stays there.
public sealed interface Schedule {
    /// Steps of linear rise; step `s < warmup` has `(s + 1) / warmup`.
    long warmup();

    /// The fraction after the rise, at `progress` in [0, 1] between its end and the end of the run.
    double course(double progress);

    /// Steps of the whole run.
    long total();

    /// The fraction in [0, 1] of step `step`, the first one being 0.
    default double at(long step) {
        if (step < warmup()) {
            return (step + 1.0) / warmup();
        }
        long length = Math.max(1, total() - warmup());
        return course(Math.min(1.0, (double) (step - warmup()) / length));
    }

    /// Always at its height after the rise.
    record Constant(long warmup, long total) implements Schedule {
        @Override
        public double course(double progress) {
            return 1;
        }
    }

    /// Straight down to `floor`.
    record Linear(long warmup, long total, double floor) implements Schedule {
        @Override
        public double course(double progress) {
            return 1 - (1 - floor) * progress;
        }
    }

    /// Down to `floor` along half a cosine. Source: Loshchilov and Hutter 2017, arXiv 1608.03983.
    record Cosine(long warmup, long total, double floor) implements Schedule {
        @Override
        public double course(double progress) {
            return floor + (1 - floor) * .5 * (1 + Math.cos(Math.PI * progress));
        }
    }

    /// Warm-up, stable, decay: at its height, then straight down to `floor` in the last part `decay` of the run.
    /// Source: Hu et al. 2024, arXiv 2404.06395.
    record Wsd(long warmup, long total, double decay, double floor) implements Schedule {
        @Override
        public double course(double progress) {
            return progress <= 1 - decay ? 1 : floor + (1 - floor) * (1 - progress) / decay;
        }
    }
}
