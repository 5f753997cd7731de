package org.sfumato.models.mixture;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.Times;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Masks and wrong tokens mixed (generalised interpolating discrete diffusion, GIDD): of N tokens and [MASK],
/// `q(z_t | x) = ((1 - t) x + t [MASK] + c(t) 1) / C(t)`, with 1 one for each token, `c(t) = B sqrt(t (1 - t))`,
/// `C = 1 + N c` and B such that half way a share `uniform` of the tokens is replaced by random ones.
///
/// With `a = q(z | x)`, `b = q(z | p)` for the prediction p and the rate `h(z) = n'(z) - alpha' / alpha n(z)` at which
/// noise puts z, the integrand of the bound is `h / a (KL(q(. | x) || q(. | p)) + a / b - log(a / b) - 1)`. A share of
/// 0 would be masked diffusion. Source: von Ruette et al. 2025, arXiv 2503.04482, theorem 3.1.
///
/// @param mask the id of [MASK], the last one, and so N
/// @param uniform in (0, 1)
public record MixtureProcess(int mask, double uniform) implements NoiseProcess {
    private static final double EPSILON = 1e-4;

    /// Checks the share.
    public MixtureProcess {
        if (!(uniform > 0 && uniform < 1)) {
            throw new IllegalArgumentException("mixture process: a share of " + uniform
                    + " random tokens must lie in (0, 1)");
        }
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
        return (1 - t) / total(t);
    }

    @Override
    public double noise(int token, double t) {
        return (token == mask ? t : wrong(t)) / total(t);
    }

    /// `sin^2(pi v / 2)` with v from 1e-4 to 1 - 1e-4: the root in c(t) is smooth in v.
    @Override
    public double time(double u) {
        double root = Math.sin(angle(u));
        return root * root;
    }

    @Override
    public double pace(double u) {
        return (1 - 2 * EPSILON) * Math.PI / 2 * Math.sin(2 * angle(u)) / (time(1) - time(0));
    }

    private static double angle(double u) {
        return Math.PI / 2 * (EPSILON + (1 - 2 * EPSILON) * u);
    }

    /// c(t).
    private double wrong(double t) {
        return 2 * uniform / (mask * (1 - uniform)) * Math.sqrt(t * (1 - t));
    }

    /// C(t).
    private double total(double t) {
        return 1 + mask * wrong(t);
    }

    /// `n'(token) - alpha' / alpha n(token)`. With every part divided by C, C' cancels.
    private double rate(int token, double t) {
        double before = token == mask ? t : wrong(t);
        double slope = token == mask ? 1 : wrong(t) * (1 - 2 * t) / (2 * t * (1 - t));
        return (slope + before / (1 - t)) / total(t);
    }

    @Override
    public Noisy noise(Tensor ids, Times times, Rng rng) {
        var device = ids.device();
        var u = Tensor.uniform(ids.shape(), rng.fold(0)).to(device);
        var alpha = times.map(this::alpha, device);
        var other = Tensor.integers(ids.shape(), mask, rng.fold(1)).to(device);
        var text = u.lt(alpha).where(ids, other);
        var unmasked = u.lt(times.map(t -> 1 - noise(mask, t), device));
        return new Noisy(unmasked.where(text, Tensor.full(ids.shape(), mask, DType.I64, device)), alpha);
    }

    @Override
    public Tensor integrand(Denoiser network, Tensor ids, Noisy noisy, Times times, Pass pass) {
        return bound(network.forward(noisy, pass), ids, noisy.ids(), times);
    }

    /// The integrand from logits. Shapes: logits (B, T, N + 1), ids and noisy (B, T) -> (B, T).
    ///
    /// With m the mass of noise on one token and `r = alpha / m`, the divergence is
    /// `(alpha + m) (log(1 + r) - log(1 + r p_x)) - m (S - log(1 + r p_x))`, `S = sum over tokens of log(1 + r p_j)`.
    public Tensor bound(Tensor logits, Tensor ids, Tensor noisy, Times times) {
        var device = ids.device();
        var alpha = times.map(this::alpha, device);
        var mass = times.map(t -> noise(0, t), device);
        var r = times.map(t -> alpha(t) / noise(0, t), device);                                 // (B, 1) or (B, T)
        var full = times.map(t -> Math.log1p(alpha(t) / noise(0, t)), device);
        var p = logits.add(Denoiser.without(mask, ids(), logits.dtype(), device)).softmax(-1);     // (B, T, N + 1)
        var sums = p.mul(r.unsqueeze(-1)).log1p().sum(-1);
        var lx = pick(p, ids).mul(r).log1p();
        var divergence = full.sub(lx).mul(alpha.add(mass)).sub(sums.sub(lx).mul(mass));
        var hidden = noisy.eq((long) mask);
        var right = noisy.eq(ids);
        var lz = pick(p, noisy).mul(r).log1p();                                     // log(b / m), 0 for [MASK]
        var log = hidden.where(lz, right.where(full.sub(lz), lz.neg()));                            // log(a / b)
        var own = right.where(alpha.add(mass).expand(ids.shape()), mass.expand(ids.shape()));      // a
        var weight = hidden.where(times.map(t -> rate(mask, t) / noise(mask, t), device).expand(ids.shape()),
                times.map(t -> rate(0, t), device).div(own));
        return divergence.add(log.exp().sub(log).sub(1)).mul(weight);
    }

    private static Tensor pick(Tensor p, Tensor ids) {
        return p.gather(-1, ids.unsqueeze(-1)).squeeze(-1);
    }
}
