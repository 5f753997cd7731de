package org.sfumato.models.duo;

import org.sfumato.models.SoftDenoiser;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.diffusion.VariationalBound;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Duo's training: the curriculum for a first share of the run, then the uniform process itself, by whose bound the
/// likelihood is estimated throughout. Source: Sahoo et al. 2025, arXiv 2506.10892.
///
/// @param curriculum at its first tau
/// @param lastTau tau at the end of the curriculum, reached by equal factors; the paper's runs keep it as it is
/// @param process after the curriculum
/// @param share of the run that is the curriculum's, in [0, 1]
public record Duo(DuoCurriculum curriculum, double lastTau, UniformProcess process, double share)
        implements VariationalBound<SoftDenoiser> {
    /// Checks the values.
    public Duo {
        if (curriculum.vocabulary() != process.vocabulary()) {
            throw new IllegalArgumentException("duo: a curriculum of " + curriculum.vocabulary()
                    + " tokens before a process of " + process.vocabulary());
        }
        if (!(lastTau > 0) || !(share >= 0 && share <= 1)) {
            throw new IllegalArgumentException("duo: tau " + lastTau + " must be positive, the curriculum's share "
                    + share + " in [0, 1]");
        }
    }

    /// The curriculum of [DuoCurriculum#of] for a share of the run.
    public static Duo of(int vocabulary, double share) {
        return new Duo(DuoCurriculum.of(vocabulary), DuoCurriculum.TAU, UniformProcess.of(vocabulary), share);
    }

    /// The curriculum at its tau of that moment, or the process.
    @Override
    public Objective<? super SoftDenoiser> at(double done) {
        if (done >= share) {
            return process;
        }
        return curriculum.withTau(curriculum.tau() * Math.pow(lastTau / curriculum.tau(), done / share));
    }

    @Override
    public Tensor terms(SoftDenoiser network, Tensor ids, double[] u, Rng rng, Pass pass) {
        return process.terms(network, ids, u, rng, pass);
    }
}
