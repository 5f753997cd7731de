package org.sfumato.models.vae;

import org.sfumato.models.latent.Posterior;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// What of the divergence `KL(q(z|x) | N(0, 1))` counts in the loss of a batch.
public sealed interface Divergence {
    /// A single number in nats. Shape: ().
    ///
    /// @param tokens how many tokens the batch has, a single number
    Tensor of(Posterior q, Tensor tokens);

    /// Nothing of it: where the encoder does not learn there is nothing to weigh.
    record None() implements Divergence {
        @Override
        public Tensor of(Posterior q, Tensor tokens) {
            return Tensor.full(Shape.SCALAR, 0, q.mean().dtype(), q.mean().device());
        }
    }

    /// `sum KL / tokens`: with a weight of 1 the loss is the negative bound for each token. LDLM's.
    record PerToken() implements Divergence {
        @Override
        public Tensor of(Posterior q, Tensor tokens) {
            return q.kl().sum().div(tokens);
        }
    }

    /// `max(mean_batch KL, lambda N D)`: as many nats are free. AdaVAE's (`fb = 1`), with 1/2.
    ///
    /// @param lambda nats of each coordinate
    record FreeBits(double lambda) implements Divergence {
        @Override
        public Tensor of(Posterior q, Tensor tokens) {
            var mean = q.kl().mean();
            double free = lambda * q.mean().size(1) * q.mean().size(2);
            return mean.maximum(mean.stopGradient().mul(0).add(free));
        }
    }

    /// `mean_batch sum_j max(KL_j, lambda)`: each coordinate has free nats of its own. Source: Kingma et al. 2016,
    /// arXiv 1606.04934, appendix C.8; `fb = 3` of AdaVAE.
    record FreeBitsEach(double lambda) implements Divergence {
        @Override
        public Tensor of(Posterior q, Tensor tokens) {
            var each = q.klByCoordinate();
            return each.maximum(each.stopGradient().mul(0).add(lambda)).sum(-1, -2).mean();
        }
    }

    /// `mean_batch sum_j [KL_j > lambda] KL_j`: only coordinates that say more than that. `fb = 2` of AdaVAE.
    record Masked(double lambda) implements Divergence {
        @Override
        public Tensor of(Posterior q, Tensor tokens) {
            var each = q.klByCoordinate();
            return each.mul(each.stopGradient().gt(lambda).cast(DType.F32)).sum(-1, -2).mean();
        }
    }
}
