package org.sfumato.cli.train;

import static org.sfumato.cli.shared.Common.or;

import java.util.Locale;
import org.sfumato.cli.shared.Common;
import org.sfumato.models.gaussian.ContinuousSchedule;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.GaussianSchedule;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.SigmaSchedule;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.training.LatentTrainingConfig;
import org.sfumato.tensor.Precision;
import picocli.CommandLine.Option;

/// What a user may change in a [LatentRecipe].
final class LatentOptions {
    @Option(names = "--schedule", description = "${COMPLETION-CANDIDATES}: levels of noise.")
    Schedule schedule;

    @Option(names = "--shift", paramLabel = "X", description = "All signal scaled by X, below 1 for more noise; of a "
            + "continuous schedule.")
    Double shift;

    @Option(names = "--predict", description = "${COMPLETION-CANDIDATES}: what the network predicts.")
    Target predict;

    @Option(names = "--weighting", description = "${COMPLETION-CANDIDATES}: how much the error at a level counts.")
    Weight weighting;

    @Option(names = "--scaling", description = "${COMPLETION-CANDIDATES}: how latents are standardised.")
    LatentRecipe.Scaling scaling;

    @Option(names = "--context", paramLabel = "N", description = "Latents before that are the condition; 0: none.")
    Integer context;

    @Option(names = "--unconditional", paramLabel = "P", description = "The share of rows without condition.")
    Double unconditional;

    @Option(names = "--batch", paramLabel = "N", description = "Rows of a step.")
    Integer batch;

    @Option(names = "--lr", paramLabel = "X", description = "Height of the learning rate.")
    Double rate;

    @Option(names = "--ema", paramLabel = "X", description = "Largest decay of the weights' average; 0: none.")
    Double average;

    @Option(names = "--warmup", paramLabel = "N", description = "Steps in which the learning rate rises.")
    Integer warmup;

    /// `--schedule`.
    enum Schedule {
        LINEAR, SCALED_LINEAR, COSINE_TABLE, COSINE, SIGMOID, LAPLACE, V_DIFFUSION, KARRAS, LOG_NORMAL;

        GaussianSchedule of() {
            return switch (this) {
                case LINEAR -> DiscreteSchedule.linear();
                case SCALED_LINEAR -> DiscreteSchedule.scaledLinear();
                case COSINE_TABLE -> DiscreteSchedule.cosine();
                case COSINE -> new ContinuousSchedule.Cosine();
                case SIGMOID -> new ContinuousSchedule.Sigmoid(-3, 3, 1);
                case LAPLACE -> new ContinuousSchedule.Laplace(0, .5);
                case V_DIFFUSION -> new SigmaSchedule.VDiffusion(1e-3, 1e3, 1);
                case KARRAS -> new SigmaSchedule.Karras(.01, 100, 7);
                case LOG_NORMAL -> SigmaSchedule.LogNormal.edm(1);
            };
        }

        @Override
        public String toString() {
            return label(this);
        }
    }

    /// `--predict`.
    enum Target {
        EPSILON, X0, V, EDM, SCALED_X0;

        Parameterisation of() {
            return switch (this) {
                case EPSILON -> new Parameterisation.Epsilon();
                case X0 -> new Parameterisation.X0();
                case V -> new Parameterisation.V();
                case EDM -> new Parameterisation.Edm(1);
                case SCALED_X0 -> new Parameterisation.ScaledX0(1);
            };
        }

        @Override
        public String toString() {
            return label(this);
        }
    }

    /// `--weighting`.
    enum Weight {
        SIMPLE, EPSILON_ERROR, X0_ERROR, MIN_SNR, SOFT_MIN_SNR, EDM;

        Weighting of() {
            return switch (this) {
                case SIMPLE -> new Weighting.Simple();
                case EPSILON_ERROR -> new Weighting.EpsilonError();
                case X0_ERROR -> new Weighting.X0Error();
                case MIN_SNR -> new Weighting.MinSnr(5);
                case SOFT_MIN_SNR -> new Weighting.SoftMinSnr(1);
                case EDM -> new Weighting.Edm(1);
            };
        }

        @Override
        public String toString() {
            return label(this);
        }
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// Refuses what no training can have.
    void check(Common common) {
        common.atLeast(1, "--batch", batch);
        common.atLeast(0, "--context", context);
        common.atLeast(0, "--warmup", warmup);
        common.positive("--lr", rate);
        common.positive("--shift", shift);
        common.notNegative("--ema", average == null ? 0 : average);
        common.notNegative("--unconditional", unconditional == null ? 0 : unconditional);
    }

    /// `recipe` as the options change it, in `precision`.
    LatentRecipe apply(LatentRecipe recipe, Precision precision) {
        var training = recipe.training();
        var objective = recipe.objective();
        var process = new GaussianProcess(shifted(schedule == null ? objective.process().schedule() : schedule.of()),
                predict == null ? objective.process().parameterisation() : predict.of());
        return new LatentRecipe(recipe.network(), new LatentTrainingConfig(or(batch, training.batch()),
                or(context, training.context()), or(rate, training.learningRate()), training.beta1(), training.beta2(),
                training.weightDecay(), training.clip(), or(warmup, training.warmup()), training.course(),
                or(average, training.average()), training.power(), training.seed(), precision),
                new DenoisingObjective(process, weighting == null ? objective.weighting() : weighting.of(),
                        objective.levels(), or(unconditional, objective.unconditional()), objective.selfConditioned()),
                scaling == null ? recipe.scaling() : scaling);
    }

    private GaussianSchedule shifted(GaussianSchedule usual) {
        if (shift == null) {
            return usual;
        }
        if (!(usual instanceof ContinuousSchedule continuous)) {
            throw new IllegalArgumentException("--shift is of a continuous schedule, this one is " + usual
                    + "\nhint: --schedule cosine, sigmoid or laplace");
        }
        return new ContinuousSchedule.Shifted(continuous, shift);
    }
}
