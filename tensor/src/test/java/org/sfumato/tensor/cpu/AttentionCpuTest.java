package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// The attention kernels against the whole matrix of scores in float64, and its gradient by the chain rule.
class AttentionCpuTest {
    /// What hides keys from queries.
    enum Hiding { NONE, CAUSAL, KEYS, PAIRS, HEADS, ADDED, ADDED_KEYS, CAUSAL_KEYS }

    /// A problem: sizes, operands as numbers, and the mask broadcast to all scores (0 where all is seen).
    private record Case(int b, int h, int g, int t, int s, int d, int e, double[] q, double[] k, double[] v,
            double[] dO,
            AttentionOp op, Operand mask, double[] added) {
        Operand[] in() {
            var in = new Operand[] {Fixture.f32(q, b, h, t, d), Fixture.f32(k, b, g, s, d), Fixture.f32(v, b, g, s, e),
                    mask};
            return mask == null ? java.util.Arrays.copyOf(in, 3) : in;
        }

        Operand[] gradIn(Operand[] in, double[][] forward) {
            var all = new Operand[in.length + 3];
            System.arraycopy(in, 0, all, 0, 3);
            all[3] = Fixture.f32(forward[0], b, h, t, e);
            all[4] = Fixture.f32(forward[1], b, h, t);
            all[5] = Fixture.f32(dO, b, h, t, e);
            if (in.length > 3) {
                all[6] = in[3];
            }
            return all;
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,1,1,1", "2,3,3,7,7,8,8", "1,2,1,64,64,32,32", "1,4,2,33,100,16,16", "1,1,1,65,129,64,64",
        "2,2,2,17,17,33,15", "1,1,1,3,300,7,100", "1,2,2,130,15,128,32", "1,1,1,207,207,3,5", "1,8,2,5,8,256,256",
        "1,1,1,16,31,96,48"})
    void anySizes(int b, int h, int g, int t, int s, int d, int e) {
        check(sample(b, h, g, t, s, d, e, Hiding.NONE));
        check(sample(b, h, g, t, s, d, e, Hiding.CAUSAL));
    }

    @ParameterizedTest
    @EnumSource
    void anyMask(Hiding hiding) {
        check(sample(2, 4, 2, 40, 140, 16, 24, hiding));
        check(sample(1, 2, 2, 70, 70, 32, 32, hiding));
        check(sample(1, 1, 1, 9, 4, 8, 8, hiding));
    }

    @Test
    void viewsOfOneBufferAreReadWhereTheyLie() {
        var c = sample(2, 3, 3, 20, 20, 16, 16, Hiding.CAUSAL);
        var expected = expected(c);
        for (int[] order : new int[][] {{0, 2, 1, 3}, {2, 0, 1, 3}, {3, 0, 1, 2}}) {
            Operand[] in = {Fixture.view(DType.F32, c.q, order, 1, 2, 3, 20, 16),
                Fixture.view(DType.F32, c.k, order, 1, 2, 3, 20, 16), Fixture.view(DType.F32, c.v, order, 1, 2, 3, 20,
                16)};
            var forward = Fixture.run(c.op, in);
            Fixture.assertClose("o", forward[0], expected[0], 2e-6, 5e-6);
            var all = c.gradIn(in, forward);
            all[5] = Fixture.view(DType.F32, c.dO, order, 1, 2, 3, 20, 16);
            var grads = Fixture.run(new AttentionGrad(c.op), all);
            for (int i = 0; i < 3; i++) {
                Fixture.assertClose("gradient " + i, grads[i], expected[2 + i], 2e-5, 1e-5);
            }
        }
    }

