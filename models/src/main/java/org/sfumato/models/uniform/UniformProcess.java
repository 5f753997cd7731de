package org.sfumato.models.uniform;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.NoiseSchedule;
import org.sfumato.models.diffusion.Times;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Uniform-state diffusion: at time t a token is kept with probability alpha(t), else replaced by any of the K tokens,
/// itself among them: `q(z_t | x) = Cat(alpha x + (1 - alpha) / K)`.
/// Its bound is [UniformBound]'s.
///
/// @param vocabulary K, all of it text
public record UniformProcess(int vocabulary, NoiseSchedule schedule, double low, double high) implements NoiseProcess {
    /// The least time and the distance of the largest one from 1. Near time 0 the integrand is as `log(1 / t)` in the
    /// mean, so what is left out is about 2e-5 nats a token; the f32 terms of the bound hold there.
    public static final double EPSILON = 1e-6;

    /// Checks the values.
    public UniformProcess {
        Times.requireRange(low, high);
        if (vocabulary < 2) {
            throw new IllegalArgumentException("uniform process: a vocabulary of " + vocabulary + ", needed are 2");
        }
    }

    /// Linear, times from 1e-6 to 1 - 1e-6.
    public static UniformProcess of(int vocabulary) {
        return new UniformProcess(vocabulary, NoiseSchedule.LINEAR, EPSILON, 1 - EPSILON);
    }

    @Override
    public int ids() {
        return vocabulary;
    }

    @Override
    public double alpha(double t) {
        return schedule.alpha(t);
    }

    @Override
    public double noise(int token, double t) {
        return (1 - schedule.alpha(t)) / vocabulary;
    }

    @Override
    public double time(double u) {
        return low + (high - low) * u;
    }

    @Override
    public Noisy noise(Tensor ids, Times times, Rng rng) {
        var kept = times.map(schedule::alpha, ids.device());
        var keep = Tensor.uniform(ids.shape(), rng.fold(0)).to(ids.device()).lt(kept);
        var other = Tensor.integers(ids.shape(), vocabulary, rng.fold(1)).to(ids.device());
        return new Noisy(keep.where(ids, other), kept);
    }

    @Override
    public Tensor integrand(Denoiser network, Tensor ids, Noisy noisy, Times times, Pass pass) {
        return bound(network.forward(noisy, pass), ids, noisy.ids(), times);
    }

    /// The integrand from logits. Shapes: logits (B, T, K), ids and noisy (B, T) -> (B, T).
    public Tensor bound(Tensor logits, Tensor ids, Tensor noisy, Times times) {
        return new UniformBound(vocabulary).perSignal(logits, ids, noisy, times.each(schedule::alpha))
                .mul(times.map(schedule::slope, ids.device()));
    }
}
