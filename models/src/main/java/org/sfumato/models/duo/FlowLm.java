package org.sfumato.models.duo;

import org.sfumato.models.SoftDenoiser;
import org.sfumato.models.SoftTokens;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.diffusion.Times;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// The loss of tom-pollak/dllm's `train_flowlm`, as it stands there, to compare [DuoCurriculum] with. Of
/// `w = (1 - t) x + sqrt(1 - (1 - t)^2) eps`, t uniform in its range, `p = network(softmax(w / tau))`, and with h the
/// one-hot x the loss of a token is
///
///   `t / (K (1 - t) + t) (-log p_x + sum over v of exp(p_v) (p_v - log(h_v + 1e-8)))`.
///
/// The sum was meant as the reverse divergence, with `log p` for p: as it is, every wrong token adds 18.42, whatever
/// the network says. For K = 50,368 that is 0.57, 1.82 and 3.25 nats at t = .03, .09 and .15. And as `1 - t` scales x,
/// not `sqrt(1 - t)`, the range leaves 41 % to 0.6 % of the signal, not 95 % to 5 %.
///
/// @param vocabulary K
/// @param low the least t
/// @param high the largest t
/// @param tau temperature of the soft tokens
public record FlowLm(int vocabulary, double low, double high, double tau) implements Objective<SoftDenoiser> {
    private static final double FLOOR = 1e-8;

    /// Checks the values.
    public FlowLm {
        Times.requireRange(low, high);
        if (vocabulary < 2 || !(tau > 0) || !(low > 0 && high < 1)) {
            throw new IllegalArgumentException("flowlm: a vocabulary of " + vocabulary + ", needed are 2; times from "
                    + low + " to " + high + " must lie in (0, 1), tau " + tau + " must be positive");
        }
    }

    /// Times from .03 to .15, tau 1e-3.
    public static FlowLm of(int vocabulary) {
        return new FlowLm(vocabulary, .03, .15, DuoCurriculum.TAU);
    }

    /// The logarithm of the noise's variance over the signal's at time t.
    public static double gamma(double t) {
        double signal = (1 - t) * (1 - t);
        return Math.log((1 - signal) / signal);
    }

    @Override
    public Tensor loss(SoftDenoiser network, Tensor ids, Rng rng, Pass pass) {
        var u = Times.stratified(Math.toIntExact(ids.size(0)), rng.fold(0));
        return terms(network, ids, u, rng.fold(1), pass).mean();
    }

    /// The loss of each token. Shapes: ids (B, T) i64 -> (B, T).
    ///
    /// @param u where each row's time lies in its range, in [0, 1)
    public Tensor terms(SoftDenoiser network, Tensor ids, double[] u, Rng rng, Pass pass) {
        var device = ids.device();
        var relaxation = GaussianRelaxation.of(vocabulary);
        var times = Times.ofRows(u).each(v -> low + v * (high - low));
        var gammas = times.each(FlowLm::gamma);
        var soft = new SoftTokens.Dense(relaxation.latents(ids, gammas, rng).div(tau).softmax(-1),      // (B, T, K)
                gammas.map(relaxation::alpha, device));
        var logits = network.forward(soft, pass);
        var p = logits.softmax(-1);
        var own = ids.unsqueeze(-1).eq(Tensor.arange(vocabulary, device));                              // (B, T, K)
        var target = own.where(Tensor.of((float) Math.log(1 + FLOOR)).to(device),
                Tensor.of((float) Math.log(FLOOR)).to(device));
        var second = p.exp().mul(p.sub(target)).sum(-1);
        var scale = times.map(t -> t / (vocabulary * (1 - t) + t), device);
        return logits.crossEntropy(ids).add(second).mul(scale);
    }
}
