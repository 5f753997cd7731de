package org.sfumato.models.latent;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Source;

/// What an encoder believes of the latents of some texts: the Gaussian `q(z|x) = N(mean, exp(logVariance))`, every
/// coordinate by itself. The prior is `N(0, 1)`. Source: Kingma and Welling 2014, arXiv 1312.6114.
///
/// @param mean (B, N, D)
/// @param logVariance (B, N, D), or `null`: the variance is 1
public record Posterior(Tensor mean, Tensor logVariance) {
    private static final double LOG_2_PI = Math.log(2 * Math.PI);

    /// Checks the shapes.
    public Posterior {
        if (mean.shape().rank() != 3 || logVariance != null && !logVariance.spec().equals(mean.spec())) {
            throw new ShapeException("posterior: mean and logVariance (B, N, D), got " + mean.spec() + " and "
                    + (logVariance == null ? "none" : logVariance.spec()));
        }
    }

    /// Of variance 1.
    public static Posterior unit(Tensor mean) {
        return new Posterior(mean, null);
    }

    /// `mean + sqrt(tau) s e`, `s` the standard deviation and `e` normal: a draw for `tau = 1`, the mean for 0.
    public Tensor sample(double tau, Rng rng) {
        if (tau == 0) {
            return mean;
        }
        var e = Tensor.random(new Source.Distribution.Normal(), new Spec(mean.shape(), DType.F32),
                rng, mean.device()).cast(mean.dtype()).mul(Math.sqrt(tau));
        return mean.add(logVariance == null ? e : logVariance.mul(.5).exp().mul(e));
    }

    /// `KL(q | N(0, 1))` of every coordinate in nats: `(mean^2 + exp(v) - v - 1) / 2` with `v` the log-variance, which
    /// is `mean^2 / 2` for variance 1. Shape: (B, N, D).
    public Tensor klByCoordinate() {
        var square = mean.square();
        return (logVariance == null ? square : square.add(logVariance.exp()).sub(logVariance).sub(1)).mul(.5);
    }

    /// `KL(q | N(0, 1))` of every row in nats. Shape: (B).
    public Tensor kl() {
        return klByCoordinate().sum(-1, -2);
    }

    /// `log q(z|x)` in nats, row by row. Shapes: z (B, N, D) -> (B).
    public Tensor logDensity(Tensor z) {
        var square = z.sub(mean).square();
        var terms = logVariance == null ? square : square.mul(logVariance.neg().exp()).add(logVariance);
        return terms.add(LOG_2_PI).sum(-1, -2).mul(-.5);
    }

    /// `log N(z; 0, 1)` in nats, row by row. Shapes: z (B, N, D) -> (B).
    public static Tensor logPrior(Tensor z) {
        return z.square().add(LOG_2_PI).sum(-1, -2).mul(-.5);
    }
}
