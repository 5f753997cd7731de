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

    private final int bytes;
    private final Scratch copy;
    private final Layout outer;
    private final boolean regular;
    private final long start;
    private final long step;

    private Rows(MemorySegment segment, Layout layout, int bytes, Scratch copy) {
        this.segment = segment;
        this.layout = layout;
        this.bytes = bytes;
        this.copy = copy;
        int last = layout.shape().rank() - 1;
        this.width = Math.toIntExact(layout.shape().size(last));
        this.outer = new Layout(layout.shape().range(0, last), layout.strides(), layout.offset()).collapse();
        this.count = outer.shape().count();
        this.regular = outer.shape().rank() < 2;
        this.start = layout.offset() * bytes;
        this.step = outer.shape().rank() == 0 ? 0 : outer.strides()[0] * bytes;
    }

    /// The rows of `operand` along its last axis; its rank is at least one.
    static Rows of(Operand operand) {
        var layout = operand.layout();
        int bytes = operand.dtype().bytes();
        int last = layout.shape().rank() - 1;
        if (layout.strides()[last] == 1 || layout.shape().size(last) == 1 || layout.shape().count() == 0) {
            return new Rows(operand.segment(), layout, bytes, null);
        }
        return copied(operand.segment(), layout, bytes);
    }

    /// All elements of `operand` in one dense row.
    static Rows flat(Operand operand) {
        var layout = operand.layout();
        int bytes = operand.dtype().bytes();
        var flat = Shape.of(layout.shape().count());
        if (layout.isDense()) {
            return new Rows(operand.segment(), new Layout(flat, flat.strides(), layout.offset()), bytes, null);
        }
        var copy = copied(operand.segment(), layout, bytes).copy;
        return new Rows(copy.segment, Layout.dense(flat), bytes, copy);
    }

    /// A dense copy of the rows of `operand`.
    static Rows copyOf(Operand operand) {
        return copied(operand.segment(), operand.layout(), operand.dtype().bytes());
    }

    private static Rows copied(MemorySegment from, Layout layout, int bytes) {
        var copy = Scratch.of(layout.shape().count() * bytes);
        var rows = new Rows(copy.segment, Layout.dense(layout.shape()), bytes, copy);
        var source = new Rows(from, layout, bytes, null);
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
            default -> throw new IllegalArgumentException("rows: elements of " + bytes + " bytes are not copied");
        }
    }

    /// Byte offset of row `r`.
    long offset(long r) {
        return regular ? start + r * step : irregular(r);
    }

    private long irregular(long r) {
        long at = layout.offset();
        for (int axis = outer.shape().rank() - 1; axis >= 0; axis--) {
            long size = outer.shape().size(axis);
            at += r % size * outer.strides()[axis];
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
