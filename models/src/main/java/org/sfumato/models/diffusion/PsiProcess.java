package org.sfumato.models.diffusion;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A process undone by other steps (psi-samplers): with probability kappa a token is drawn from the posterior, else its
/// clean token is drawn and gets the noise of time s anew,
///
///   `psi(z_s | z_t) = kappa q(z_s | z_t, x) + (1 - kappa) (alpha(s) x' + n(s))`, `x' = q(x | z_t)`.
///
/// What is written stays open to correction, at every step and in any process: of masks it is remasking. At each time
/// the tokens are distributed as in the process, so a network trained for that serves; noise, bound and alpha are the
/// process's. Source: s-sahoo/duo, psi-samplers.
///
/// @param process of which it is made
/// @param kappa the share of the posterior, in [0, 1]; 1 is the process itself
public record PsiProcess(NoiseProcess process, double kappa) implements NoiseProcess {
    /// Checks kappa.
    public PsiProcess {
        if (!(kappa >= 0 && kappa <= 1)) {
            throw new IllegalArgumentException("psi: kappa " + kappa + " is outside [0, 1]");
        }
    }

    @Override
    public double[] posterior(double[] p, int noisy, double s, double t) {
        var q = process.posterior(p, noisy, s, t);
        var clean = process.denoised(p, noisy, t);
        for (int j = 0; j < q.length; j++) {
            q[j] = kappa * q[j] + (1 - kappa) * (process.alpha(s) * clean[j] + process.noise(j, s));
        }
        return q;
    }

    @Override
    public double[] denoised(double[] p, int noisy, double t) {
        return process.denoised(p, noisy, t);
    }

    @Override
    public int ids() {
        return process.ids();
    }

    @Override
    public double alpha(double t) {
        return process.alpha(t);
    }

    @Override
    public double noise(int token, double t) {
        return process.noise(token, t);
    }

    @Override
    public boolean isText(int id) {
        return process.isText(id);
    }

    @Override
    public double time(double u) {
        return process.time(u);
    }

    @Override
    public double pace(double u) {
        return process.pace(u);
    }

    @Override
    public Noisy noise(Tensor ids, Times times, Rng rng) {
        return process.noise(ids, times, rng);
    }

    @Override
    public Tensor integrand(Denoiser network, Tensor ids, Noisy noisy, Times times, Pass pass) {
        return process.integrand(network, ids, noisy, times, pass);
    }
}
