package org.sfumato.models.gist;

import java.util.List;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.tensor.Rng;

/// The settings of an [MlpUnet].
///
/// @param vectors N, vectors of a text
/// @param width D, numbers of a vector
/// @param hidden widths on the way down, the last one that of the bottleneck, which is even
/// @param dropout in training
public record MlpUnetConfig(int vectors, int width, List<Integer> hidden,
        double dropout) implements LatentNetworkConfig {
    private static final List<Integer> HIDDEN = List.of(256, 512, 1024);
    private static final double DROPOUT = .1;

    /// Checks what can be checked.
    public MlpUnetConfig {
        hidden = List.copyOf(hidden);
        if (vectors < 1 || width < 1 || hidden.isEmpty() || hidden.stream().anyMatch(h -> h < 1)
                || hidden.getLast() < 4 || hidden.getLast() % 2 != 0 || !(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("MLP-UNet: vectors " + vectors + " and width " + width
                    + " must be at least 1, hidden " + hidden + " positive and the last even and at least 4, dropout "
                    + dropout + " in [0, 1)");
        }
    }

    /// The published size: 256, 512, 1024 and dropout 0.1; 6,076,992 parameters for 5184 numbers.
    public static MlpUnetConfig published(int vectors, int width) {
        return new MlpUnetConfig(vectors, width, HIDDEN, DROPOUT);
    }

    /// One that learns in minutes on a CPU.
    public static MlpUnetConfig small(int vectors, int width) {
        return new MlpUnetConfig(vectors, width, List.of(128, 256), 0);
    }

    @Override
    public MlpUnet init(Rng rng) {
        return MlpUnet.init(this, rng);
    }
}
