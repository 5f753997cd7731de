package org.sfumato.tensor.cpu;

import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.spi.Operand;

/// [LinearOp]: one matrix product whose sums begin from the bias.
final class LinearCpu {
    private LinearCpu() { }

    /// [LinearOp].
    static void linear(Operand[] in, Operand out) {
        var w = in[1].layout();
        int outputs = Math.toIntExact(w.shape().size(0));
        int inputs = Math.toIntExact(w.shape().size(1));
        try (var x = regular(in[0]); var b = in.length > 2 ? Rows.flat(in[2]) : null; var y = Rows.of(out)) {
            int rows = Math.toIntExact(y.count);
            Gemm.f32(rows, outputs, inputs, new Gemm.Matrix(x.segment, x.layout.offset(), x.rowStride(), 1),
                    new Gemm.Matrix(in[1].segment(), w.offset(), w.strides()[1], w.strides()[0]),
                    new Gemm.Matrix(y.segment, y.layout.offset(), outputs, 1),
                    b == null ? null : new Gemm.Matrix(b.segment, b.element(0) / Float.BYTES, 0, 1));
        }
    }

    /// Rows at equal distances: of `x` where it lies, else of a copy.
    static Rows regular(Operand x) {
        var rows = Rows.of(x);
        return rows.isRegular() ? rows : Rows.copyOf(x);
    }
}
