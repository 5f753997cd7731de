package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// A trained denoiser of latents with all that it needs to make some.
///
/// @param network trained
/// @param process that it was trained with
/// @param statistics of the latents that it was trained on, by which they are standardised
/// @param context latents before that it reads; 0 for none
public record LatentModel(LatentNetwork network, GaussianProcess process, LatentStatistics statistics, int context) {
    private static final double LEAST = .01;
    private static final double MOST = 100;
    private static final double RHO = 7;

    /// The usual path of `steps` steps for its schedule: trailing steps of a table, even ones of a continuous schedule,
    /// Karras's of exploding variance, from sigma 100 to 0.01.
    public List<NoiseLevel> path(int steps) {
        return switch (process.schedule()) {
            case DiscreteSchedule table -> table.trailing(steps);
            case ContinuousSchedule continuous -> continuous.even(steps);
            case SigmaSchedule exploding -> exploding.karras(steps, LEAST, MOST, RHO);
        };
    }

    /// What samples standardised latents with this network.
    ///
    /// @param guidance scale of the condition; 1 for none. Others need a network that reads one
    /// @throws IllegalArgumentException if it reads none
    public GaussianSampler sampler(List<NoiseLevel> path, Solver solver, Clipping clipping, double guidance) {
        if (guidance != 1 && !(network instanceof ConditionalDenoiser)) {
            throw new IllegalArgumentException("guidance: the network reads no condition");
        }
        var guided = guidance != 1 && network instanceof ConditionalDenoiser conditional
                ? new Guidance(conditional, guidance) : network;
        return new GaussianSampler(guided, process, path, solver, clipping);
    }

    /// `count` latents as they are in the data. Shape: (B, N, D).
    public Tensor sample(GaussianSampler sampler, int count, Rng rng, LatentObserver observer) {
        return Scope.result(() -> statistics.restore(sampler.sample(shape(count), null, rng, observer)));
    }

    private Shape shape(int count) {
        return Shape.of(count, statistics.mean().size(0), statistics.mean().size(1));
    }

    /// Latents that follow on `first`, one after the other, each conditioned on those before it. Shapes: first (B, 1,
    /// D)
    /// -> `spans` times (B, 1, D), as they are in the data.
    ///
    /// @throws IllegalArgumentException if the network reads no condition
    public List<Tensor> roll(GaussianSampler sampler, Tensor first, int spans, Rng rng) {
        if (context == 0) {
            throw new IllegalArgumentException("latents: the network was trained without those before");
        }
        return Dispatch.unrecorded(() -> {
            var before = new ArrayList<>(List.of(statistics.standardise(first)));                 // the nearest first
            var found = new ArrayList<Tensor>();
            for (int i = 0; i < spans; i++) {
                var near = before.subList(0, Math.min(context, before.size())).toArray(Tensor[]::new);
                var next = sampler.sample(first.shape(), Condition.of(Tensor.concat(1, near)), rng.fold(i),
                        LatentObserver.NONE);
                before.addFirst(next);
                found.add(statistics.restore(next));
            }
            return found;
        });
    }
}
