package org.sfumato.models.gaussian;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// The mean of `w (x^ - x)^2` over levels, noise, rows and elements, computed as the weighted squared error of what the
/// network predicts.
///
/// @param process of the noise
/// @param weighting w
/// @param levels how the levels of a batch are drawn
/// @param unconditional the share of rows whose condition is dropped, so that one network learns to predict with and
///     without it; in [0, 1]. Source: Ho and Salimans 2022, arXiv 2207.12598
/// @param selfConditioned the share of batches in which a [SelfConditionedDenoiser] reads its own first prediction,
///     through which no gradient flows; in [0, 1]. Source: Chen et al. 2022, arXiv 2208.04202
public record DenoisingObjective(GaussianProcess process, Weighting weighting, Draw levels, double unconditional,
        double selfConditioned) implements LatentObjective<LatentDenoiser> {
    private static final int LEVELS = 0;
    private static final int NOISE = 1;
    private static final int CONDITION = 2;
    private static final int ESTIMATE = 3;

    /// How the levels of a batch are drawn.
    public enum Draw {
        /// Each by itself.
        APART,
        /// Spread evenly over u, with one random shift: less variance.
        STRATIFIED
    }

    /// Checks the values.
    public DenoisingObjective {
        if (!(unconditional >= 0 && unconditional <= 1) || !(selfConditioned >= 0 && selfConditioned <= 1)) {
            throw new IllegalArgumentException("denoising: the shares without condition, " + unconditional
                    + ", and with self-conditioning, " + selfConditioned + ", must lie in [0, 1]");
        }
    }

    /// Stratified levels, a condition never dropped, self-conditioning in half of the batches.
    public static DenoisingObjective of(GaussianProcess process, Weighting weighting) {
        return new DenoisingObjective(process, weighting, Draw.STRATIFIED, 0, .5);
    }

    @Override
    public Tensor loss(LatentDenoiser network, LatentBatch batch, Rng rng, Pass pass) {
        var x = batch.latents();
        int rows = Math.toIntExact(x.size(0));
        var drawn = switch (levels) {
            case APART -> process.schedule().drawApart(rows, rng.fold(LEVELS));
            case STRATIFIED -> process.schedule().draw(rows, rng.fold(LEVELS));
        };
        var e = GaussianProcess.noise(x, rng.fold(NOISE));
        var z = process.noisy(x, e, drawn);
        var condition = batch.condition() == null || unconditional == 0 ? batch.condition()
                : batch.condition().where(Tensor.bernoulli(x.shape().range(0, 1), 1 - unconditional,
                        rng.fold(CONDITION), x.device()));
        Tensor estimate = null;
        if (network instanceof SelfConditionedDenoiser && rng.fold(ESTIMATE).uniformDouble(0) < selfConditioned) {
            estimate = Dispatch.unrecorded(() -> process.clean(z,
                    network.forward(process.input(z, drawn, condition, null), pass), drawn));
        }
        var prediction = network.forward(process.input(z, drawn, condition, estimate), pass);
        var weights = NoiseLevel.rows(drawn, level -> weighting.of(level, process.parameterisation()), x);
        return prediction.sub(process.target(x, e, drawn)).square().mul(weights).mean().cast(DType.F32);
    }
}
