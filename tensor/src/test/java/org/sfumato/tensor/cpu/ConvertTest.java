package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.DType;

class ConvertTest {
    private static final double[] EDGES = {0, -0.0, 1, -1, .5, -2.5, 65504, 65519.99, 65520, 1e9, -3e9, 1e19, -1e19,
        1e38,
        5.9604645e-8, 2.98e-8, 2.99e-8, 6.1e-5, 1e-40, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN};

    /// Pairs of types that meet in a cast, the first one a type of arithmetic.
    static Stream<DType[]> pairs() {
        return Stream.of(DType.F32, DType.F64, DType.I64)
                .flatMap(a -> Stream.of(DType.values()).map(b -> new DType[] {a, b}));
    }

    /// Long contiguous rows, which vectors convert, and rows of one element, which they do not.
    @ParameterizedTest
    @MethodSource("pairs")
    void vectorsConvertAsSingleElementsAre(DType wide, DType other) {
        int n = 64 * EDGES.length + 7;
        var random = new Random(1);
        try (var arena = Arena.ofConfined()) {
            var x = arena.allocate(8L * n, 64);
            for (int i = 0; i < n; i++) {
                double value = i % 3 == 0 ? EDGES[i / 3 % EDGES.length] : 1000 * random.nextGaussian();
                set(wide, x, i, value);
            }
            var whole = arena.allocate(8L * n, 64);
            var single = arena.allocate(8L * n, 64);
            Pack.run(wide, x, 0, other, whole, 0, other.bytes(), n);
            for (int i = 0; i < n; i++) {
                Pack.run(wide, x, (long) i * wide.bytes(), other, single, (long) i * other.bytes(), other.bytes(), 1);
            }
            assertSame(other, whole, single, n);
            var back = arena.allocate(8L * n, 64);
            var backSingle = arena.allocate(8L * n, 64);
            Unpack.run(other, whole, 0, other.bytes(), wide, back, 0, n);
            for (int i = 0; i < n; i++) {
                Unpack.run(other, whole, (long) i * other.bytes(), other.bytes(), wide, backSingle,
                        (long) i * wide.bytes(), 1);
            }
            assertSame(wide, back, backSingle, n);
        }
    }

    private static void set(DType type, MemorySegment s, long i, double value) {
        switch (type) {
            case F32 -> s.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
            case F64 -> s.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
            default -> s.setAtIndex(ValueLayout.JAVA_LONG, i, (long) value * (i % 2 == 0 ? 1 : 0));
        }
    }

    private static void assertSame(DType type, MemorySegment a, MemorySegment b, int n) {
        int width = type.bytes();
        for (int i = 0; i < n; i++) {
            var one = a.asSlice((long) i * width, width).toArray(ValueLayout.JAVA_BYTE);
            var two = b.asSlice((long) i * width, width).toArray(ValueLayout.JAVA_BYTE);
            assertThat(one).as("element %d of %s", i, type).isEqualTo(two);
        }
    }

    @Test
    void everyHalfIsReadAsJavaReadsIt() {
        try (var arena = Arena.ofConfined()) {
            var halves = arena.allocate(2L << 16, 64);
            var floats = arena.allocate(4L << 16, 64);
            IntStream.range(0, 1 << 16).forEach(i -> halves.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) i));
            Unpack.run(DType.F16, halves, 0, 2, DType.F32, floats, 0, 1 << 16);
            for (int i = 0; i < 1 << 16; i++) {
                assertThat((Float) floats.getAtIndex(ValueLayout.JAVA_FLOAT, i))       // a boxed NaN equals itself
                        .isEqualTo(Float.valueOf(Float.float16ToFloat((short) i)));
            }
        }
    }

    /// Each half and its neighbours at the middle to the next one, then floats from everywhere.
    @Test
    void floatsAreRoundedToHalvesAsJavaRoundsThem() {
        int n = 5 << 16;
        try (var arena = Arena.ofConfined()) {
            var floats = arena.allocate(4L * n, 64);
            var halves = arena.allocate(2L * n, 64);
            for (int i = 0; i < n; i++) {
                int middle = Float.floatToRawIntBits(Float.float16ToFloat((short) (i >> 2))) + 0x1000 + i % 4 - 2;
                int bits = i < 4 << 16 ? middle : (i - (4 << 16)) * 65521;
                floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.intBitsToFloat(bits));
            }
            Pack.run(DType.F32, floats, 0, DType.F16, halves, 0, 2, n);
            for (int i = 0; i < n; i++) {
                float x = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                float y = Float.float16ToFloat(halves.getAtIndex(ValueLayout.JAVA_SHORT, i));
                if (Float.compare(y, Float.float16ToFloat(Float.floatToFloat16(x))) != 0) {
                    assertThat(y).as("%a", x).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(x)));
                }
            }
        }
    }
}
