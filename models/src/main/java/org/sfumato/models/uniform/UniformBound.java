package org.sfumato.models.uniform;

import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.Tensor;

/// The bound of uniform-state diffusion for any course of alpha, the share of signal.
///
/// With `r = K alpha / (1 - alpha)`, `L_j = log(1 + r p_j)` for the predicted p, `S = sum of L_j`, z the noisy token
/// and x the clean one, the integrand over time is `alpha' / (K alpha)` times
///
///   - if z = x: `K r (p_z - 1) / ((1 - alpha) (1 + r) (1 + r p_z)) - (K L_z - S) / (1 + r) + (K - 1) L / (1 + r)`,
///   - else: `K r p_z / ((1 - alpha) (1 + r p_z)) - (K L_z - S) - r (L_z - L_x) - (1 + r) L`,
///
/// where `L = log(1 + r)`. It is 0 for a perfect prediction, and least for the distribution of a token given the other
/// noisy ones, its own left out: with that the posterior is exact. This is the bound of Sahoo et al. 2025, arXiv
/// 2506.10892 (Duo), with its common factors taken out so that nothing overflows as alpha goes to 0 or 1.
///
/// @param vocabulary K
public record UniformBound(int vocabulary) {
    /// The integrand over `alpha'`, what a unit of signal lost costs, at most 0. Shapes: logits (B, T, K), ids and
    /// noisy (B, T) -> (B, T).
    ///
    /// @param alphas the share of signal in each row or token, in (0, 1)
    public Tensor perSignal(Tensor logits, Tensor ids, Tensor noisy, Times alphas) {
        int k = vocabulary;
        var device = ids.device();
        var r = alphas.map(this::ratio, device);                                                // (B, 1) or (B, T)
        var inverse = alphas.map(alpha -> 1 / (1 + ratio(alpha)), device);                      // kappa
        var full = alphas.map(alpha -> Math.log1p(ratio(alpha)), device);                       // L
        var lost = alphas.map(alpha -> 1 / (1 - alpha), device);
        var factor = alphas.map(alpha -> 1 / (k * alpha), device);
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

    private double ratio(double alpha) {
        return vocabulary * alpha / (1 - alpha);
    }

    private static Tensor pick(Tensor p, Tensor ids) {
        return p.gather(-1, ids.unsqueeze(-1)).squeeze(-1);
    }
}
