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
///
/// With `r = K alpha / (1 - alpha)`, `L_j = log(1 + r p_j)` for the predicted p, `S = sum of L_j`, z the noisy token
/// and x the clean one, the integrand of the bound is `alpha' / (K alpha)` times
///
///   - if z = x: `K r (p_z - 1) / ((1 - alpha) (1 + r) (1 + r p_z)) - (K L_z - S) / (1 + r) + (K - 1) L / (1 + r)`,
///   - else: `K r p_z / ((1 - alpha) (1 + r p_z)) - (K L_z - S) - r (L_z - L_x) - (1 + r) L`,
///
/// where `L = log(1 + r)`. It is 0 for a perfect prediction, and least for the distribution of a token given the other
/// noisy ones, its own left out: with that the posterior is exact. This is the bound of Sahoo et al. 2025, arXiv
/// 2506.10892 (Duo), with its common factors taken out so that nothing overflows as alpha goes to 0 or 1.
///
/// @param vocabulary K, all of it text
public record UniformProcess(int vocabulary, NoiseSchedule schedule, double low, double high) implements NoiseProcess {
    /// The least time and the distance of the largest one from 1.
    public static final double EPSILON = 1e-4;

    /// Checks the values.
    public UniformProcess {
        Times.requireRange(low, high);
        if (vocabulary < 2) {
            throw new IllegalArgumentException("uniform process: a vocabulary of " + vocabulary + ", needed are 2");
        }
    }

    /// Linear, times from 1e-4 to 1 - 1e-4.
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
        int k = vocabulary;
        var device = ids.device();
        var r = times.map(this::ratio, device);                                                 // (B, 1) or (B, T)
        var inverse = times.map(t -> 1 / (1 + ratio(t)), device);                               // kappa
        var full = times.map(t -> Math.log1p(ratio(t)), device);                                // L
        var lost = times.map(t -> 1 / (1 - schedule.alpha(t)), device);
        var factor = times.map(t -> schedule.slope(t) / (k * schedule.alpha(t)), device);
        var p = logits.softmax(-1);                                                                     // (B, T, K)
        var sums = p.mul(r.unsqueeze(-1)).log1p().sum(-1);                                              // S
        var pz = pick(p, noisy);
        var lz = pz.mul(r).log1p();
        var lx = pick(p, ids).mul(r).log1p();
        var spread = lz.mul(k).sub(sums);                                                               // K L_z - S
        var head = r.mul(lost).mul(k).div(pz.mul(r).add(1));                    // K r / ((1 - alpha) (1 + r p_z))
        var kept = head.mul(pz.sub(1)).sub(spread).add(full.mul(k - 1)).mul(inverse);
        var changed = head.mul(pz).sub(spread).sub(r.mul(lz.sub(lx))).sub(full.mul(r.add(1)));
        return noisy.eq(ids).where(kept, changed).mul(factor);
    }

    private double ratio(double t) {
        return vocabulary * schedule.alpha(t) / (1 - schedule.alpha(t));
    }

    private static Tensor pick(Tensor p, Tensor ids) {
        return p.gather(-1, ids.unsqueeze(-1)).squeeze(-1);
    }
}
