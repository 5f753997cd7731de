package org.sfumato.tensor.cpu;

import org.sfumato.tensor.Layout;
import org.sfumato.tensor.op.Triangle;
import org.sfumato.tensor.op.Unslice;
import org.sfumato.tensor.spi.Operand;

/// Operations that put elements at other places and change none.
final class LayoutCpu {
    private static final long GRAIN = 64 * 1024;    // elements that a thread copies in one go

    private LayoutCpu() { }

    /// The inputs one after another along `axis`.
    static void concat(int axis, Operand[] in, Operand out) {
        long start = 0;
        for (var operand : in) {
            long size = operand.shape().size(axis);
            CopyCpu.copy(operand, part(out, out.layout().slice(axis, start, size, 1)));
            start += size;
        }
    }

    /// Zeros with the input where the slice was taken.
    static void unslice(Unslice op, Operand in, Operand out) {
        SourceCpu.fill(out, 0);
        CopyCpu.copy(in, part(out, op.slice().apply(out.layout())));
    }

    private static Operand part(Operand whole, Layout layout) {
        return new Operand(whole.buffer(), whole.dtype(), layout);
    }

    /// A copy with zeros on one side of a diagonal of the last two axes.
    static void triangle(Triangle op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        CopyCpu.copy(in, out);
        long rows = out.shape().size(-2);
        long columns = out.shape().size(-1);
        int width = out.dtype().bytes();
        var memory = out.segment();
        Parallel.grains(out.shape().count() / columns, Math.max(1, GRAIN / columns), (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                long edge = r % rows + op.diagonal();                   // the column of the diagonal in this row
                long from = op.lower() ? Math.clamp(edge + 1, 0, columns) : 0;
                long to = op.lower() ? columns : Math.clamp(edge, 0, columns);
                SourceCpu.fill(memory, out.byteOffset() + (r * columns + from) * width, to - from, width, 0);
            }
        });
    }
}
