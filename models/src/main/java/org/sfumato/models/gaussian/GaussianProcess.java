package org.sfumato.models.gaussian;

import java.util.Collections;
import java.util.List;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Latents under Gaussian noise, `z = a x + s e`, and a network that undoes it.
///
/// @param schedule which levels there are, and what a network is told of them
/// @param parameterisation what a network predicts
public record GaussianProcess(GaussianSchedule schedule, Parameterisation parameterisation) {
    /// `a x + s e`, each row at a level of its own. Shapes: x and e (B, N, D) -> (B, N, D).
    public Tensor noisy(Tensor x, Tensor e, List<NoiseLevel> levels) {
        return x.mul(NoiseLevel.rows(levels, NoiseLevel::signal, x))
                .add(e.mul(NoiseLevel.rows(levels, NoiseLevel::noise, x)));
    }

    /// Standard normal noise for `x`.
    public static Tensor noise(Tensor x, Rng rng) {
        return NoiseLevel.noise(x.shape(), rng, x);
    }

    /// What the network reads at `z`. Shapes: z (B, N, D).
    ///
    /// @param condition or `null`
    /// @param estimate or `null`
    public NoisyLatents input(Tensor z, List<NoiseLevel> levels, Condition condition, Tensor estimate) {
        return new NoisyLatents(z.mul(NoiseLevel.rows(levels, parameterisation::in, z)),
                NoiseLevel.vector(levels, NoiseLevel::time, z), condition, estimate);
    }

    /// The clean latents by the network's prediction. Shapes: z and prediction (B, N, D) -> (B, N, D).
    public Tensor clean(Tensor z, Tensor prediction, List<NoiseLevel> levels) {
        return z.mul(NoiseLevel.rows(levels, parameterisation::skip, z))
                .add(prediction.mul(NoiseLevel.rows(levels, parameterisation::out, z)));
    }

    /// What the network is to predict. Shapes: x and e (B, N, D) -> (B, N, D).
    public Tensor target(Tensor x, Tensor e, List<NoiseLevel> levels) {
        return x.mul(NoiseLevel.rows(levels, parameterisation::signal, x))
                .add(e.mul(NoiseLevel.rows(levels, parameterisation::noise, x)));
    }

    /// The clean latents as `network` predicts them from `z`, all rows at one level. Shapes: z (B, N, D) -> (B, N, D).
    ///
    /// @param condition or `null`
    /// @param estimate what was predicted before, or `null`
    public Tensor denoised(LatentDenoiser network, Tensor z, NoiseLevel level, Condition condition, Tensor estimate) {
        var levels = Collections.nCopies(Math.toIntExact(z.size(0)), level);
        return clean(z, network.forward(input(z, levels, condition, estimate), Pass.INFERENCE), levels);
    }
}
