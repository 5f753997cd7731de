package org.sfumato.models.duo;

import org.sfumato.models.SoftDenoiser;
import org.sfumato.models.SoftTokens;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.uniform.UniformBound;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Uniform-state diffusion whose network reads the Gaussian latents and not only which coordinate is the largest, so
/// that at first it learns from less noise:
///
///   `w = sqrt(sigmoid(-gamma)) x + sqrt(sigmoid(gamma)) eps`, `z = argmax w`, `p = network(softmax(w / tau))`,
///
/// and the loss is the integrand of [UniformBound] at z with `alpha(gamma)` of [GaussianRelaxation], over gamma uniform
/// in its range: `(gammaMax - gammaMin) d alpha / d gamma` for `alpha'`. It bounds no likelihood, as the network sees
/// more than z; as tau goes to 0 it sees z alone. Source: Sahoo et al. 2025, arXiv 2506.10892 (Duo), section 4.1.
///
/// @param vocabulary K
/// @param gammaMin where little noise is
/// @param gammaMax where much is
/// @param tau temperature of the soft tokens
public record DuoCurriculum(int vocabulary, double gammaMin, double gammaMax, double tau)
        implements Objective<SoftDenoiser> {
    /// The share of signal at `gammaMin` of [#of].
    public static final double MOST_SIGNAL = .95;
    /// The share of signal at `gammaMax` of [#of].
    public static final double LEAST_SIGNAL = .05;
    /// The paper's temperature.
    public static final double TAU = 1e-3;

    /// Up to so many tokens all coordinates of a latent are drawn, beyond it the largest [#TOP] as [TopLatents] does.
    public static final int DENSE = 1024;
    /// How many coordinates are drawn where there are more than [#DENSE].
    public static final int TOP = 64;

    /// Decimals of gamma that are kept: the last digits of `exp` differ between machines.
    private static final double DECIMALS = 1e6;

    /// Checks the values.
    public DuoCurriculum {
        if (vocabulary < 2 || !(gammaMin < gammaMax && Double.isFinite(gammaMax - gammaMin)) || !(tau > 0)) {
            throw new IllegalArgumentException("duo: a vocabulary of " + vocabulary + ", needed are 2; gamma from "
                    + gammaMin + " to " + gammaMax + " must rise; tau " + tau + " must be positive");
        }
    }

    /// From 95 % to 5 % of the signal, tau 1e-3.
    public static DuoCurriculum of(int vocabulary) {
        var relaxation = GaussianRelaxation.of(vocabulary);
        return new DuoCurriculum(vocabulary, rounded(relaxation.gamma(MOST_SIGNAL)),
                rounded(relaxation.gamma(LEAST_SIGNAL)), TAU);
    }

    private static double rounded(double gamma) {
        return Math.round(gamma * DECIMALS) / DECIMALS;
    }

    /// The same at another temperature.
    public DuoCurriculum withTau(double other) {
        return new DuoCurriculum(vocabulary, gammaMin, gammaMax, other);
    }

    /// The mean of [#terms] over all tokens, gamma spread evenly.
    @Override
    public Tensor loss(SoftDenoiser network, Tensor ids, Rng rng, Pass pass) {
        var u = Times.stratified(Math.toIntExact(ids.size(0)), rng.fold(0));
        return terms(network, ids, u, rng.fold(1), pass).mean();
    }

    /// The integrand for each token, in nats. Shapes: ids (B, T) i64 -> (B, T).
    ///
    /// @param u where each row's gamma lies in its range, in [0, 1)
    public Tensor terms(SoftDenoiser network, Tensor ids, double[] u, Rng rng, Pass pass) {
        var relaxation = GaussianRelaxation.of(vocabulary);
        var gammas = Times.ofRows(u).each(this::gamma);
        var alphas = gammas.each(relaxation::alpha);
        var drawn = vocabulary > DENSE ? new TopLatents(vocabulary, TOP).draw(ids, gammas, alphas, tau, rng)
                : dense(relaxation.latents(ids, gammas, rng), alphas);
        return new UniformBound(vocabulary).perSignal(network.forward(drawn.soft(), pass), ids, drawn.noisy(), alphas)
                .mul(gammas.map(gamma -> (gammaMax - gammaMin) * relaxation.slope(gamma), ids.device()));
    }

    private TopLatents.Drawn dense(Tensor latents, Times alphas) {                             // (B, T, K)
        return new TopLatents.Drawn(new SoftTokens.Dense(latents.div(tau).softmax(-1),
                alphas.map(alpha -> alpha, latents.device())), latents.argmax(-1));
    }

    /// The gamma of time `u`: from `gammaMin` at 0 to `gammaMax` at 1.
    public double gamma(double u) {
        return gammaMin + u * (gammaMax - gammaMin);
    }
}
