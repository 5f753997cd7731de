package org.sfumato.cli.train;

import java.util.Locale;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.DenoisingObjective.Draw;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.SelfConditioned;
import org.sfumato.models.gaussian.SigmaSchedule;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.gist.MlpUnetConfig;
import org.sfumato.models.gist.UNet2dConfig;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.models.ldlm.ContextLdlmConfig;
import org.sfumato.models.ldlm.LdlmConfig;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.reverse.TimeWaves;
import org.sfumato.models.training.LatentTrainingConfig;

/// What `sfumato train latent` trains unless options say otherwise.
///
/// @param network its settings
/// @param training the recipe
/// @param objective what is minimised
/// @param scaling how latents are standardised
public record LatentRecipe(LatentNetworkConfig network, LatentTrainingConfig training, DenoisingObjective objective,
        Scaling scaling) {
    private static final double LEAST_SIGMA = 1e-3;
    private static final double MOST_SIGMA = 1e3;

    /// The networks that can be trained.
    public enum DenoiserKind {
        REVERSE, LDLM, LDLM_CONTEXT, MLP_UNET, UNET2D, TRANSFORMER;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /// Recipes.
    public enum Size {
        /// Small networks with normalised latents, which learn in minutes on a CPU.
        SMALL,
        /// As published: sizes, defaults and defects.
        PUBLISHED
    }

    /// How latents are standardised.
    public enum Scaling {
        /// Mean and deviation of each number apart.
        EACH,
        /// By one root mean square, the mean staying where it is.
        SCALE,
        /// Not at all.
        NONE;

        public LatentStatistics of(LatentTable table) {
            return switch (this) {
                case EACH -> LatentStatistics.of(table.latents());
                case SCALE -> LatentStatistics.scale(table.latents());
                case NONE -> LatentStatistics.none(table.latents());
            };
        }
    }

    /// The recipe of a network for latents as those in `table`.
    public static LatentRecipe of(DenoiserKind kind, Size size, LatentTable table, long seed) {
        int d = table.width();
        boolean small = size == Size.SMALL;
        return switch (kind) {
            case REVERSE -> small ? reverse(d, table.vectors(), seed) : publishedReverse(d, table.vectors(), seed);
            case LDLM -> ldlm(small ? LdlmConfig.small(d) : withWidth(LdlmConfig.published(), d),
                    small ? LatentTrainingConfig.ldlm(seed).with(64, 1, 1e-3, .999, 50)
                            : LatentTrainingConfig.ldlm(seed));
            case LDLM_CONTEXT -> context(small ? ContextLdlmConfig.small(d, 8)
                            : withWidth(ContextLdlmConfig.published(), d),
                    small ? LatentTrainingConfig.ldlmContext(seed).with(64, 8, 1e-3, .999, 50)
                            : LatentTrainingConfig.ldlmContext(seed));
            case MLP_UNET -> ddpm(small ? MlpUnetConfig.small(table.vectors(), d)
                    : MlpUnetConfig.published(table.vectors(), d), small, seed);
            case UNET2D -> ddpm(small ? UNet2dConfig.small(table.vectors(), d)
                    : UNet2dConfig.published(table.vectors(), d), small, seed);
            case TRANSFORMER -> ddpm(small ? LatentTransformerConfig.small(table.vectors(), d)
                    : LatentTransformerConfig.large(table.vectors(), d), small, seed);
        };
    }

    /// The noise predicted in 1000 steps of linear betas. The small ones learn from standardised latents, with an
    /// average, and predict v: a noise that is a little wrong at the last steps makes clean latents that are far off.
    private static LatentRecipe ddpm(LatentNetworkConfig network, boolean small, long seed) {
        var training = LatentTrainingConfig.ddpm(seed);
        return new LatentRecipe(network, small ? training.with(64, 0, 1e-3, .999, 50) : training,
                new DenoisingObjective(new GaussianProcess(DiscreteSchedule.linear(),
                        small ? new Parameterisation.V() : new Parameterisation.Epsilon()), new Weighting.Simple(),
                        small ? Draw.STRATIFIED : Draw.APART, 0, 0),
                small ? Scaling.EACH : Scaling.NONE);
    }

    /// The same with a network that reads its own last prediction, in half of the steps of training.
    LatentRecipe selfConditioned() {
        var o = objective;
        return new LatentRecipe(new SelfConditioned.Config(network), training, new DenoisingObjective(o.process(),
                o.weighting(), o.levels(), o.unconditional(), .5), scaling);
    }

    private static LatentRecipe reverse(int width, int vectors, long seed) {
        return new LatentRecipe(ReverseTransformerConfig.small(width, vectors),
                LatentTrainingConfig.ddpm(seed).with(64, 0, 1e-3, .999, 50),
                new DenoisingObjective(new GaussianProcess(DiscreteSchedule.scaledLinear(), new Parameterisation.V()),
                        new Weighting.Simple(), Draw.STRATIFIED, 0, 0), Scaling.EACH);
    }

    /// Latents as they are, the clean ones predicted, two rows of a step, no average: the authors'.
    private static LatentRecipe publishedReverse(int width, int vectors, long seed) {
        var p = ReverseTransformerConfig.published();
        return new LatentRecipe(new ReverseTransformerConfig(width, p.heads(), p.encoderLayers(), p.decoderLayers(),
                p.hidden(), p.dropout(), vectors, TimeWaves.GEOMETRIC), LatentTrainingConfig.reverse(seed),
                new DenoisingObjective(new GaussianProcess(DiscreteSchedule.scaledLinear(), new Parameterisation.X0()),
                        new Weighting.Simple(), Draw.APART, 0, 0), Scaling.NONE);
    }

    private static LdlmConfig withWidth(LdlmConfig config, int width) {
        return new LdlmConfig(config.layers(), config.hidden(), config.heads(), width, config.context());
    }

    private static ContextLdlmConfig withWidth(ContextLdlmConfig c, int width) {
        return new ContextLdlmConfig(c.layers(), c.hidden(), c.inner(), c.heads(), width, c.context(), c.deviation());
    }

    private static LatentRecipe ldlm(LdlmConfig network, LatentTrainingConfig training) {
        return new LatentRecipe(network, training, new DenoisingObjective(
                new GaussianProcess(new SigmaSchedule.VDiffusion(LEAST_SIGMA, MOST_SIGMA, 1),
                        new Parameterisation.Edm(1)), new Weighting.EpsilonError(), Draw.STRATIFIED, .2, 0),
                Scaling.SCALE);
    }

    private static LatentRecipe context(ContextLdlmConfig network, LatentTrainingConfig training) {
        return new LatentRecipe(network, training, new DenoisingObjective(
                new GaussianProcess(new SigmaSchedule.VDiffusion(LEAST_SIGMA, MOST_SIGMA, 1),
                        new Parameterisation.ScaledX0(1)), new Weighting.SoftMinSnr(1), Draw.STRATIFIED, 0, 0),
                Scaling.SCALE);                                         // no condition at all is one case among others
    }
}
