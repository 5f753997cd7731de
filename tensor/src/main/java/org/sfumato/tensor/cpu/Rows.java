package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// An operand as rows whose elements lie side by side, wherever the rows themselves lie. A view whose last axis has
/// another stride than one is first copied to scratch memory, which [#close] gives back.
final class Rows implements AutoCloseable {
    /// The memory of the rows.
    final MemorySegment segment;
    /// Where the elements lie in it.
    final Layout layout;
    /// How many rows there are.
    final long count;
    /// Elements in a row.
    final int width;

    private final long base;
    private final int bytes;
    private final Scratch copy;
    private final boolean regular;
    private final long start;
    private final long step;

    private Rows(MemorySegment segment, long base, Layout layout, int bytes, Scratch copy) {
        this.segment = segment;
        this.base = base;
        this.layout = layout;
        this.bytes = bytes;
        this.copy = copy;
        int last = layout.shape().rank() - 1;
        this.width = Math.toIntExact(layout.shape().size(last));
        this.start = layout.offset() * bytes;
        long count = 1;
        long step = 0;
        boolean regular = true;
        for (int axis = last - 1; axis >= 0; axis--) {
            long size = layout.shape().size(axis);
            if (size != 1) {
                long stride = layout.strides()[axis];
                regular &= count == 1 || stride == step * count;
                step = count == 1 ? stride : step;
                count *= size;
            }
        }
        this.count = count;
        this.step = step * bytes;
        this.regular = regular || count == 0;
    }

    /// The rows of `operand` along its last axis; its rank is at least one.
    static Rows of(Operand operand) {
        var layout = operand.layout();
        int bytes = operand.dtype().bytes();
        int last = layout.shape().rank() - 1;
        if (layout.strides()[last] == 1 || layout.shape().size(last) == 1 || layout.shape().count() == 0) {
            return new Rows(operand.segment(), base(operand), layout, bytes, null);
        }
        return copied(operand.segment(), layout, bytes);
    }

    /// The address of the memory of `operand`, in which all its elements lie.
    private static long base(Operand operand) {
        return operand.address() - operand.byteOffset();
    }

    /// All elements of `operand` in one dense row.
    static Rows flat(Operand operand) {
        var layout = operand.layout();
        int bytes = operand.dtype().bytes();
        var flat = Shape.of(layout.shape().count());
        if (layout.isDense()) {
            var dense = new Layout(flat, flat.strides(), layout.offset());
            return new Rows(operand.segment(), base(operand), dense, bytes, null);
        }
        var copy = copied(operand.segment(), layout, bytes).copy;
        return new Rows(copy.segment, copy.segment.address(), Layout.dense(flat), bytes, copy);
    }

    /// The rows of `operand`, of floats, in rows of a vector at least: narrower ones are copied and followed by `fill`.
    static Rows padded(Operand operand, float fill) {
        var shape = operand.shape();
        int last = shape.rank() - 1;
        if (shape.size(last) >= Simd.F32_LANES || shape.count() == 0) {
            return of(operand);
        }
        var layout = Layout.dense(shape.with(last, Simd.F32_LANES));
        var copy = Scratch.of(layout.shape().count() * Float.BYTES);
        var wide = new Rows(copy.segment, copy.segment.address(), layout, Float.BYTES, copy);
        try (var rows = of(operand)) {
            for (long r = 0; r < rows.count; r++) {
                for (int i = 0; i < wide.width; i++) {
                    float value = i < rows.width ? Simd.getF32(rows.address(r) + 4L * i) : fill;
                    Simd.setF32(wide.address(r) + 4L * i, value);
                }
            }
        }
        return wide;
    }

    /// Copies rows that are only a padded copy to `operand`, as far as they have a place there.
    void into(Operand operand) {
        if (copy == null) {
            return;
        }
        try (var rows = of(operand)) {
            for (long r = 0; r < rows.count; r++) {
                for (int i = 0; i < rows.width; i++) {
                    Simd.setF32(rows.address(r) + 4L * i, Simd.getF32(address(r) + 4L * i));
                }
            }
        }
    }

    /// A dense copy of the rows of `operand`.
    static Rows copyOf(Operand operand) {
        return copied(operand.segment(), operand.layout(), operand.dtype().bytes());
    }

    private static Rows copied(MemorySegment from, Layout layout, int bytes) {
        var copy = Scratch.of(layout.shape().count() * bytes);
        var rows = new Rows(copy.segment, copy.segment.address(), Layout.dense(layout.shape()), bytes, copy);
        var source = new Rows(from, from.address(), layout, bytes, null);
        long step = layout.strides()[layout.shape().rank() - 1] * bytes;
        Parallel.rows(rows.count, (long) rows.width * bytes, (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                copyRow(from, source.offset(r), step, copy.segment, rows.offset(r), rows.width, bytes);
            }
        });
        return rows;
    }

    private static void copyRow(MemorySegment from, long at, long step, MemorySegment to, long toAt, int width,
            int bytes) {
        switch (bytes) {
            case 8 -> {
                for (int i = 0; i < width; i++) {
                    to.set(ValueLayout.JAVA_LONG_UNALIGNED, toAt + 8L * i, from.get(ValueLayout.JAVA_LONG_UNALIGNED,
                            at + i * step));
                }
            }
            case 4 -> {
                for (int i = 0; i < width; i++) {
                    to.set(ValueLayout.JAVA_INT_UNALIGNED, toAt + 4L * i, from.get(ValueLayout.JAVA_INT_UNALIGNED,
                            at + i * step));
                }
            }
            case 2 -> {
                for (int i = 0; i < width; i++) {
                    to.set(ValueLayout.JAVA_SHORT_UNALIGNED, toAt + 2L * i, from.get(ValueLayout.JAVA_SHORT_UNALIGNED,
                            at + i * step));
                }
            }
            default -> throw new IllegalArgumentException("rows: elements of " + bytes + " bytes are not copied");
        }
    }

    /// Byte offset of row `r`.
    long offset(long r) {
        return regular ? start + r * step : irregular(r);
    }

    /// The address of row `r`; all rows were found to lie in the memory.
    long address(long r) {
        return base + offset(r);
    }

    private long irregular(long r) {
        long at = layout.offset();
        for (int axis = layout.shape().rank() - 2; axis >= 0; axis--) {
            long size = layout.shape().size(axis);
            at += r % size * layout.strides()[axis];
            r /= size;
        }
        return at * bytes;
    }

    /// True if the rows lie at equal distances.
    boolean isRegular() {
        return regular;
    }

    /// Elements from one row to the next, where they lie at equal distances.
    long rowStride() {
        return step / bytes;
    }

    /// Bytes from one row to the next, where they lie at equal distances.
    long step() {
        return step;
    }

    /// Byte offset of element `i` of the only row, see [#flat].
    long element(long i) {
        return start + i * bytes;
    }

    @Override
    public void close() {
        if (copy != null) {
            copy.close();
        }
    }
}
