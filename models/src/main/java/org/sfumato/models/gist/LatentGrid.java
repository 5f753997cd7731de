package org.sfumato.models.gist;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Latents of D numbers seen as images (C, H, W), filled up with zeros at their end.
///
/// @param size D
/// @param channels C
/// @param height H
/// @param width W
public record LatentGrid(int size, int channels, int height, int width) {
    /// Checks that the numbers fit in.
    public LatentGrid {
        if (size < 1 || (long) channels * height * width < size) {
            throw new IllegalArgumentException("latent grid: " + size + " numbers do not fit into " + channels + " x "
                    + height + " x " + width);
        }
    }

    /// The grid of latent-llm: `W = H = floor(sqrt(D / C))`, and rows are added until all fit. Networks that halve a
    /// grid and double it again cannot take most of these.
    public static LatentGrid original(int size, int channels) {
        int side = Math.max(1, (int) Math.sqrt((double) (size / channels)));
        return new LatentGrid(size, channels, Math.max(side, Math.ceilDiv(size, channels * side)), side);
    }

    /// The same with height and width rounded up to multiples of `multiple`, so that they can be halved.
    public static LatentGrid of(int size, int channels, int multiple) {
        var grid = original(size, channels);
        return new LatentGrid(size, channels, Math.ceilDiv(grid.height, multiple) * multiple,
                Math.ceilDiv(grid.width, multiple) * multiple);
    }

    /// How many zeros there are at the end.
    public int padding() {
        return channels * height * width - size;
    }

    /// Latents as images. Shapes: z (B, N, D/N) -> (B, C, H, W).
    public Tensor images(Tensor z) {
        var flat = z.reshape(z.size(0), size);
        var full = padding() == 0 ? flat
                : Tensor.concat(1, flat, Tensor.full(Shape.of(z.size(0), padding()), 0, z.dtype(), z.device()));
        return full.reshape(z.size(0), channels, height, width);
    }

    /// Images as latents of the shape of `like`, what lies at the end cut off. Shapes: (B, C, H, W) -> (B, N, D/N).
    public Tensor latents(Tensor images, Shape like) {
        return images.reshape(images.size(0), (long) channels * height * width).slice(1, 0, size).reshape(like);
    }
}
