package org.sfumato.models.duo;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.diffusion.Times;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Discrete consistency distillation: a student at time t learns what the teacher says a little earlier on the same
/// path of noise, so that it can take larger steps. With one eps for both, `z_t = argmax w(gamma_t)` and
/// `z_s = argmax w(gamma_s)`, s = t - delta, the loss of a token is the divergence of the student from the teacher,
///
///   `sum over v of p(v | z_t) (log p(v | z_t) - log teacher(v | z_s))`.
///
/// A run is a few rounds; each begins with a teacher that is a copy of the student as it then is, and doubles delta.
/// Source: Sahoo et al. 2025, arXiv 2506.10892 (Duo), section 4.2 and algorithm 2.
///
/// @param teacher learns nothing
/// @param path whose range of gamma the times 0 to 1 cover
/// @param delta how much earlier the teacher looks, in (0, 1]; at most to time 0
public record ConsistencyDistillation(Denoiser teacher, DuoCurriculum path, double delta)
        implements Objective<Denoiser> {
    /// The delta of the paper's first round.
    public static final double FIRST_DELTA = 1.0 / 512;

    /// Checks delta.
    public ConsistencyDistillation {
        if (!(delta > 0 && delta <= 1)) {
            throw new IllegalArgumentException("distillation: delta " + delta + " is outside (0, 1]");
        }
    }

    /// For round `round` from 0, of `2^round / 512` earlier.
    public static ConsistencyDistillation round(Denoiser teacher, DuoCurriculum path, int round) {
        return new ConsistencyDistillation(teacher, path, Math.min(1, Math.scalb(FIRST_DELTA, round)));
    }

    @Override
    public Tensor loss(Denoiser student, Tensor ids, Rng rng, Pass pass) {
        var u = Times.stratified(Math.toIntExact(ids.size(0)), rng.fold(0));
        return terms(student, ids, u, rng.fold(1), pass).mean();
    }

    /// The divergence at each token, in nats. Shapes: ids (B, T) i64 -> (B, T).
    ///
    /// @param u the time t of each row, in [0, 1)
    public Tensor terms(Denoiser student, Tensor ids, double[] u, Rng rng, Pass pass) {
        var late = Times.ofRows(u);
        var early = late.each(t -> Math.max(0, t - delta));
        var taught = Dispatch.unrecorded(() ->
                teacher.forward(noisy(ids, early, rng), Pass.INFERENCE).logSoftmax(-1));                // (B, T, K)
        var own = student.forward(noisy(ids, late, rng), pass).logSoftmax(-1);
        return own.exp().mul(own.sub(taught)).sum(-1);
    }

    private Noisy noisy(Tensor ids, Times times, Rng rng) {
        var relaxation = GaussianRelaxation.of(path.vocabulary());
        var gammas = times.each(path::gamma);
        return new Noisy(relaxation.latents(ids, gammas, rng).argmax(-1), gammas.map(relaxation::alpha, ids.device()));
    }
}
