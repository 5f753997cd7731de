package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.CrossEntropyGrad;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.spi.Operand;

/// The cross-entropy kernels against the formulas in float64.
class CrossEntropyCpuTest {
    private static final int ROWS = 41;
    private static final long IGNORED = -100;

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8, 15, 16, 17, 33, 66, 100, 128, 207, 3000})
    void lossAndGradient(int v) {
        var x = Fixture.normal(v, ROWS * v, 1, 6);
        var w = java.util.Arrays.stream(Fixture.normal(v + 1, v, 1, 0.2)).map(Math::abs).toArray();
        var dLoss = Fixture.normal(v + 2, ROWS, 0, 1);
        var t = targets(v);
        for (boolean weighted : new boolean[] {false, true}) {
            var expected = expected(x, t, weighted ? w : null, dLoss, v);
            var in = weighted ? new Operand[] {Fixture.f32(x, ROWS, v), Fixture.i64(t), Fixture.f32(w, v)}
                    : new Operand[] {Fixture.f32(x, ROWS, v), Fixture.i64(t)};
            var loss = Fixture.run(new CrossEntropyOp(IGNORED), in);
            Fixture.assertClose("loss", loss[0], expected[0], 2e-6, 1e-6);
            Fixture.assertClose("lse", loss[1], expected[1], 1e-6, 1e-6);
            var lse = Fixture.f32(loss[1], ROWS);
            var dOut = Fixture.f32(dLoss, ROWS);
            var gradIn = weighted ? new Operand[] {in[0], in[1], lse, dOut, in[2]}
                    : new Operand[] {in[0], in[1], lse, dOut};
            var grad = Fixture.run(new CrossEntropyGrad(IGNORED), gradIn)[0];
            Fixture.assertClose("grad", grad, expected[2], 1e-6, 1e-5);
        }
    }

    @Test
    void viewsAreReadWhereTheyLie() {
        int v = 19;
        var x = Fixture.normal(9, ROWS * v, 0, 3);
        var t = targets(v);
        var expected = expected(x, t, null, new double[ROWS], v);
        var doubles = java.util.Arrays.stream(t).asDoubleStream().toArray();
        var in = Fixture.view(DType.F32, x, new int[] {1, 0}, 2, ROWS, v);
        var targets = Fixture.view(DType.I64, doubles, new int[] {0}, 3, ROWS);
        Fixture.assertClose("loss", Fixture.run(new CrossEntropyOp(IGNORED), in, targets)[0], expected[0], 1e-6, 1e-6);
    }

    @Test
    void aTargetOutsideIsNamedBeforeAnythingIsWritten() {
        var x = Fixture.f32(new double[6], 2, 3);
        assertThatThrownBy(() -> Fixture.run(new CrossEntropyOp(IGNORED), x, Fixture.i64(new long[] {0, 3})))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContainingAll("crossEntropy: target 3 at position 1", "[0, 3)", "-100");
        assertThatThrownBy(() -> Fixture.run(new CrossEntropyGrad(0), x, Fixture.i64(new long[] {-1, 0}),
                Fixture.f32(new double[2], 2), Fixture.f32(new double[2], 2)))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContainingAll("crossEntropyGrad: target -1 at position 0");
    }

    @Test
    void extremes() {
        double inf = Double.POSITIVE_INFINITY;
        var x = Fixture.f32(new double[] {1e4, -1e4, 0, -inf, 0, 1, Double.NaN, 0, 0, -inf, -inf, -inf, 3e38, 0,
                -3e38}, 5, 3);
        var out = Fixture.run(new CrossEntropyOp(IGNORED), x, Fixture.i64(new long[] {1, 0, 0, 1, 0}));
        assertThat(out[0][0]).isEqualTo(2e4);
        assertThat(out[0][1]).isEqualTo(inf);
        assertThat(out[0][2]).isNaN();
        assertThat(out[1][3]).isEqualTo(-inf);
        assertThat(out[0][4]).isZero();
        var ignored = Fixture.run(new CrossEntropyOp(1), Fixture.f32(new double[] {Double.NaN, 0}, 1, 2),
                Fixture.i64(new long[] {1}));
        assertThat(ignored[0][0]).isZero();
    }

    private static long[] targets(int v) {
        var random = new Random(v);
        var t = new long[ROWS];
        for (int r = 0; r < ROWS; r++) {
            t[r] = r % 5 == 2 ? IGNORED : random.nextInt(v);
        }
        return t;
    }

    private static double[][] expected(double[] x, long[] t, double[] w, double[] dLoss, int v) {
        var result = new double[][] {new double[ROWS], new double[ROWS], new double[ROWS * v]};
        for (int r = 0; r < ROWS; r++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < v; i++) {
                max = Math.max(max, x[r * v + i]);
            }
            double sum = 0;
            for (int i = 0; i < v; i++) {
                sum += Math.exp(x[r * v + i] - max);
            }
            double lse = max + Math.log(sum);
            result[1][r] = lse;
            if (t[r] == IGNORED) {
                continue;
            }
            double weight = w == null ? 1 : w[(int) t[r]];
            result[0][r] = weight * (lse - x[r * v + (int) t[r]]);
            for (int i = 0; i < v; i++) {
                double p = Math.exp(x[r * v + i] - lse);
                result[2][r * v + i] = weight * dLoss[r] * (p - (i == t[r] ? 1 : 0));
            }
        }
        return result;
    }
}
