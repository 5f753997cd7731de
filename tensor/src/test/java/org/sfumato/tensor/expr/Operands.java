package org.sfumato.tensor.expr;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import org.sfumato.tensor.DType;

/// Native memory for a loop under test: each operand and each result starts at an offset of its own. Behind a result
/// lie marks: a run that writes beyond its end is an error.
final class Operands implements AutoCloseable {
    private static final long MARKS = 256;
    private static final byte MARK = 0x5A;

    private final Arena arena = Arena.ofConfined();
    private final DType type;
    private final long count;
    private final MemorySegment[] in;
    private final long[] inOffsets;
    private final MemorySegment[] out;
    private final long[] outOffsets;
    private long[] addresses;
    private long[] resultAddresses;

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
            in[k] = arena.allocate(inOffsets[k] + n * type.bytes() + MARKS, 64).fill(MARK);
            for (int i = 0; i < n; i++) {
                set(in[k], inOffsets[k], i, values[k][i]);
            }
        }
        for (int j = 0; j < results; j++) {
            outOffsets[j] = (long) (j + 2) * type.bytes();
            out[j] = arena.allocate(outOffsets[j] + count * type.bytes() + MARKS, 64).fill(MARK);
        }
    }

    /// In two pieces, as threads do.
    Operands run(ExprLoop loop) {
        if (addresses == null) {
            addresses = addresses(in, inOffsets);
            resultAddresses = addresses(out, outOffsets);
        }
        loop.run(addresses, resultAddresses, 0, count / 3);
        loop.run(addresses, resultAddresses, count / 3, count);
        return this;
    }

    private static long[] addresses(MemorySegment[] segments, long[] offsets) {
        var addresses = new long[segments.length];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = segments[i].address() + offsets[i];
        }
        return addresses;
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
        for (int j = 0; j < out.length; j++) {
            for (long at = outOffsets[j] + count * type.bytes(); at < out[j].byteSize(); at++) {
                if (out[j].get(ValueLayout.JAVA_BYTE, at) != MARK) {
                    throw new AssertionError("result " + j + " was written beyond its end");
                }
            }
        }
        arena.close();
    }
}
