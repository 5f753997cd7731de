package org.sfumato.models.gaussian;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Source;

/// How noisy latents are: `z = a x + s e` with e standard normal. Where `a^2 + s^2 = 1` the variance is preserved,
/// where a = 1 it explodes; both are the same process seen at another scale.
///
/// @param signal a, in [0, 1]
/// @param noise s, at least 0
/// @param time what the network is told
public record NoiseLevel(double signal, double noise, double time) {
    /// No noise at all: the end of a path, at which no network is asked.
    public static final NoiseLevel CLEAN = new NoiseLevel(1, 0, 0);

    /// Checks the values.
    public NoiseLevel {
        if (!(signal >= 0 && signal <= 1) || !(noise >= 0) || signal == 0 && noise == 0) {
            throw new IllegalArgumentException("noise level: signal " + signal + " must lie in [0, 1], noise " + noise
                    + " be at least 0");
        }
    }

    /// The level of preserved variance with `alphaBar = a^2`.
    public static NoiseLevel ofAlphaBar(double alphaBar, double time) {
        return new NoiseLevel(Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar), time);
    }

    /// Noise over signal, `s / a`.
    public double sigma() {
        return noise / signal;
    }

    /// `(a / s)^2`.
    public double snr() {
        return signal * signal / (noise * noise);
    }

    /// `ln(a / s)`, half the logarithm of the signal-to-noise ratio; DPM-Solver's lambda.
    public double lambda() {
        return Math.log(signal / noise);
    }

    /// `sqrt(a^2 + s^2)`: how far latents of unit variance are spread at this level.
    public double spread() {
        return Math.hypot(signal, noise);
    }

    /// The variance of `q(z_s | z_t, x)` for a level `to` of less noise: `s_to^2 (1 - (a s_to)^2 / (a_to s)^2)`, which
    /// is
    /// `beta (1 - alphaBar_to) / (1 - alphaBar)` with `beta = 1 - alphaBar / alphaBar_to`.
    public double posteriorVariance(NoiseLevel to) {
        double kept = signal * to.noise / (to.signal * noise);
        return to.noise * to.noise * (1 - kept * kept);
    }

    /// `f` of each row's level, to be multiplied with latents. Shapes: latents (B, N, D) -> (B, 1, 1), in their type
    /// and on their device.
    static Tensor rows(List<NoiseLevel> levels, ToDoubleFunction<NoiseLevel> f, Tensor latents) {
        return vector(levels, f, latents).reshape(levels.size(), 1, 1);
    }

    /// `f` of each row's level. Shapes: latents (B, N, D) -> (B).
    static Tensor vector(List<NoiseLevel> levels, ToDoubleFunction<NoiseLevel> f, Tensor latents) {
        if (levels.size() != latents.size(0)) {
            throw new IllegalArgumentException("noise: " + levels.size() + " levels for latents " + latents.shape());
        }
        var values = levels.stream().mapToDouble(f).toArray();
        return Tensor.of(values, values.length).cast(latents.dtype()).to(latents.device());
    }

    /// Refuses what is not (B, N, D).
    static Tensor requireLatents(Tensor latents) {
        if (latents.shape().rank() != 3) {
            throw new IllegalArgumentException("latents: need the shape (B, N, D), got " + latents.shape()
                    + "\nhint: one vector for each text is (B, 1, D)");
        }
        return latents;
    }

    /// Noise of the shape of `latents`.
    static Tensor noise(Shape shape, Rng rng, Tensor like) {
        return Tensor.random(new Source.Distribution.Normal(),
                new Spec(shape, like.dtype()), rng, like.device());
    }
}
