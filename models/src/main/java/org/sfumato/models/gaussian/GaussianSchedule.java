package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.Rng;

/// Which levels of noise there are and how often each is drawn: [DiscreteSchedule] of a table, [ContinuousSchedule],
/// [SigmaSchedule] of exploding variance.
public sealed interface GaussianSchedule permits DiscreteSchedule, ContinuousSchedule, SigmaSchedule {
    /// The level that belongs to `u` in [0, 1]; noise rises with u.
    NoiseLevel level(double u);

    /// The level at which noise over signal is `sigma`, with what a network is told there.
    NoiseLevel at(double sigma);

    /// Levels of `rows` rows in training, spread evenly over u.
    default List<NoiseLevel> draw(int rows, Rng rng) {
        var levels = new ArrayList<NoiseLevel>();
        for (double u : Times.stratified(rows, rng)) {
            levels.add(level(u));
        }
        return levels;
    }

    /// Levels of `rows` rows in training, each drawn by itself.
    default List<NoiseLevel> drawApart(int rows, Rng rng) {
        var levels = new ArrayList<NoiseLevel>();
        for (int i = 0; i < rows; i++) {
            levels.add(level(rng.uniformDouble(i)));
        }
        return levels;
    }

    /// A path of `steps` steps down evenly spaced u: `1, (n - 1)/n, ..., 1/n`, clean.
    default List<NoiseLevel> even(int steps) {
        requireSteps(steps);
        var path = new ArrayList<NoiseLevel>();
        for (int i = steps; i > 0; i--) {
            path.add(level((double) i / steps));
        }
        path.add(NoiseLevel.CLEAN);
        return path;
    }

    /// A path of `steps` steps: `sigma_i = (max^(1/rho) + i/(n-1) (min^(1/rho) - max^(1/rho)))^rho`, then clean.
    /// Source: Karras et al. 2022, arXiv 2206.00364, equation 5.
    ///
    /// @throws IllegalArgumentException unless `0 < min < max` and there are two steps or more
    default List<NoiseLevel> karras(int steps, double min, double max, double rho) {
        if (steps < 2 || !(min > 0 && min < max) || !(rho > 0)) {
            throw new IllegalArgumentException("karras: " + steps + " steps must be at least 2, and 0 < min " + min
                    + " < max " + max + ", rho " + rho + " positive");
        }
        var ramp = new SigmaSchedule.Karras(min, max, rho);
        var path = new ArrayList<NoiseLevel>();
        for (int i = steps - 1; i >= 0; i--) {
            path.add(at(ramp.sigma((double) i / (steps - 1))));
        }
        path.add(NoiseLevel.CLEAN);
        return path;
    }

    /// Refuses a path of no step.
    static void requireSteps(int steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("sampling: steps " + steps + " must be at least 1");
        }
    }
}
