package org.sfumato.models.gaussian;

import java.util.function.BiFunction;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// How one step goes from a noise level to a lower one. All of them work at any scale of signal and noise.
public sealed interface Solver {
    /// The latents at `step.to()`.
    Tensor next(Step step);

    /// Where the step from `z` at `level` really begins: there, or with more noise put on before the network is asked.
    ///
    /// @param schedule says what a network is told at another level
    /// @param steps of the whole path
    default Start begin(Tensor z, NoiseLevel level, GaussianSchedule schedule, int steps, Rng rng) {
        return new Start(z, level);
    }

    /// Latents at a level.
    record Start(Tensor z, NoiseLevel level) { }

    /// True if the solver draws random numbers, so that the same noise need not give the same latents.
    boolean isRandom();

    /// A step to be made.
    ///
    /// @param now what is predicted at the latents as they are
    /// @param before what was predicted in the step before, or `null` in the first one
    /// @param to the level to go to
    /// @param denoise what is predicted for other latents at another level
    /// @param rng of this step
    record Step(Prediction now, Prediction before, NoiseLevel to, BiFunction<Tensor, NoiseLevel, Prediction> denoise,
            Rng rng) {
        /// `a_to x^ + s_to e^`: the same noise, less of it.
        private Tensor along(Tensor noise, double share) {
            return now.clean().mul(to.signal()).add(noise.mul(share));
        }

        private Tensor withNoise(Tensor z, double deviation) {
            return deviation > 0 ? z.add(NoiseLevel.noise(z.shape(), rng, z).mul(deviation)) : z;
        }
    }

    /// Steps of the Markov chain: a draw from `q(z_s | z_t, x^)`, for any two levels. At the last one the mean is
    /// taken.
    /// Source: Ho et al. 2020, arXiv 2006.11239, equations 6 and 7; its equation for beta holds for steps of one only,
    /// this one for strides too.
    ///
    /// @param variance of the draw
    record Ddpm(Variance variance) implements Solver {
        /// The variance of a draw.
        public enum Variance {
            /// That of `q(z_s | z_t, x)`, right for data of one point.
            SMALL,
            /// That of `q(z_t | z_s)`, right for standard normal data.
            LARGE
        }

        @Override
        public Tensor next(Step step) {
            var from = step.now().level();
            var to = step.to();
            double small = from.posteriorVariance(to);
            var mean = step.along(step.now().noiseOfClean(), Math.sqrt(to.noise() * to.noise() - small));
            double ratio = from.signal() / to.signal() * to.noise();
            return to.noise() == 0 ? mean : step.withNoise(mean, Math.sqrt(switch (variance) {
                case SMALL -> small;
                case LARGE -> from.noise() * from.noise() - ratio * ratio;
            }));
        }

        @Override
        public boolean isRandom() {
            return true;
        }
    }

    /// `a_to x^ + sqrt(s_to^2 - v) e^ + sqrt(v) n`, with v the variance of [Ddpm] times eta squared. Source: Song et
    /// al. 2021, arXiv 2010.02502, equations 12 and 16.
    ///
    /// @param eta 0 for no fresh noise, 1 for as much as in the Markov chain
    /// @param noise which noise is predicted where clean latents are clipped
    record Ddim(double eta, Noise noise) implements Solver {
        /// Which noise is predicted where clean latents are clipped.
        public enum Noise {
            /// That of the network.
            AS_PREDICTED,
            /// That which belongs to the clipped latents.
            OF_CLIPPED
        }

        /// Checks eta.
        public Ddim {
            requireEta(eta);
        }

        /// The network's noise.
        public Ddim(double eta) {
            this(eta, Noise.AS_PREDICTED);
        }

        @Override
        public Tensor next(Step step) {
            double variance = eta * eta * step.now().level().posteriorVariance(step.to());
            double left = step.to().noise() * step.to().noise() - variance;
            var predicted = switch (noise) {
                case AS_PREDICTED -> step.now().noise();
                case OF_CLIPPED -> step.now().noiseOfClean();
            };
            return step.withNoise(step.along(predicted, Math.sqrt(Math.max(0, left))), Math.sqrt(variance));
        }

        @Override
        public boolean isRandom() {
            return eta > 0;
        }
    }

    /// Euler's method on `dy/dsigma = (y - x^) / sigma`, `y = z / a`: `y + (sigma_to - sigma) (y - x^) / sigma`.
    /// Source: Karras et al. 2022, arXiv 2206.00364, equation 3 and algorithm 1.
    record Euler() implements Solver {
        @Override
        public Tensor next(Step step) {
            var y = step.now().z().mul(1 / step.now().level().signal());
            return y.add(slope(step.now()).mul(step.to().sigma() - step.now().level().sigma())).mul(step.to().signal());
        }

        @Override
        public boolean isRandom() {
            return false;
        }
    }

    /// Heun's method on the same equation, two predictions for a step: the mean of the slopes at both ends, but at the
    /// last step, where there is none at the end. Source: Karras et al. 2022, arXiv 2206.00364, algorithm 1.
    record Heun() implements Solver {
        @Override
        public Tensor next(Step step) {
            var euler = new Euler().next(step);
            if (step.to().noise() == 0) {
                return euler;
            }
            var mean = slope(step.now()).add(slope(step.denoise().apply(euler, step.to()))).mul(.5);
            var y = step.now().z().mul(1 / step.now().level().signal());
            return y.add(mean.mul(step.to().sigma() - step.now().level().sigma())).mul(step.to().signal());
        }

