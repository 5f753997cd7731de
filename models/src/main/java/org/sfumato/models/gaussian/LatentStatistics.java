package org.sfumato.models.gaussian;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.tensor.Tensor;

/// Mean and standard deviation of latents, by which they are brought to zero mean and unit variance for diffusion and
/// back. Measured, and kept with the network.
///
/// @param mean (D) f32
/// @param deviation (D) f32, above 0
public record LatentStatistics(Tensor mean, Tensor deviation) {
    /// What counts as no variance at all.
    private static final double LEAST = 1e-6;

    /// Checks the shapes.
    public LatentStatistics {
        if (mean.shape().rank() != 1 || !mean.shape().equals(deviation.shape())) {
            throw new IllegalArgumentException("statistics: mean " + mean.shape() + " and deviation "
                    + deviation.shape() + " must be vectors of one width");
        }
    }

    /// What latents are scaled by.
    public enum Kind {
        /// Mean and deviation of each dimension apart.
        DIMENSIONS,
        /// Mean 0 and one root mean square for all dimensions: LDLM's `ae_scale`.
        SCALE,
        /// Nothing: mean 0 and deviation 1.
        NONE
    }

    /// Measures latents. A dimension that does not vary gets deviation 1. Shapes: (..., D).
    public static LatentStatistics measure(Kind kind, Tensor latents) {
        int width = Math.toIntExact(latents.size(-1));
        var values = latents.toFloats();
        int rows = values.length / Math.max(1, width);
        if (rows == 0) {
            throw new IllegalArgumentException("statistics: there are no latents to measure");
        }
        var mean = new double[width];
        var square = new double[width];
        for (int i = 0; i < values.length; i++) {
            mean[i % width] += values[i] / (double) rows;
        }
        for (int i = 0; i < values.length; i++) {
            double from = kind == Kind.DIMENSIONS ? values[i] - mean[i % width] : values[i];
            square[i % width] += from * from / rows;
        }
        double all = Math.sqrt(Arrays.stream(square).average().orElseThrow());
        var centre = new float[width];
        var spread = new float[width];
        for (int d = 0; d < width; d++) {
            centre[d] = kind == Kind.DIMENSIONS ? (float) mean[d] : 0;
            double deviation = switch (kind) {
                case DIMENSIONS -> Math.sqrt(square[d]);
                case SCALE -> all;
                case NONE -> 1;
            };
            spread[d] = deviation > LEAST ? (float) deviation : 1;
        }
        return new LatentStatistics(Tensor.of(centre, width), Tensor.of(spread, width));
    }

    /// `(x - mean) / deviation`. Shapes: (..., D) -> (..., D).
    public Tensor normalise(Tensor latents) {
        return latents.sub(mean).div(deviation);
    }

    /// `x deviation + mean`. Shapes: (..., D) -> (..., D).
    public Tensor restore(Tensor latents) {
        return latents.mul(deviation).add(mean);
    }

    /// Both by name, as a checkpoint keeps them.
    public Map<String, Tensor> tensors() {
        var tensors = new LinkedHashMap<String, Tensor>();
        tensors.put("mean", mean);
        tensors.put("deviation", deviation);
        return tensors;
    }
}
