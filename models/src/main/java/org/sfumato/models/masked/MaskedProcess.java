package org.sfumato.models.masked;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.NoiseSchedule;
import org.sfumato.models.diffusion.Times;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Masked (absorbing-state) diffusion: at time t each token is hidden, independently, with probability `1 - alpha(t)`.
///
/// The integrand of the bound is `-alpha'(t) / (1 - alpha(t)) * -log p(x_i | z_t)` for hidden tokens and 0 for the
/// others (SUBS: what is visible is known, [MASK] is never predicted). With the linear schedule the weight is `1 / t`.
/// Sources: Sahoo et al. 2024, arXiv 2406.07524, equation 10; Nie et al. 2025, arXiv 2502.09992, equation 3.
///
/// @param mask the id of [MASK], the last one; the network never predicts it
/// @param low the least time drawn; what lies below, where hardly a token is hidden, counts as the mean of the rest
public record MaskedProcess(int mask, NoiseSchedule schedule, double low, double high) implements NoiseProcess {
    /// LLaDA's least time.
    public static final double EPSILON = 1e-3;

    /// Checks the times.
    public MaskedProcess {
        Times.requireRange(low, high);
    }

    /// LLaDA's process: linear, times from 1e-3 to 1.
    public static MaskedProcess of(int mask) {
        return new MaskedProcess(mask, NoiseSchedule.LINEAR, EPSILON, 1);
    }

    /// The same process with all times down to 0, so that its bound leaves nothing out. For scoring: near 0 hardly
    /// anything is hidden and what is counts much, which training does without.
    public MaskedProcess whole() {
        return new MaskedProcess(mask, schedule, 0, 1);
    }

    /// The same process whose bound hides an exact number of tokens; its samples vary less.
    public FixedCount fixedCount() {
        return new FixedCount(this);
    }

    @Override
    public int ids() {
        return mask + 1;
    }

    @Override
    public boolean isText(int id) {
        return id != mask;
    }

    @Override
    public double alpha(double t) {
        return schedule.alpha(t);
    }

    @Override
    public double noise(int token, double t) {
        return token == mask ? 1 - schedule.alpha(t) : 0;
    }

    @Override
    public double time(double u) {
        return low + (high - low) * u;
    }

    @Override
    public Noisy noise(Tensor ids, Times times, Rng rng) {
        var hidden = times.map(t -> 1 - schedule.alpha(t), ids.device());
        var masked = Tensor.uniform(ids.shape(), rng).to(ids.device()).lt(hidden);
        return new Noisy(ids.maskedFill(masked, mask), times.map(schedule::alpha, ids.device()));
    }

    @Override
    public Tensor integrand(Denoiser network, Tensor ids, Noisy noisy, Times times, Pass pass) {
        var weight = times.map(t -> schedule.alpha(t) >= 1 ? 0 : -schedule.slope(t) / (1 - schedule.alpha(t)),
                ids.device());                                          // at time 0 nothing is hidden
        return crossEntropy(network, noisy, ids, pass).mul(weight);
    }

    /// `-log p(x_i | noisy)` of every hidden position, 0 of the others. Shapes: noisy and ids (B, T) -> (B, T).
    public Tensor crossEntropy(Denoiser network, Noisy noisy, Tensor ids, Pass pass) {
        var none = Tensor.full(ids.shape(), Denoiser.IGNORED, DType.I64, ids.device());
        return network.crossEntropy(noisy, noisy.ids().eq((long) mask).where(ids, none), mask, pass);
    }

    /// The logits with that of [MASK] at minus infinity. Shapes: (..., V) -> (..., V).
    public Tensor substitute(Tensor logits) {
        return logits.add(Denoiser.without(mask, logits.size(-1), logits.dtype(), logits.device()));
    }
}
