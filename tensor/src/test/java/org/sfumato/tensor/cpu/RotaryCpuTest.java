package org.sfumato.tensor.cpu;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.RotaryOp;

/// The rotary kernel against complex multiplication in float64.
class RotaryCpuTest {
    @ParameterizedTest
    @ValueSource(ints = {2, 4, 6, 16, 30, 32, 34, 64, 66, 128, 200, 256})
    void turnsPairs(int d) {
        int heads = 6;
        int t = 11;
        int half = d / 2;
        var x = Fixture.normal(d, heads * t * d, 0, 1);
        var cos = new double[t * half];
        var sin = new double[t * half];
        for (int i = 0; i < t * half; i++) {
            double angle = i / half * Math.pow(10000, -(i % half) / (double) half);
            cos[i] = (float) Math.cos(angle);
            sin[i] = (float) Math.sin(angle);
        }
        var y = new double[x.length];
        for (int r = 0; r < heads * t; r++) {
            for (int i = 0; i < half; i++) {
                int angle = r % t * half + i;
                double a = x[r * d + i];
                double b = x[r * d + half + i];
                y[r * d + i] = a * cos[angle] - b * sin[angle];
                y[r * d + half + i] = a * sin[angle] + b * cos[angle];
            }
        }
        var c = Fixture.f32(cos, t, half);
        var s = Fixture.view(DType.F32, sin, new int[] {1, 0}, 1, t, half);
        for (int[] order : new int[][] {{0, 1, 2, 3}, {0, 2, 1, 3}, {3, 1, 0, 2}}) {
            var in = Fixture.view(DType.F32, x, order, 1, 2, 3, t, d);
            Fixture.assertClose("rotary", Fixture.run(new RotaryOp(), in, c, s)[0], y, 5e-7, 2e-7);
        }
    }
}
