package org.sfumato.models.vae;

/// How much the divergence of the latents counts in a step of training.
public sealed interface KlWeight {
    /// The weight in step `step`, counted from 0, of a run of `total`.
    double at(long step, long total);

    /// `height sin^2(pi/2 min(step / steps, 1))`. Source: github.com/crowsonkb/LDLM, with 0.01 and 5000.
    record Sine(double height, long steps) implements KlWeight {
        /// Checks the numbers.
        public Sine {
            require(height >= 0 && steps >= 1, "a height of " + height + " over " + steps + " steps");
        }

        @Override
        public double at(long step, long total) {
            double rise = Math.sin(Math.PI / 2 * Math.min((double) step / steps, 1));
            return height * rise * rise;
        }
    }

    /// `cycles` times in the run: 0 for the share `zero` of a cycle, then straight up to `height` over the share
    /// `rise`, then `height`. Source: Fu et al. 2019, arXiv 1903.10145; with 4, 1/4 and 1/4: AdaVAE.
    record Cyclic(double height, int cycles, double zero, double rise) implements KlWeight {
        /// Checks the numbers.
        public Cyclic {
            require(height >= 0 && cycles >= 1 && zero >= 0 && rise > 0 && zero + rise <= 1, cycles
                    + " cycles of zero " + zero + " and rise " + rise);
        }

        @Override
        public double at(long step, long total) {
            double cycle = (double) total / cycles;
            double share = step % cycle / cycle;
            return height * Math.clamp((share - zero) / rise, 0, 1);
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalArgumentException("vae: no weight of the divergence has " + what);
        }
    }
}
