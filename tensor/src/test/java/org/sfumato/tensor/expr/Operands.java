package org.sfumato.tensor.expr;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import org.sfumato.tensor.DType;

/// Native memory for a loop under test: each operand and each result starts at an offset of its own and ends with its
/// segment, so that a read or write beyond its end throws.
final class Operands implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final DType type;
    private final long count;
    private final MemorySegment[] in;
    private final long[] inOffsets;
    private final MemorySegment[] out;
    private final long[] outOffsets;

    Operands(DType type, long count, long scalars, double[][] values, int results) {
        this.type = type;
        this.count = count;
        in = new MemorySegment[values.length];
        inOffsets = new long[values.length];
        out = new MemorySegment[results];
        outOffsets = new long[results];
        for (int k = 0; k < in.length; k++) {
            long n = (scalars >>> k & 1) != 0 ? 1 : count;
            inOffsets[k] = (long) (k + 1) * type.bytes();
            in[k] = arena.allocate(inOffsets[k] + n * type.bytes(), 64);
            for (int i = 0; i < n; i++) {
                set(in[k], inOffsets[k], i, values[k][i]);
            }
        }
        for (int j = 0; j < results; j++) {
            outOffsets[j] = (long) (j + 2) * type.bytes();
            out[j] = arena.allocate(outOffsets[j] + count * type.bytes(), 64);
        }
    }

    Operands run(ExprLoop loop) {
        loop.run(in, inOffsets, out, outOffsets, count);
        return this;
    }

    /// Runs with result `j` in the place of operand `j`.
    Operands runInPlace(ExprLoop loop) {
        System.arraycopy(in, 0, out, 0, out.length);
        System.arraycopy(inOffsets, 0, outOffsets, 0, out.length);
        return run(loop);
    }

    double result(int j, int i) {
        long at = outOffsets[j] + (long) i * type.bytes();
        return switch (type) {
            case F32 -> out[j].get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
            case F64 -> out[j].get(ValueLayout.JAVA_DOUBLE_UNALIGNED, at);
            case I64 -> out[j].get(ValueLayout.JAVA_LONG_UNALIGNED, at);
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException(type.toString());
        };
    }

    long resultAsLong(int j, int i) {
        return out[j].get(ValueLayout.JAVA_LONG_UNALIGNED, outOffsets[j] + (long) i * type.bytes());
    }

    void setLong(int k, int i, long value) {
        in[k].set(ValueLayout.JAVA_LONG_UNALIGNED, inOffsets[k] + (long) i * type.bytes(), value);
    }

    private void set(MemorySegment segment, long offset, int i, double value) {
        long at = offset + (long) i * type.bytes();
        switch (type) {
            case F32 -> segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, (float) value);
            case F64 -> segment.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, value);
            case I64 -> segment.set(ValueLayout.JAVA_LONG_UNALIGNED, at, (long) value);
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException(type.toString());
        }
    }

    @Override public void close() {
        arena.close();
    }
}
