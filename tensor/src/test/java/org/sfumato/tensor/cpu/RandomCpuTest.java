package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.Rng;

class RandomCpuTest {
    private static final int MARGIN = 64;
    private static final byte UNTOUCHED = 0x55;

    @ParameterizedTest
    @EnumSource
    void everyElementIsTheDrawOfItsIndex(RandomFill fill) {
        long[][] ranges = {{0, 0}, {0, 1}, {1, 2}, {0, 3}, {3, 3}, {1, 4}, {2, 7}, {5, 131}, {0, 128}, {7, 1000},
            {4093, 4099}, {4095, 8200}, {1001, 9000}};
        var rng = new Rng(0x1234_5678_9ABC_DEF0L, 0xFEDC_BA98_7654_3210L);
        for (long[] r : ranges) {
            assertThat(fill.run(rng, 0, r[0], r[1])).as(Arrays.toString(r)).isEqualTo(fill.expected(rng, r[0], r[1]));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCutDoesNotShow(RandomFill fill) {
        var rng = Rng.of(99).fold(1);
        int n = 9001;
        var whole = fill.run(rng, 0, 0, n);
        try (var arena = Arena.ofConfined()) {
            for (int step : new int[] {1, 7, 64, 1000, 4097}) {
                var out = arena.allocate((long) n * fill.bytes, 64);
                for (int from = 0; from < n; from += step) {
                    fill.fill(rng, out, 0, from, Math.min(n, from + step));
                }
                assertThat(out.toArray(JAVA_BYTE)).as("pieces of " + step).isEqualTo(whole);
            }
        }
    }

    /// Block numbers above 2^32 need the second counter word, also in the middle of a vector.
    @ParameterizedTest
    @EnumSource
    void indicesBeyondThirtyTwoBits(RandomFill fill) {
        var rng = Rng.of(-1);
        for (long middle : new long[] {1L << 32, 1L << 33, 1L << 34, 1L << 40}) {
            assertThat(fill.run(rng, middle - 301, middle - 301, middle + 300))
                    .isEqualTo(fill.expected(rng, middle - 301, middle + 300));
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingBesideTheRangeIsTouched(RandomFill fill) {
        try (var arena = Arena.ofConfined()) {
            long n = 77;
            var out = arena.allocate(n * fill.bytes + 2 * MARGIN, 64).fill(UNTOUCHED);
            fill.fill(Rng.of(3), out, MARGIN, 0, n);
            assertThat(out.asSlice(0, MARGIN).toArray(JAVA_BYTE)).containsOnly(UNTOUCHED);
            assertThat(out.asSlice(MARGIN + n * fill.bytes).toArray(JAVA_BYTE)).containsOnly(UNTOUCHED);
        }
    }

    /// The vector path of a redraw comes up once in 2^32 elements, so it is shown products that must be refused.
    @Test
    void refusedProductsAreDrawnAgain() {
        var rng = Rng.of(8);
        try (var arena = Arena.ofConfined()) {
            var out = arena.allocate(8 * 100, 64);
            UniformKernel.below(rng, RandomFill.SMALL, out, 0, 3, 100);
            var expected = RandomFill.BELOW_SMALL.expected(rng, 3, 100);
            assertThat(out.asSlice(24).toArray(JAVA_BYTE)).isEqualTo(expected);
        }
    }

    /// The same bits from vectors of 128 and 256 bits: other virtual machines print the hash of every fill.
    @ParameterizedTest
    @ValueSource(ints = {16, 32})
    void theVectorWidthDoesNotShow(int bytes) throws Exception {
        var command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"), "--add-modules", "jdk.incubator.vector",
                "-XX:MaxVectorSize=" + bytes, "-cp", System.getProperty("java.class.path"),
                RandomFill.class.getName()));
        var process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        var printed = new String(process.getInputStream().readAllBytes()).strip();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(printed).isEqualTo(RandomFill.hashes((fill, rng, n) -> fill.expected(rng, 0, n), bytes * 8));
    }

    @Test
    void uniformsPassAKolmogorovSmirnovTest() {
        int n = 100_000;
        assertThat(kolmogorovSmirnov(floats(RandomFill.UNIFORM_F32, n), x -> x)).isLessThan(1.95 / Math.sqrt(n));
        assertThat(kolmogorovSmirnov(doubles(RandomFill.UNIFORM_F64, n), x -> x)).isLessThan(1.95 / Math.sqrt(n));
    }

    @Test
    void normalsPassAKolmogorovSmirnovTest() {
        int n = 100_000;
        assertThat(kolmogorovSmirnov(floats(RandomFill.NORMAL_F32, n), RandomCpuTest::normalCdf))
                .isLessThan(1.95 / Math.sqrt(n));
        assertThat(kolmogorovSmirnov(doubles(RandomFill.NORMAL_F64, n), RandomCpuTest::normalCdf))
                .isLessThan(1.95 / Math.sqrt(n));
    }

    /// Limits: four standard deviations of each statistic over n independent normal numbers.
    @Test
    void normalsHaveTheRightMoments() {
        int n = 100_000;
        for (var z : List.of(floats(RandomFill.NORMAL_F32, n), doubles(RandomFill.NORMAL_F64, n))) {
            double sd = 4 / Math.sqrt(n);
            assertThat(Arrays.stream(z).average().orElseThrow()).isCloseTo(0, within(sd));
            assertThat(moment(z, 2)).isCloseTo(1, within(sd * Math.sqrt(2)));
            assertThat(moment(z, 3)).isCloseTo(0, within(sd * Math.sqrt(15)));
            assertThat(moment(z, 4)).isCloseTo(3, within(sd * Math.sqrt(96)));
            double neighbours = 0;
            for (int i = 0; i < n; i += 2) {
                neighbours += z[i] * z[i + 1];
            }
            assertThat(neighbours / (n / 2)).isCloseTo(0, within(sd * Math.sqrt(2)));
        }
    }

    @Test
    void bernoulliHasItsProbability() {
        int n = 100_000;
        try (var arena = Arena.ofConfined()) {
            var out = arena.allocate(n, 64);
            for (double p : new double[] {0, 0x1p-30, 0.001, 0.3, 0.999, 1}) {
                RandomCpu.bernoulli(11, 5, p, out, 0, 0, n);
                int ones = 0;
                for (byte b : out.toArray(JAVA_BYTE)) {
                    ones += b;
                }
                double sd = Math.sqrt(n * p * (1 - p));
                assertThat((double) ones).as("p = " + p).isCloseTo(n * p, within(4 * sd + 0.01));
            }
        }
    }

    private static double moment(double[] z, int k) {
        return Arrays.stream(z).map(x -> Math.pow(x, k)).average().orElseThrow();
    }

    private static double[] floats(RandomFill fill, int n) {
        var array = MemorySegment.ofArray(fill.run(Rng.of(4), 0, 0, n)).toArray(JAVA_FLOAT_UNALIGNED);
        var result = new double[n];
        Arrays.setAll(result, i -> array[i]);
        return result;
    }

    private static double[] doubles(RandomFill fill, int n) {
        return MemorySegment.ofArray(fill.run(Rng.of(4), 0, 0, n)).toArray(JAVA_DOUBLE_UNALIGNED);
    }

    /// The largest distance between the empirical and the given distribution function; above `1.95 / sqrt(n)` once in a
    /// thousand correct samples.
    private static double kolmogorovSmirnov(double[] x, DoubleUnaryOperator cdf) {
        Arrays.sort(x);
        double worst = 0;
        for (int i = 0; i < x.length; i++) {
            double f = cdf.applyAsDouble(x[i]);
            worst = Math.max(worst, Math.max(f - (double) i / x.length, (i + 1.0) / x.length - f));
        }
        return worst;
    }

    /// Marsaglia 2004, "Evaluating the normal distribution": 1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ...).
    private static double normalCdf(double x) {
        double sum = x;
        double term = x;
        for (int k = 3; Math.abs(term) > 1e-17; k += 2) {
            term *= x * x / k;
            sum += term;
        }
        return 0.5 + sum * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }
}
