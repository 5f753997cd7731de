package org.sfumato.models.gaussian;

import java.util.stream.IntStream;
import org.sfumato.tensor.Tensor;

/// Sines and cosines of a time at many frequencies.
public final class Waves {
    private static final double LONGEST = 10_000;

    private Waves() { }

    /// `10000^(-i / n)` for i from 0 to n - 1. Source: Vaswani et al. 2017, arXiv 1706.03762, section 3.5.
    public static double[] geometric(int n) {
        return IntStream.range(0, n).mapToDouble(i -> Math.exp(-i * Math.log(LONGEST) / n)).toArray();
    }

    /// `[sin(f t), cos(f t)]`. Shapes: time (B) -> (B, 2 F).
    public static Tensor of(Tensor time, double... frequencies) {
        var angle = time.unsqueeze(-1).mul(Tensor.of(frequencies, frequencies.length).cast(time.dtype())
                .to(time.device()));                                                                          // (B, F)
        return Tensor.concat(-1, angle.sin(), angle.cos());
    }
}