    @Test
    void aQueryThatSeesNothingGetsZero() {
        var mask = Fixture.of(DType.BOOL, new double[] {0, 1, 0}, org.sfumato.tensor.Layout.dense(Shape.of(3, 1)));
        var q = Fixture.f32(Fixture.normal(1, 6, 0, 1), 1, 1, 3, 2);
        var k = Fixture.f32(Fixture.normal(2, 10, 0, 1), 1, 1, 5, 2);
        var out = Fixture.run(new AttentionOp(1, false), q, k, k, mask);
        assertThat(out[0][0]).isZero();
        assertThat(out[0][5]).isZero();
        assertThat(out[0][2]).isNotZero();
        assertThat(out[1]).startsWith(Double.NEGATIVE_INFINITY).endsWith(Double.NEGATIVE_INFINITY);
        var dO = Fixture.f32(Fixture.normal(3, 6, 0, 1), 1, 1, 3, 2);
        var grads = Fixture.run(new AttentionGrad(new AttentionOp(1, false)), q, k, k, Fixture.f32(out[0], 1, 1, 3, 2),
                Fixture.f32(out[1], 1, 1, 3), dO, mask);
        assertThat(grads[0]).startsWith(0, 0).endsWith(0, 0).doesNotContain(Double.NaN);
    }

    @Test
    void noKeysAndNoQueries() {
        var none = Fixture.f32(new double[0], 1, 2, 0, 4);
        var some = Fixture.f32(new double[24], 1, 2, 3, 4);
        var blind = Fixture.run(new AttentionOp(1, false), some, none, none);
        assertThat(blind[0]).containsOnly(0);
        assertThat(blind[1]).containsOnly(Double.NEGATIVE_INFINITY);
        var rows = Fixture.f32(new double[0], 1, 2, 0);
        assertThat(Fixture.run(new AttentionOp(1, true), none, some, some)[0]).isEmpty();
        var grads = Fixture.run(new AttentionGrad(new AttentionOp(1, false)), none, some, some, none, rows, none);
        assertThat(grads[1]).containsOnly(0);
        assertThat(grads[2]).containsOnly(0);
    }

    @Test
    void largeScoresAndNan() {
        var c = sample(1, 1, 1, 20, 20, 16, 16, Hiding.NONE);
        java.util.Arrays.setAll(c.q, i -> c.q[i] * 100);
        java.util.Arrays.setAll(c.k, i -> c.k[i] * 100);
        var out = Fixture.run(c.op, c.in());
        // scores are near 1e4 and rounded at 1e-3: compared where one key wins clearly
        assertThat(out[0]).doesNotContain(Double.NaN);
        var expected = expected(c);
        Fixture.assertClose("lse", out[1], expected[1], 0.1, 1e-5);
        c.q[3 * 16] = Double.NaN;
        var broken = Fixture.run(c.op, c.in());
        for (int i = 0; i < broken[0].length; i++) {
            assertThat(Double.isNaN(broken[0][i])).as("element " + i).isEqualTo(i / 16 == 3);
        }
        assertThat(broken[1][3]).isNaN();
    }

    private static void check(Case c) {
        var expected = expected(c);
        var in = c.in();
        var forward = Fixture.run(c.op, in);
        Fixture.assertClose("o", forward[0], expected[0], 3e-6, 1e-5);
        Fixture.assertClose("lse", forward[1], expected[1], 3e-6, 1e-6);
        var grads = Fixture.run(new AttentionGrad(c.op), c.gradIn(in, forward));
        for (int i = 0; i < 3; i++) {
            Fixture.assertClose("gradient " + i, grads[i], expected[2 + i], 3e-5, 1e-5);
        }
    }

