package org.sfumato.models.gist;

import java.util.List;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.tensor.Rng;

/// The settings of a [UNet2d].
///
/// @param vectors N, vectors of a text
/// @param width D, numbers of a vector
/// @param channels of each level, the finest grid first; each level has half the grid of the one before
/// @param attention for each level, whether its blocks are followed by attention
/// @param layers blocks of a level on the way down; there is one more on the way up
/// @param groups of the normalisations; divides all channels
/// @param headWidth numbers of a head of attention; divides the channels where there is attention
public record UNet2dConfig(int vectors, int width, List<Integer> channels, List<Boolean> attention, int layers,
        int groups, int headWidth) implements LatentNetworkConfig {
    /// Channels of the grid that the latents are laid out in.
    static final int GRID_CHANNELS = 4;

    /// Checks what can be checked.
    public UNet2dConfig {
        channels = List.copyOf(channels);
        attention = List.copyOf(attention);
        if (vectors < 1 || width < 1 || layers < 1 || groups < 1 || headWidth < 1 || channels.isEmpty()
                || attention.size() != channels.size()) {
            throw new IllegalArgumentException("UNet2D: all numbers must be positive, and one attention given for each "
                    + "of the channels: " + channels + ", " + attention);
        }
        for (int c : channels) {
            if (c < 2 || c % 2 != 0 || c % groups != 0 || c % headWidth != 0) {
                throw new IllegalArgumentException("UNet2D: channels " + c + " must be even and a multiple of " + groups
                        + " groups and of the head width " + headWidth);
            }
        }
    }

    /// The published size, 101,124,100 parameters: UNet2DModel of diffusers with channels 128, 256, 512, 512, attention
    /// in the third level, and all else by default.
    public static UNet2dConfig published(int vectors, int width) {
        return new UNet2dConfig(vectors, width, List.of(128, 256, 512, 512), List.of(false, false, true, false), 2, 32,
                8);
    }

    /// One that learns in minutes on a CPU.
    public static UNet2dConfig small(int vectors, int width) {
        return new UNet2dConfig(vectors, width, List.of(16, 32), List.of(false, true), 1, 8, 8);
    }

    /// The grid that the latents are laid out in, which can be halved from level to level.
    public LatentGrid grid() {
        return LatentGrid.of(vectors * width, GRID_CHANNELS, 1 << channels.size() - 1);
    }

    @Override
    public UNet2d init(Rng rng) {
        return UNet2d.init(this, rng);
    }
}
