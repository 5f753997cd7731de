package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Fused;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.Operand;

/// Operands for kernels without a backend, and the checks that all kernels share: what lies beside an output is not
/// touched, and any number of threads gives the same bits.
final class Fixture {
    private static final int GUARD = 64;
    private static final float CANARY = 12345.678f;

    private Fixture() { }

    private record Memory(MemorySegment host) implements Buffer {
        @Override
        public long bytes() {
            return host.byteSize();
        }
    }

    /// A dense f32 operand.
    static Operand f32(double[] values, long... sizes) {
        return of(DType.F32, values, Layout.dense(Shape.of(sizes)));
    }

    static Operand i64(long[] values) {
        var doubles = java.util.Arrays.stream(values).asDoubleStream().toArray();
        return of(DType.I64, doubles, Layout.dense(Shape.of(values.length)));
    }

    /// The values in row-major order, laid out so that axis `order[0]` is the outermost, elements `gap` apart.
    static Operand view(DType type, double[] values, int[] order, int gap, long... sizes) {
        var strides = new long[sizes.length];
        long step = gap;
        for (int i = order.length - 1; i >= 0; i--) {
            strides[order[i]] = step;
            step *= sizes[order[i]];
        }
        return of(type, values, new Layout(Shape.of(sizes), strides, 5));
    }

    /// The values in row-major order, where `layout` says.
    static Operand of(DType type, double[] values, Layout layout) {
        long last = layout.offset();
        for (int i = 0; i < layout.shape().rank(); i++) {
            last += (layout.shape().size(i) - 1) * layout.strides()[i];
        }
        var memory = Arena.ofAuto().allocate(Math.max(1, (last + 1) * type.bytes()), 64);
        memory.fill((byte) 0xFF);                        // NaN, true, -1: what is read beside shows
        var operand = new Operand(new Memory(memory), type, layout);
        for (int i = 0; i < values.length; i++) {
            set(operand, place(layout, i), values[i]);
        }
        return operand;
    }

    private static long place(Layout layout, long index) {
        long at = layout.offset();
        for (int i = layout.shape().rank() - 1; i >= 0; i--) {
            at += index % layout.shape().size(i) * layout.strides()[i];
            index /= layout.shape().size(i);
        }
        return at;
    }

    private static void set(Operand operand, long at, double value) {
        var memory = operand.segment();
        switch (operand.dtype()) {
            case F32 -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, at, (float) value);
            case I64 -> memory.setAtIndex(ValueLayout.JAVA_LONG, at, (long) value);
            case BOOL -> memory.set(ValueLayout.JAVA_BYTE, at, (byte) (value != 0 ? 1 : 0));
            case F64, BF16, F16, I32 -> throw new IllegalArgumentException("fixture: " + operand.dtype());
        }
    }

    /// Runs `op` on 1, 2, 3 and 8 threads and gives the outputs in float64.
    static double[][] run(Fused op, Operand... in) {
        var specs = java.util.Arrays.stream(in).map(Operand::spec).toArray(Spec[]::new);
        assertThat(FusedCpu.supports(op, specs)).isTrue();
        var results = op.outputs(specs);
        int[][] first = null;
        for (int threads : new int[] {1, 2, 3, 8}) {
            var out = new Operand[results.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = guarded(results[i]);
            }
            Parallel.withThreads(threads, () -> FusedCpu.run(op, in, out));
            var bits = new int[out.length][];
            for (int i = 0; i < out.length; i++) {
                bits[i] = bits(out[i]);
            }
            if (first != null) {
                assertThat(bits).as("threads " + threads).isDeepEqualTo(first);
            }
            first = bits;
        }
        var values = new double[first.length][];
        for (int i = 0; i < values.length; i++) {
            values[i] = java.util.Arrays.stream(first[i]).mapToDouble(Float::intBitsToFloat).toArray();
        }
        return values;
    }

    private static Operand guarded(Spec spec) {
        long n = spec.shape().count();
        var memory = Arena.ofAuto().allocate(4 * (n + 2 * GUARD), 64);
        for (long i = 0; i < n + 2 * GUARD; i++) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, CANARY);
        }
        return new Operand(new Memory(memory), spec.dtype(), new Layout(spec.shape(), spec.shape().strides(), GUARD));
    }

    private static int[] bits(Operand out) {
        int n = (int) out.shape().count();
        var bits = new int[n];
        for (int i = 0; i < n + 2 * GUARD; i++) {
            if (i < GUARD || i >= GUARD + n) {
                assertThat(out.segment().getAtIndex(ValueLayout.JAVA_FLOAT,
                        i)).as("beside the output").isEqualTo(CANARY);
            } else {
                bits[i - GUARD] = out.segment().getAtIndex(ValueLayout.JAVA_INT, i);
            }
        }
        return bits;
    }

    /// Normal numbers that are floats.
    static double[] normal(long seed, int n, double mean, double deviation) {
        var random = new Random(seed);
        var x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return x;
    }

    /// Every element within `absolute + relative * |expected|`, infinities and NaN the same.
    static void assertClose(String what, double[] actual, double[] expected, double absolute, double relative) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            if (Double.isNaN(expected[i]) || Double.isInfinite(expected[i])) {
                assertThat(Double.valueOf(actual[i])).as(what + " at " + i).isEqualTo(Double.valueOf(expected[i]));
            } else {
                double bound = absolute + relative * Math.abs(expected[i]);
                assertThat(actual[i]).as(what + " at " + i).isCloseTo(expected[i], within(bound));
            }
        }
    }
}