    private static Case sample(int b, int h, int g, int t, int s, int d, int e, Hiding hiding) {
        long seed = t * 1000L + s;
        boolean causal = hiding == Hiding.CAUSAL || hiding == Hiding.CAUSAL_KEYS;
        long[] sizes = switch (hiding) {
            case NONE, CAUSAL -> null;
            case KEYS, CAUSAL_KEYS, ADDED_KEYS -> new long[] {b, 1, 1, s};
            case PAIRS, ADDED -> new long[] {t, s};
            case HEADS -> new long[] {h, t, s};
        };
        boolean bool = hiding != Hiding.ADDED && hiding != Hiding.ADDED_KEYS;
        Operand mask = null;
        var added = new double[b * h * t * s];
        if (sizes != null) {
            var random = new Random(seed);
            var values = new double[(int) Shape.of(sizes).count()];
            for (int i = 0; i < values.length; i++) {
                boolean seen = random.nextInt(4) > 0;
                values[i] = bool ? seen ? 1 : 0 : seen ? (float) random.nextGaussian() : Double.NEGATIVE_INFINITY;
            }
            mask = Fixture.of(bool ? DType.BOOL : DType.F32, values, org.sfumato.tensor.Layout.dense(Shape.of(sizes)));
            for (int i = 0; i < added.length; i++) {
                double value = values[place(mask, b, h, t, s, i)];
                added[i] = !bool ? value : value != 0 ? 0 : Double.NEGATIVE_INFINITY;
            }
        }
        return new Case(b, h, g, t, s, d, e, Fixture.normal(seed, b * h * t * d, 0, 1), Fixture.normal(seed + 1,
                b * g * s * d, 0, 1),
                Fixture.normal(seed + 2, b * g * s * e, 0, 1), Fixture.normal(seed + 3, b * h * t * e, 0, 1),
                new AttentionOp(1 / Math.sqrt(d), causal), mask, added);
    }

    private static int place(Operand mask, int b, int h, int t, int s, int i) {
        var strides = mask.layout().expand(Shape.of(b, h, t, s)).strides();
        long at = i % s * strides[3] + i / s % t * strides[2] + i / s / t % h * strides[1] + i / s / t / h * strides[0];
        return (int) at;
    }

    /// o, lse, dq, dk, dv.
    private static double[][] expected(Case c) {
        var r = new double[][] {new double[c.b * c.h * c.t * c.e], new double[c.b * c.h * c.t], new double[c.q.length],
            new double[c.k.length], new double[c.v.length]};
        for (int row = 0; row < c.b * c.h * c.t; row++) {
            int head = row / c.t;
            row(c, row, (head / c.h * c.g + head % c.h / (c.h / c.g)) * c.s, r);
        }
        return r;
    }

    private static void row(Case c, int row, int keys, double[][] r) {
        var p = new double[c.s];
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < c.s; j++) {
            boolean seen = !c.op.causal() || j <= row % c.t + c.s - c.t;
            p[j] = seen ? dot(c.q, row * c.d, c.k, (keys + j) * c.d, c.d) * c.op.scale() + c.added[row * c.s + j]
                    : Double.NEGATIVE_INFINITY;
            max = Math.max(max, p[j]);
        }
        double sum = 0;
        for (int j = 0; j < c.s; j++) {
            p[j] = max == Double.NEGATIVE_INFINITY ? 0 : Math.exp(p[j] - max);
            sum += p[j];
        }
        r[1][row] = max + Math.log(sum == 0 ? 1 : sum);
        double delta = 0;
        var dp = new double[c.s];
        for (int j = 0; j < c.s; j++) {
            p[j] = sum == 0 ? 0 : p[j] / sum;
            for (int x = 0; x < c.e; x++) {
                r[0][row * c.e + x] += p[j] * c.v[(keys + j) * c.e + x];
                r[4][(keys + j) * c.e + x] += p[j] * c.dO[row * c.e + x];
            }
            dp[j] = dot(c.dO, row * c.e, c.v, (keys + j) * c.e, c.e);
            delta += p[j] * dp[j];
        }
        for (int j = 0; j < c.s; j++) {
            double ds = p[j] * (dp[j] - delta) * c.op.scale();
            for (int x = 0; x < c.d; x++) {
                r[2][row * c.d + x] += ds * c.k[(keys + j) * c.d + x];
                r[3][(keys + j) * c.d + x] += ds * c.q[row * c.d + x];
            }
        }
    }

    private static double dot(double[] x, int xo, double[] y, int yo, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += x[xo + i] * y[yo + i];
        }
        return sum;
    }
}
