package org.sfumato.models.masked;

import org.sfumato.models.Denoiser;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// The forward process of masked diffusion and its training objective.
///
/// At time t each token is hidden, independently, with probability `p = (1 - epsilon) t + epsilon`; the loss `sum over
/// hidden of -log p(x_i | rest) / p`, divided by the number of tokens, is in expectation an upper bound of the negative
/// log-likelihood in nats per token. Sources: Nie et al. 2025, arXiv 2502.09992, equation 3; Sahoo et al. 2024, arXiv
/// 2406.07524.
///
/// @param mask the id of [MASK]; the network never predicts it
/// @param epsilon the least probability of hiding
public record MaskedProcess(int mask, double epsilon) {
    /// LLaDA's epsilon.
    public static final double EPSILON = 1e-3;

    /// Noisy ids, where they are masked (bool), and the probability with which each row was.
    /// Shapes: ids and masked (B, T), probability (B, 1).
    public record Noised(Tensor ids, Tensor masked, Tensor probability) { }

    /// The probability of hiding a token at time `t` in [0, 1].
    public double probability(double t) {
        return (1 - epsilon) * t + epsilon;
    }

    /// One time for each of `rows`, uniform in [0, 1) but spread evenly: `t_b = (u + b / rows) mod 1` with one uniform
    /// `u`. Source: Kingma et al. 2021, arXiv 2107.00630, appendix I.1.
    public static double[] stratifiedTimes(int rows, Rng rng) {
        double u = rng.uniformDouble(0);
        var times = new double[rows];
        for (int b = 0; b < rows; b++) {
            times[b] = (u + (double) b / rows) % 1;
        }
        return times;
    }

    /// Hides tokens of `ids` (B, T) at the times of their rows.
    public Noised noise(Tensor ids, double[] times, Rng rng) {
        var p = new float[times.length];
        for (int b = 0; b < p.length; b++) {
            p[b] = (float) probability(times[b]);
        }
        var probability = Tensor.of(p, p.length, 1).to(ids.device());
        var masked = Tensor.uniform(ids.shape(), rng).to(ids.device()).lt(probability);
        return new Noised(ids.maskedFill(masked, mask), masked, probability);
    }

    /// The loss of a batch (B, T) in nats per token, a single number.
    ///
    /// @param rng for times and masks; dropout draws from `pass`
    public Tensor loss(Denoiser network, Tensor ids, Rng rng, Pass pass) {
        var noised = noise(ids, stratifiedTimes(Math.toIntExact(ids.size(0)), rng.fold(0)), rng.fold(1));
        var weight = noised.masked.cast(DType.F32).div(noised.probability).mul(1.0 / ids.shape().count());
        return crossEntropy(network, noised.ids, ids, pass).mul(weight).sum();
    }

    /// `-log p(x_i | noisy)` of every hidden position, 0 of the others. Shapes: noisy and ids (B, T) -> (B, T).
    public Tensor crossEntropy(Denoiser network, Tensor noisy, Tensor ids, Pass pass) {
        var none = Tensor.full(ids.shape(), Denoiser.IGNORED, DType.I64, ids.device());
        return network.crossEntropy(noisy, noisy.eq((long) mask).where(ids, none), mask, pass);
    }

    /// The logits with that of [MASK] at minus infinity. Shapes: (..., V) -> (..., V).
    public Tensor substitute(Tensor logits) {
        return logits.add(Denoiser.without(mask, logits.size(-1), logits.dtype(), logits.device()));
    }
}
