package org.sfumato.models.diffusion;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A forward process that replaces tokens by noise as time goes from 0 to 1, each token apart from the others, and the
/// continuous-time bound of the process that undoes it: `q(z_t | x) = Cat(alpha(t) x + n(t))`, with the noise n a mass
/// on every id that does not depend on x.
public interface NoiseProcess extends VariationalBound<Denoiser> {
    /// The ids that a noisy token can have are `[0, ids)`.
    int ids();

    /// The share of signal at time `t`.
    double alpha(double t);

    /// The probability that noise puts `token` at time `t`; over all ids they add up to `1 - alpha(t)`.
    double noise(int token, double t);

    /// True for what can stand in a text, which alone is predicted.
    default boolean isText(int id) {
        return true;
    }

    /// The time that belongs to `u` in [0, 1], rising: which times are drawn, and how often.
    double time(double u);

    /// `d time / du` over `time(1) - time(0)`, so that over uniform u the mean of the integrand times this is the mean
    /// of the integrand over all times drawn.
    default double pace(double u) {
        return 1;
    }

    /// A sample of `q(z_t | x)`. Shapes: ids (B, T) i64 -> (B, T).
    Noisy noise(Tensor ids, Times times, Rng rng);

    /// The integrand over time of the bound at a noisy sample, for each token in nats. Shapes: (B, T) -> (B, T).
    ///
    /// @param ids the clean tokens x
    /// @param noisy a sample of `q(z_t | x)`
    Tensor integrand(Denoiser network, Tensor ids, Noisy noisy, Times times, Pass pass);

    @Override
    default Tensor terms(Denoiser network, Tensor ids, double[] u, Rng rng, Pass pass) {
        return terms(network, ids, Times.ofRows(u), rng, pass);
    }

    /// As [#terms(Denoiser, Tensor, double[], Rng, Pass)], with numbers u for rows or for tokens.
    default Tensor terms(Denoiser network, Tensor ids, Times u, Rng rng, Pass pass) {
        var times = u.each(this::time);
        return integrand(network, ids, noise(ids, times, rng), times, pass).mul(u.map(this::pace, ids.device()));
    }

    /// `q(z_s | z_t, x)` with the prediction p for x, for s < t:
    /// `q(z_t | z_s) (alpha(s) p + n(s)) / q(z_t | p)`, where `q(z_t | z_s) = r z_s + n(t) - r n(s)` and
    /// `r = alpha(t) / alpha(s)`.
    ///
    /// @param p predicted probabilities of the clean token, one for each id
    /// @param noisy z_t
    default double[] posterior(double[] p, int noisy, double s, double t) {
        double kept = alpha(t) / alpha(s);
        double fresh = noise(noisy, t) - kept * noise(noisy, s);
        var q = new double[p.length];
        for (int j = 0; j < q.length; j++) {
            q[j] = ((j == noisy ? kept : 0) + fresh) * (alpha(s) * p[j] + noise(j, s));
        }
        return normalized(q);
    }

    /// `q(x | z_t)` with the prediction p for x apart from z_t: `q(z_t | x) p(x)`, over its sum.
    ///
    /// @param p as in [#posterior]
    /// @param noisy z_t
    default double[] denoised(double[] p, int noisy, double t) {
        var q = new double[p.length];
        for (int j = 0; j < q.length; j++) {
            q[j] = ((j == noisy ? alpha(t) : 0) + noise(noisy, t)) * p[j];
        }
        return normalized(q);
    }

    private static double[] normalized(double[] q) {
        double sum = Arrays.stream(q).sum();
        for (int j = 0; j < q.length; j++) {
            q[j] /= sum;
        }
        return q;
    }
}
