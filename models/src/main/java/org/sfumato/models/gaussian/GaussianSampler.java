package org.sfumato.models.gaussian;

import java.util.List;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Goes down a path of noise levels, in each step from the network's prediction of the clean latents to the next level.
///
/// @param network of the process
/// @param process that it was trained with
/// @param path levels of falling noise, usually from the process's schedule: [GaussianSchedule#karras],
///     [DiscreteSchedule#leading]
/// @param solver how a step is made
/// @param clipping of predicted clean latents
public record GaussianSampler(LatentDenoiser network, GaussianProcess process, List<NoiseLevel> path, Solver solver,
        Clipping clipping) {
    /// Checks that the path falls.
    public GaussianSampler {
        path = List.copyOf(path);
        if (path.size() < 2) {
            throw new IllegalArgumentException("sampling: a path has two levels at least, not " + path.size());
        }
        for (int i = 1; i < path.size(); i++) {
            if (!(path.get(i).sigma() < path.get(i - 1).sigma())) {
                throw new IllegalArgumentException("sampling: the noise of level " + i + " of the path, sigma "
                        + path.get(i).sigma() + ", is not below that before it, " + path.get(i - 1).sigma());
            }
        }
    }

    /// Without clipping.
    public GaussianSampler(LatentDenoiser network, GaussianProcess process, List<NoiseLevel> path, Solver solver) {
        this(network, process, path, solver, new Clipping.Off());
    }

    /// f32 latents from nothing but noise. The same `rng` gives the same latents. Shapes: (B, N, D).
    ///
    /// @param condition on which they depend, or `null`
    /// @param observer told after every step
    public Tensor sample(Shape shape, Condition condition, Rng rng, LatentObserver observer) {
        return Scope.result(() -> {
            var noise = Dispatch.unrecorded(() -> Tensor.normal(shape, rng.fold(path.size()))
                    .mul(path.getFirst().spread()));
            return restore(noise, condition, rng, observer);
        });
    }

    /// Latents from noisy ones at the first level of the path. Shapes: z (B, N, D) -> (B, N, D).
    ///
    /// @param condition on which they depend, or `null`
    /// @param observer told after every step
    public Tensor restore(Tensor z, Condition condition, Rng rng, LatentObserver observer) {
        NoiseLevel.requireLatents(z);
        try (var scope = Scope.open("sampler")) {
            return scope.call(() -> Dispatch.unrecorded(() -> scope.keep(walk(z, condition, rng, observer))));
        }
    }

    private Tensor walk(Tensor start, Condition condition, Rng rng, LatentObserver observer) {
        int most = path.size() - 1;
        var now = begin(start, 0, condition, null, rng);
        Prediction before = null;
        for (int i = 1; ; i++) {
            var to = path.get(i);
            var at = now;
            var z = solver.next(new Solver.Step(now, before, to,
                    (other, level) -> prediction(other, level, condition, at.clean()), rng.fold(i - 1)));
            observer.step(new LatentObserver.Step(i, most, now, z, to));
            if (i == most) {
                return z.copy();
            }
            before = now;
            now = begin(z, i, condition, now.clean(), rng);
        }
    }

    /// What is predicted where step `i` begins, counted from 0.
    private Prediction begin(Tensor z, int i, Condition condition, Tensor estimate, Rng rng) {
        var start = solver.begin(z, path.get(i), process.schedule(), path.size() - 1, rng.fold(i));
        return prediction(start.z(), start.level(), condition, estimate);
    }

    private Prediction prediction(Tensor z, NoiseLevel level, Condition condition, Tensor estimate) {
        var predicted = Scope.result(() -> process.denoised(network, z, level, condition, estimate));
        return new Prediction(z, level, predicted, Scope.result(() -> clipping.apply(predicted)));
    }
}
