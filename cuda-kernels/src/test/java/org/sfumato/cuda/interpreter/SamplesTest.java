package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.sfumato.cuda.Driver.Grid;

/// Kernels that nvcc compiled, against Java.
class SamplesTest {
    private final SplittableRandom random = new SplittableRandom(5);
    private final Rig rig = new Rig(Rig.samples());

    private float[] uniform(int n) {
        var values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    private short[] bf16(float[] values) {
        var bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) (Float.floatToRawIntBits(values[i]) >>> 16);
        }
        return bits;
    }

    private static float value(short bf16) {
        return Float.intBitsToFloat(bf16 << 16);
    }

    @Test
    void aSumByShufflesSharedMemoryAndAnAtomic() {
        var x = uniform(10_007);
        double exact = 0;
        for (float v : x) {
            exact += v;
        }
        long out = rig.floats(0);
        rig.launch("sum", Grid.of(7, 256), rig.floats(x), out, (long) x.length);
        assertThat(rig.floatsAt(out, 1)[0]).isCloseTo((float) exact, within(1e-4f));
    }

    @Test
    void aProductByTiles() {
        int m = 37;
        int n = 21;
        int k = 50;
        var a = uniform(m * k);
        var b = uniform(k * n);
        long c = rig.floats(new float[m * n]);
        rig.launch("product", new Grid(2, 3, 1, 16, 16, 1, 0), rig.floats(a), rig.floats(b), c, m, n, k);
        var got = rig.floatsAt(c, m * n);
        for (int i = 0; i < m * n; i++) {
            double dot = 0;
            for (int j = 0; j < k; j++) {
                dot += (double) a[i / n * k + j] * b[j * n + i % n];
            }
            assertThat(got[i]).isCloseTo((float) dot, within(1e-5f));
        }
    }

    @Test
    void softmaxInBf16WithDynamicSharedMemory() {
        int rows = 5;
        int columns = 75;
        var x = bf16(uniform(rows * columns));
        long y = rig.shorts(new short[rows * columns]);
        rig.launch("softmax", new Grid(rows, 1, 1, 64, 1, 1, 256), rig.shorts(x), y, columns);
        var got = rig.shortsAt(y, rows * columns);
        for (int r = 0; r < rows; r++) {
            double sum = 0;
            for (int j = 0; j < columns; j++) {
                sum += Math.exp(value(x[r * columns + j]));
            }
            for (int j = 0; j < columns; j++) {
                double exact = Math.exp(value(x[r * columns + j])) / sum;
                assertThat((double) value(got[r * columns + j])).isCloseTo(exact, within(exact * 0x1p-8));
            }
        }
    }

    @Test
    void branchesCallsConstantsAndLocalArrays() {
        int n = 1000;
        var x = new int[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt(1, 1_000_000);
        }
        long y = rig.ints(new int[n]);
        rig.launch("mixed", Grid.of(8, 128), rig.ints(x), y, n);
        var got = rig.intsAt(y, n);
        for (int i = 0; i < n; i++) {
            assertThat(got[i]).as("of %d", x[i]).isEqualTo(mixed(x[i]));
        }
    }

    private static int mixed(int x) {
        int[] primes = {2, 3, 5, 7, 11, 13, 17, 19};
        return switch (x & 7) {
            case 0 -> collatz(x / 8 + 1, 1000);
            case 1 -> primes[x / 8 % 8];
            case 2 -> digits(x);
            case 3 -> Integer.bitCount(x);
            case 4 -> Integer.numberOfLeadingZeros(x);
            case 5 -> collatz(x, 100) + 1000;
            case 6 -> Integer.reverse(x);
            default -> -x;
        };
    }

    private static int digits(int x) {
        var digits = new int[10];
        for (int k = 0, v = x; k < 10; k++, v /= 10) {
            digits[k] = v % 10;
        }
        int sum = 0;
        for (int digit : digits) {
            sum += digits[digit];
        }
        return sum;
    }

    private static int collatz(int from, int limit) {
        int n = from;
        int steps = 0;
        while (n != 1 && steps < limit) {
            n = n % 2 != 0 ? 3 * n + 1 : n / 2;
            steps++;
        }
        return steps;
    }

    @Test
    void functionsOfTheDeviceLibrary() {
        float[] x = {0.1f, -2.5f, 7, 1e-3f, -123.4f, 1e6f, 3e8f, 0.7f, -1e-20f, 20};
        int n = x.length;
        var z = new double[n];
        for (int i = 0; i < n; i++) {
            z[i] = x[i] / 40.0;
        }
        long y = rig.floats(new float[8 * n]);
        long w = rig.doubles(new double[4 * n]);
        rig.launch("functions", Grid.of(1, 32), rig.floats(x), rig.doubles(z), y, w, n);
        var f = rig.floatsAt(y, 8 * n);
        var d = rig.doublesAt(w, 4 * n);
        for (int i = 0; i < n; i++) {
            double v = x[i];
            double a = Math.abs(v);
            double[] exact = {Math.sin(v), Math.cos(v), Math.tanh(v), Double.NaN, Math.log(a), Math.log1p(a),
                Math.pow(a, 0.37f), Math.expm1(-a)};
            for (int j = 0; j < 8; j++) {
                if (j != 3) {                                       // Java has no erf
                    assertThat((double) f[8 * i + j]).as("function %d of %s", j, v)
                            .isCloseTo(exact[j], within(4e-7 * Math.abs(exact[j]) + 1e-37));
                }
            }
            double[] exactly = {Math.exp(z[i]), Math.log(Math.abs(z[i])), Double.NaN, Math.sqrt(Math.abs(z[i]) / 3)};
            for (int j = 0; j < 4; j++) {
                if (j != 2) {
                    assertThat(d[4 * i + j]).isCloseTo(exactly[j], within(1e-15 * Math.abs(exactly[j])));
                }
            }
        }
        // erf(0.1) and erf(0.0025) of Abramowitz & Stegun, table 7.1, and its series 2/sqrt(pi) (z - z^3/3 + z^5/10).
        assertThat(f[3]).isCloseTo(0.1124629160f, within(2e-8f));
        assertThat(d[2]).isCloseTo(2 / Math.sqrt(Math.PI) * (z[0] - Math.pow(z[0], 3) / 3 + Math.pow(z[0], 5) / 10),
                within(1e-17));
    }

    @Test
    void votesMatchesAndAtomics() {
        int n = 300;
        var x = new int[n];
        var counts = new int[17];
        int most = 0;
        for (int i = 0; i < n; i++) {
            x[i] = random.nextInt(1000);
            counts[x[i] & 15]++;
            counts[16] += x[i] & 1;
            most = Math.max(most, x[i]);
        }
        long bins = rig.ints(new int[17]);
        long peers = rig.ints(new int[n]);
        long highest = rig.ints(0, 0);
        long largest = rig.floats(0);
        rig.launch("votes", Grid.of(3, 128), rig.ints(x), bins, peers, highest, largest, n);
        assertThat(rig.intsAt(bins, 17)).isEqualTo(counts);
        assertThat(rig.intsAt(highest, 2)).containsExactly(most, 0);
        assertThat(rig.floatsAt(largest, 1)[0]).isEqualTo(most * 0.5f);
        var got = rig.intsAt(peers, n);
        for (int i = 0; i < n; i++) {
            int same = 0;
            for (int j = i / 32 * 32; j < Math.min(n, i / 32 * 32 + 32); j++) {
                same |= (x[j] & 3) == (x[i] & 3) ? 1 << j % 32 : 0;
            }
            assertThat(got[i]).isEqualTo(same);
        }
    }

    @Test
    void tensorCoresWithAsynchronousCopies() {
        int m = 128;
        int n = 64;
        int k = 96;
        var a = bf16(uniform(m * k));
        var b = bf16(uniform(n * k));
        long c = rig.floats(new float[m * n]);
        rig.launch("tensor", new Grid(1, 2, 1, 128, 1, 1, 0), rig.shorts(a), rig.shorts(b), c, m, n, k);
        var got = rig.floatsAt(c, m * n);
        for (int i = 0; i < m * n; i++) {
            double dot = 0;
            for (int j = 0; j < k; j++) {
                dot += (double) value(a[i / n * k + j]) * value(b[i % n * k + j]);
            }
            assertThat(got[i]).isCloseTo((float) dot, within(1e-5f));
        }
    }
}
