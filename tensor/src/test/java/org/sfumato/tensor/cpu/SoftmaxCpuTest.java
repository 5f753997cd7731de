package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.LogSoftmaxGrad;
import org.sfumato.tensor.op.LogSoftmaxOp;
import org.sfumato.tensor.op.SoftmaxGrad;
import org.sfumato.tensor.op.SoftmaxOp;

/// The softmax kernels against the formulas in float64.
class SoftmaxCpuTest {
    private static final int ROWS = 37;
    /// `x - max`, up to 60, is rounded to 24 bits before the exponential.
    private static final double RELATIVE = 60 * 0x1p-24 + 5e-7;

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 128, 207, 1000})
    void rowsOfAnyLength(int d) {
        var x = Fixture.normal(d, ROWS * d, 0, 5);
        var dy = Fixture.normal(d + 1, ROWS * d, 0, 1);
        var y = softmax(x, d);
        var in = Fixture.f32(x, ROWS, d);
        Fixture.assertClose("softmax", Fixture.run(new SoftmaxOp(), in)[0], y, 1e-30, RELATIVE);
        Fixture.assertClose("logSoftmax", Fixture.run(new LogSoftmaxOp(), in)[0], log(y), 1e-6, 2e-6);
        var grad = Fixture.run(new SoftmaxGrad(), Fixture.f32(y, ROWS, d), Fixture.f32(dy, ROWS, d))[0];
        Fixture.assertClose("softmaxGrad", grad, softmaxGrad(y, dy, d), 1e-6, 1e-5);
        var logGrad = Fixture.run(new LogSoftmaxGrad(), Fixture.f32(log(y), ROWS, d), Fixture.f32(dy, ROWS, d))[0];
        Fixture.assertClose("logSoftmaxGrad", logGrad, logSoftmaxGrad(y, dy, d), 2e-5, 1e-5);
    }

    @Test
    void viewsAreReadWhereTheyLie() {
        var x = Fixture.normal(1, 5 * 6 * 19, 0, 3);
        var y = softmax(x, 19);
        for (int gap : new int[] {1, 3}) {
            for (int[] order : new int[][] {{0, 1, 2}, {1, 0, 2}, {2, 0, 1}}) {
                var in = Fixture.view(DType.F32, x, order, gap, 5, 6, 19);
                Fixture.assertClose("softmax", Fixture.run(new SoftmaxOp(), in)[0], y, 1e-30, RELATIVE);
            }
        }
    }

    @Test
    void extremes() {
        double inf = Double.POSITIVE_INFINITY;
        double nan = Double.NaN;
        double[][] rows = {{88, -88, 0, 88}, {1e4, -1e4, 1e4, 0}, {-inf, 0, -inf, 1}, {-inf, -inf, -inf, -inf},
            {0, nan, 1, 2}, {inf, 0, 1, 2}, {1e38, -1e38, 0, 1e38}, {-1e4, -1e4, -1e4, -1e4}};
        for (var row : rows) {
            var y = softmax(row, 4);
            var in = Fixture.f32(row, 1, 4);
            Fixture.assertClose("softmax", Fixture.run(new SoftmaxOp(), in)[0], y, 1e-38, 1e-6);
            Fixture.assertClose("logSoftmax", Fixture.run(new LogSoftmaxOp(), in)[0], logSoftmax(row), 1e-6, 1e-6);
        }
    }

    @Test
    void emptyRowsAndNoRows() {
        assertThat(Fixture.run(new SoftmaxOp(), Fixture.f32(new double[0], 3, 0))[0]).isEmpty();
        assertThat(Fixture.run(new LogSoftmaxOp(), Fixture.f32(new double[0], 0, 3))[0]).isEmpty();
    }

    private static double[] softmax(double[] x, int d) {
        var y = new double[x.length];
        for (int r = 0; r < x.length; r += d) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = r; i < r + d; i++) {
                max = Math.max(max, x[i]);
            }
            double sum = 0;
            for (int i = r; i < r + d; i++) {
                y[i] = Math.exp(x[i] - max);
                sum += y[i];
            }
            for (int i = r; i < r + d; i++) {
                y[i] /= sum;
            }
        }
        return y;
    }

    private static double[] logSoftmax(double[] row) {
        double max = java.util.Arrays.stream(row).max().orElseThrow();
        double sum = java.util.Arrays.stream(row).map(v -> Math.exp(v - max)).sum();
        return java.util.Arrays.stream(row).map(v -> v - max - Math.log(sum)).toArray();
    }

    private static double[] log(double[] y) {
        return java.util.Arrays.stream(y).map(Math::log).toArray();
    }

    private static double[] softmaxGrad(double[] y, double[] dy, int d) {
        var dx = new double[y.length];
        for (int r = 0; r < y.length; r += d) {
            double dot = 0;
            for (int i = r; i < r + d; i++) {
                dot += y[i] * dy[i];
            }
            for (int i = r; i < r + d; i++) {
                dx[i] = y[i] * (dy[i] - dot);
            }
        }
        return dx;
    }

    private static double[] logSoftmaxGrad(double[] y, double[] dy, int d) {
        var dx = new double[y.length];
        for (int r = 0; r < y.length; r += d) {
            double sum = 0;
            for (int i = r; i < r + d; i++) {
                sum += dy[i];
            }
            for (int i = r; i < r + d; i++) {
                dx[i] = dy[i] - y[i] * sum;
            }
        }
        return dx;
    }
}
