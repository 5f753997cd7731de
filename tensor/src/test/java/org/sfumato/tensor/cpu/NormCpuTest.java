package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.LayerNormGrad;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.op.RmsNormGrad;
import org.sfumato.tensor.op.RmsNormOp;

/// The kernels of both norms against the formulas in float64.
class NormCpuTest {
    private static final int ROWS = 300;
    private static final double EPS = 1e-5;

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8, 15, 16, 17, 33, 64, 100, 128, 207})
    void layerNorm(int d) {
        var x = Fixture.normal(d, ROWS * d, 0.5, 2);
        var w = Fixture.normal(d + 1, d, 1, 0.3);
        var b = Fixture.normal(d + 2, d, 0, 0.3);
        var dy = Fixture.normal(d + 3, ROWS * d, 0, 1);
        var e = layerNorm(x, w, b, dy, d);
        var in = Fixture.f32(x, ROWS, d);
        var out = Fixture.run(new LayerNormOp(EPS), in, Fixture.f32(w, d), Fixture.f32(b, d));
        Fixture.assertClose("y", out[0], e[0], 3e-6, 3e-6);
        Fixture.assertClose("mean", out[1], e[1], 1e-6, 1e-6);
        Fixture.assertClose("rstd", out[2], e[2], 0, 2e-6);
        var grads = Fixture.run(new LayerNormGrad(), in, Fixture.f32(w, d), Fixture.f32(out[1], ROWS),
                Fixture.f32(out[2], ROWS), Fixture.f32(dy, ROWS, d));
        double rough = d == 1 ? 1e-2 : 2e-5;                                // one element: rstd is 316, times rounding
        Fixture.assertClose("dx", grads[0], e[3], rough, 2e-5);
        Fixture.assertClose("dw", grads[1], e[4], 3e-4, 1e-5);
        Fixture.assertClose("db", grads[2], e[5], 3e-5, 1e-5);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8, 15, 16, 17, 33, 64, 100, 128, 207})
    void rmsNorm(int d) {
        var x = Fixture.normal(d, ROWS * d, 0.5, 2);
        var w = Fixture.normal(d + 1, d, 1, 0.3);
        var dy = Fixture.normal(d + 3, ROWS * d, 0, 1);
        var e = rmsNorm(x, w, dy, d);
        var in = Fixture.f32(x, ROWS, d);
        var out = Fixture.run(new RmsNormOp(EPS), in, Fixture.f32(w, d));
        Fixture.assertClose("y", out[0], e[0], 1e-6, 2e-6);
        Fixture.assertClose("rrms", out[1], e[1], 0, 2e-6);
        var grads = Fixture.run(new RmsNormGrad(), in, Fixture.f32(w, d), Fixture.f32(out[1], ROWS),
                Fixture.f32(dy, ROWS, d));
        // one element: dx cancels to nothing, at a scale of rrms up to 100
        Fixture.assertClose("dx", grads[0], e[2], d == 1 ? 1e-4 : 1e-5, 2e-5);
        Fixture.assertClose("dw", grads[1], e[3], 3e-4, 1e-5);
    }

    @Test
    void aLargeMeanDoesNotDrownTheVariance() {
        int d = 384;
        var x = Fixture.normal(4, d, 1e4, 0.01);
        var ones = new double[d];
        java.util.Arrays.fill(ones, 1);
        var e = layerNorm(x, ones, new double[d], new double[d], d, 1);
        var out = Fixture.run(new LayerNormOp(EPS), Fixture.f32(x, 1, d), Fixture.f32(ones, d),
                Fixture.f32(new double[d], d));
        Fixture.assertClose("rstd", out[2], e[2], 0, 1e-5);
        Fixture.assertClose("y", out[0], e[0], 2e-5, 1e-5);
    }

    @Test
    void viewsAreReadWhereTheyLie() {
        int d = 21;
        int n = 12;
        var x = Fixture.normal(5, n * d, 0, 2);
        var w = Fixture.normal(6, d, 1, 0.3);
        var b = Fixture.normal(7, d, 0, 0.3);
        var dy = Fixture.normal(8, n * d, 0, 1);
        var e = layerNorm(x, w, b, dy, d, n);
        for (int[] order : new int[][] {{1, 0, 2}, {2, 1, 0}}) {
            var in = Fixture.view(DType.F32, x, order, 1, 3, 4, d);
            var weight = Fixture.view(DType.F32, w, new int[] {0}, 2, d);
            var bias = Fixture.view(DType.F32, b, new int[] {0}, 3, d);
            var out = Fixture.run(new LayerNormOp(EPS), in, weight, bias);
            Fixture.assertClose("y", out[0], e[0], 3e-6, 3e-6);
            var grads = Fixture.run(new LayerNormGrad(), in, weight,
                    Fixture.view(DType.F32, out[1], new int[] {1, 0}, 1, 3, 4), Fixture.f32(out[2], 3, 4),
                    Fixture.view(DType.F32, dy, new int[] {1, 2, 0}, 1, 3, 4, d));
            Fixture.assertClose("dx", grads[0], e[3], 2e-5, 2e-5);
            Fixture.assertClose("dw", grads[1], e[4], 1e-4, 1e-5);
        }
    }

    @Test
    void noRowsGiveGradientsOfZero() {
        var none = Fixture.f32(new double[0], 0, 3);
        var row = Fixture.f32(new double[3], 3);
        var rows = Fixture.f32(new double[0], 0);
        var grads = Fixture.run(new LayerNormGrad(), none, row, rows, rows, none);
        assertThat(grads[1]).containsOnly(0);
        assertThat(grads[2]).containsOnly(0);
        assertThat(Fixture.run(new RmsNormGrad(), none, row, rows, none)[1]).containsOnly(0);
    }

    @Test
    void nanStaysInItsRow() {
        var x = Fixture.normal(1, 3 * 20, 0, 1);
        x[25] = Double.NaN;
        var ones = new double[20];
        java.util.Arrays.fill(ones, 1);
        var y = Fixture.run(new LayerNormOp(EPS), Fixture.f32(x, 3, 20), Fixture.f32(ones, 20), Fixture.f32(ones,
                20))[0];
        var z = Fixture.run(new RmsNormOp(EPS), Fixture.f32(x, 3, 20), Fixture.f32(ones, 20))[0];
        for (int i = 0; i < 60; i++) {
            assertThat(Double.isNaN(y[i])).isEqualTo(i / 20 == 1);
            assertThat(Double.isNaN(z[i])).isEqualTo(i / 20 == 1);
        }
    }

    private static double[][] layerNorm(double[] x, double[] w, double[] b, double[] dy, int d) {
        return layerNorm(x, w, b, dy, d, ROWS);
    }

    /// y, mean, rstd, dx, dw, db.
    private static double[][] layerNorm(double[] x, double[] w, double[] b, double[] dy, int d, int rows) {
        var e = new double[][] {new double[rows * d], new double[rows], new double[rows], new double[rows * d],
                new double[d],
            new double[d]};
        for (int r = 0; r < rows; r++) {
            double mean = 0;
            double variance = 0;
            for (int i = 0; i < d; i++) {
                mean += x[r * d + i] / d;
            }
            for (int i = 0; i < d; i++) {
                variance += Math.pow(x[r * d + i] - mean, 2) / d;
            }
            double rstd = 1 / Math.sqrt(variance + EPS);
            e[1][r] = mean;
            e[2][r] = rstd;
            double g = 0;
            double gh = 0;
            for (int i = 0; i < d; i++) {
                double h = (x[r * d + i] - mean) * rstd;
                e[0][r * d + i] = h * w[i] + b[i];
                g += dy[r * d + i] * w[i] / d;
                gh += dy[r * d + i] * w[i] * h / d;
                e[4][i] += dy[r * d + i] * h;
                e[5][i] += dy[r * d + i];
            }
            for (int i = 0; i < d; i++) {
                double h = (x[r * d + i] - mean) * rstd;
                e[3][r * d + i] = rstd * (dy[r * d + i] * w[i] - g - h * gh);
            }
        }
        return e;
    }

    /// y, rrms, dx, dw.
    private static double[][] rmsNorm(double[] x, double[] w, double[] dy, int d) {
        var e = new double[][] {new double[ROWS * d], new double[ROWS], new double[ROWS * d], new double[d]};
        for (int r = 0; r < ROWS; r++) {
            double square = 0;
            for (int i = 0; i < d; i++) {
                square += x[r * d + i] * x[r * d + i] / d;
            }
            double rrms = 1 / Math.sqrt(square + EPS);
            e[1][r] = rrms;
            double gh = 0;
            for (int i = 0; i < d; i++) {
                double h = x[r * d + i] * rrms;
                e[0][r * d + i] = h * w[i];
                gh += dy[r * d + i] * w[i] * h / d;
                e[3][i] += dy[r * d + i] * h;
            }
            for (int i = 0; i < d; i++) {
                e[2][r * d + i] = rrms * (dy[r * d + i] * w[i] - x[r * d + i] * rrms * gh);
            }
        }
        return e;
    }
}
