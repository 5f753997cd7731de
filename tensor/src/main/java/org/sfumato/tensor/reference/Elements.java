package org.sfumato.tensor.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// The elements of an operand by their place in row-major order, whatever the strides, as float64 or as 64-bit
/// integers.
final class Elements {
    private final MemorySegment memory;
    private final DType type;
    private final Layout layout;
    private final long[] sizes;
    private final boolean dense;

    Elements(Operand operand) {
        this(operand, operand.layout());
    }

    private Elements(Operand operand, Layout layout) {
        this.memory = operand.segment();
        this.type = operand.dtype();
        this.layout = layout;
        this.sizes = layout.shape().sizes();
        this.dense = layout.isDense();
    }

    /// The elements of `operand` broadcast to `shape`.
    static Elements expanded(Operand operand, Shape shape) {
        return new Elements(operand, operand.layout().expand(shape));
    }

    long count() {
        return layout.shape().count();
    }

    DType type() {
        return type;
    }

    /// Element `i` as a double; beyond 2^53 integers are rounded.
    double real(long i) {
        long at = offset(i);
        return switch (type) {
            case F32 -> memory.get(ValueLayout.JAVA_FLOAT, 4 * at);
            case F64 -> memory.get(ValueLayout.JAVA_DOUBLE, 8 * at);
            case BF16 -> Half.fromBf16(memory.get(ValueLayout.JAVA_SHORT, 2 * at));
            case F16 -> Half.fromF16(memory.get(ValueLayout.JAVA_SHORT, 2 * at));
            case I64, I32, BOOL -> wholeAt(at);
        };
    }

    /// Element `i` as a long; a fraction is cut off.
    long whole(long i) {
        return type.isFloating() ? (long) real(i) : wholeAt(offset(i));
    }

    private long wholeAt(long at) {
        return switch (type) {
            case I64 -> memory.get(ValueLayout.JAVA_LONG, 8 * at);
            case I32 -> memory.get(ValueLayout.JAVA_INT, 4 * at);
            case BOOL -> memory.get(ValueLayout.JAVA_BYTE, at) != 0 ? 1 : 0;
            case F32, F64, BF16, F16 -> throw new AssertionError(type);
        };
    }

    /// Sets element `i`, rounded to the type; integers as Java casts, truth values by `!= 0`.
    void put(long i, double value) {
        long at = offset(i);
        switch (type) {
            case F32 -> memory.set(ValueLayout.JAVA_FLOAT, 4 * at, (float) value);
            case F64 -> memory.set(ValueLayout.JAVA_DOUBLE, 8 * at, value);
            case BF16 -> memory.set(ValueLayout.JAVA_SHORT, 2 * at, Half.bf16(value));
            case F16 -> memory.set(ValueLayout.JAVA_SHORT, 2 * at, Half.f16(value));
            case I64 -> memory.set(ValueLayout.JAVA_LONG, 8 * at, (long) value);
            case I32 -> memory.set(ValueLayout.JAVA_INT, 4 * at, (int) value);
            case BOOL -> memory.set(ValueLayout.JAVA_BYTE, at, (byte) (value != 0 ? 1 : 0));
        }
    }

    /// Sets element `i`; a smaller integer type keeps the low bits.
    void put(long i, long value) {
        switch (type) {
            case I64 -> memory.set(ValueLayout.JAVA_LONG, 8 * offset(i), value);
            case I32 -> memory.set(ValueLayout.JAVA_INT, 4 * offset(i), (int) value);
            case BOOL -> memory.set(ValueLayout.JAVA_BYTE, offset(i), (byte) (value != 0 ? 1 : 0));
            case F32 -> memory.set(ValueLayout.JAVA_FLOAT, 4 * offset(i), (float) value);
            case F64, BF16, F16 -> put(i, (double) value);
        }
    }

    /// Sets element `i` to element `j` of `from`, exactly where the types agree.
    void put(long i, Elements from, long j) {
        if (from.type.isFloating()) {
            put(i, from.real(j));
        } else {
            put(i, from.whole(j));
        }
    }

    /// All elements as doubles.
    double[] reals() {
        var result = new double[Math.toIntExact(count())];
        for (int i = 0; i < result.length; i++) {
            result[i] = real(i);
        }
        return result;
    }

    /// All elements as longs.
    long[] wholes() {
        var result = new long[Math.toIntExact(count())];
        for (int i = 0; i < result.length; i++) {
            result[i] = whole(i);
        }
        return result;
    }

    /// Sets all elements.
    void put(double[] values) {
        for (int i = 0; i < values.length; i++) {
            put(i, values[i]);
        }
    }

    /// Sets all elements.
    void put(long[] values) {
        for (int i = 0; i < values.length; i++) {
            put(i, values[i]);
        }
    }

    private long offset(long i) {
        if (dense) {
            return layout.offset() + i;
        }
        long at = layout.offset();
        long rest = i;
        for (int axis = sizes.length - 1; axis >= 0; axis--) {
            at += rest % sizes[axis] * layout.strides()[axis];
            rest /= sizes[axis];
        }
        return at;
    }
}