        @Override
        public boolean isRandom() {
            return false;
        }
    }

    /// Noise put on before each step, which then takes away more: from sigma to `s = sigma (1 + g)` by `y + sqrt(s^2 -
    /// sigma^2) S_noise n`, with `g = min(S_churn / steps, sqrt(2) - 1)` where sigma lies between the bounds. Source:
    /// Karras et al. 2022, arXiv 2206.00364, algorithm 2.
    ///
    /// @param solver what makes the steps: [Euler] or [Heun]
    /// @param churn S_churn, 0 for none
    /// @param least S_tmin
    /// @param most S_tmax
    /// @param noise S_noise, a little above 1 where a network takes too much noise away
    record Churned(Solver solver, double churn, double least, double most, double noise) implements Solver {
        private static final double LARGEST = Math.sqrt(2) - 1;

        /// Checks the values.
        public Churned {
            boolean fits = switch (solver) {
                case Euler _, Heun _ -> true;
                case Ddpm _, Ddim _, DpmSolver2M _, Iterated _, Churned _ -> false;
            };
            if (!fits) {
                throw new IllegalArgumentException("churn: " + solver + " draws noise of its own, or needs the step "
                        + "before\nhint: Euler or Heun");
            }
            if (!(churn >= 0) || !(least >= 0 && least <= most) || !(noise > 0)) {
                throw new IllegalArgumentException("churn: " + churn + " must be at least 0, sigma from " + least
                        + " to " + most + " rise, noise " + noise + " be positive");
            }
        }

        /// With plain noise at all levels.
        public Churned(Solver solver, double churn) {
            this(solver, churn, 0, Double.POSITIVE_INFINITY, 1);
        }

        @Override
        public Start begin(Tensor z, NoiseLevel level, GaussianSchedule schedule, int steps, Rng rng) {
            double sigma = level.sigma();
            if (churn == 0 || sigma < least || sigma > most) {
                return new Start(z, level);
            }
            var raised = schedule.at(sigma * (1 + Math.min(churn / steps, LARGEST)));
            double added = noise * Math.sqrt(raised.sigma() * raised.sigma() - sigma * sigma);
            return new Start(z.mul(raised.signal() / level.signal())
                    .add(NoiseLevel.noise(z.shape(), rng, z).mul(added * raised.signal())), raised);
        }

        @Override
        public Tensor next(Step step) {
            return solver.next(step);
        }

        @Override
        public boolean isRandom() {
            return churn > 0;
        }
    }

    /// DPM-Solver++(2M), and with eta above 0 its stochastic form: with `h = lambda_to - lambda`,
    ///
    ///   `s_to / s e^(-eta h) z + a_to (1 - e^(-(1 + eta) h)) D + s_to sqrt(1 - e^(-2 eta h)) n`,
    ///
    /// `D = x^ + h / (2 h_before) (x^ - x^_before)`, in the first step and to no noise `D = x^`. Sources: Lu et al.
    /// 2022, arXiv 2211.01095, algorithm 2; the stochastic form: k-diffusion, sample_dpmpp_2m_sde.
    ///
    /// @param eta 0 for no fresh noise, 1 for the stochastic differential equation
    record DpmSolver2M(double eta) implements Solver {
        /// Checks eta.
        public DpmSolver2M {
            requireEta(eta);
        }

        @Override
        public Tensor next(Step step) {
            var now = step.now();
            var to = step.to();
            if (to.noise() == 0) {
                return now.clean().mul(to.signal());
            }
            double h = to.lambda() - now.level().lambda();
            var data = now.clean();
            if (step.before() != null) {
                double hBefore = now.level().lambda() - step.before().level().lambda();
                data = data.add(data.sub(step.before().clean()).mul(h / (2 * hBefore)));
            }
            var z = now.z().mul(to.noise() / now.level().noise() * Math.exp(-eta * h))
                    .add(data.mul(-to.signal() * Math.expm1(-(1 + eta) * h)));
            return step.withNoise(z, to.noise() * Math.sqrt(-Math.expm1(-2 * eta * h)));
        }

        @Override
        public boolean isRandom() {
            return eta > 0;
        }
    }

    /// The clean latents as they are predicted take the place of the noisy ones, without regard to the level. No
    /// sampler of any process: what the Reverse Transformer's authors do, kept to show what comes of it.
    record Iterated() implements Solver {
        @Override
        public Tensor next(Step step) {
            return step.now().clean();
        }

        @Override
        public boolean isRandom() {
            return false;
        }
    }

    private static Tensor slope(Prediction at) {
        var y = at.z().mul(1 / at.level().signal());
        return y.sub(at.clean()).mul(1 / at.level().sigma());
    }

    private static void requireEta(double eta) {
        if (!(eta >= 0)) {
            throw new IllegalArgumentException("solver: eta " + eta + " must be at least 0");
        }
    }
}
