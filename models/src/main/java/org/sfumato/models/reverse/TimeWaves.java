package org.sfumato.models.reverse;

import java.util.stream.IntStream;
import org.sfumato.models.gaussian.Waves;

/// Frequencies of the sines and cosines by which a network is told the number of the step.
public enum TimeWaves {
    /// `10000^(-i / (D/2))`: what the published network is trained with.
    GEOMETRIC {
        @Override
        public double[] frequencies(int width) {
            return Waves.geometric(width / 2);
        }
    },
    /// `exp(-2 pi i / D)`: what the published program samples with, so that the network is told other times than those
    /// that it learned. Kept for the baseline.
    SHRUNKEN {
        @Override
        public double[] frequencies(int width) {
            return IntStream.range(0, width / 2).mapToDouble(i -> Math.exp(-2 * Math.PI * i / width)).toArray();
        }
    };

    /// D/2 frequencies for latents of width `width`.
    public abstract double[] frequencies(int width);
}
