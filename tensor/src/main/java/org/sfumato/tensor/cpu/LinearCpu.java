package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.spi.Operand;

/// [LinearOp]: one matrix product, to rows that already hold the bias.
final class LinearCpu {
    private LinearCpu() { }

    /// [LinearOp].
    static void linear(Operand[] in, Operand out) {
        var w = in[1].layout();
        int outputs = Math.toIntExact(w.shape().size(0));
        int inputs = Math.toIntExact(w.shape().size(1));
        try (var x = regular(in[0]); var b = in.length > 2 ? Rows.flat(in[2]) : null; var y = Rows.of(out)) {
            int rows = Math.toIntExact(y.count);
            if (b != null) {
                Parallel.rows(rows, 4L * outputs, (r0, r1) -> {
                    for (long r = r0; r < r1; r++) {
                        MemorySegment.copy(b.segment, b.element(0), y.segment, y.offset(r), 4L * outputs);
                    }
                });
            }
            Gemm.f32(rows, outputs, inputs, new Gemm.Matrix(x.segment, x.layout.offset(), x.rowStride(), 1),
                    new Gemm.Matrix(in[1].segment(), w.offset(), w.strides()[1], w.strides()[0]),
                    new Gemm.Matrix(y.segment, y.layout.offset(), outputs, 1), b != null);
        }
    }

    /// Rows at equal distances: of `x` where it lies, else of a copy.
    private static Rows regular(Operand x) {
        var rows = Rows.of(x);
        return rows.isRegular() ? rows : Rows.copyOf(x);
    }
}
