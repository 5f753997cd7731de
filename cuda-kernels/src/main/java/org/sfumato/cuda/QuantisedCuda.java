package org.sfumato.cuda;

import java.util.Arrays;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.DequantiseOp;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tensor.spi.Operand;

/// [DequantiseOp] and [QuantisedLinearOp]. With few rows the matrix is read as it is stored, with many it is made once
/// and then multiplied.
final class QuantisedCuda {
    private static final String MODULE = "quantised";
    /// Up to so many rows the stored matrix is read for each four of them.
    private static final long FEW = 8;
    private static final int ROWS = 4;
    private static final int WARP = 32;
    private static final int WARPS = 8;
    private static final int THREADS = 256;

    private QuantisedCuda() { }

    /// [DequantiseOp].
    static void dequantise(Workspace work, DequantiseOp op, Operand[] in, Operand out) {
        if (out.shape().count() > 0) {
            matrix(work, op.format(), work.dense(in), out);
        }
    }

    private static void matrix(Workspace work, WeightFormat format, Operand[] parts, Operand out) {
        long words = parts[0].shape().count();
        var kernel = work.kernel(MODULE, "dequantise_" + name(format) + "_" + out.dtype());
        put(kernel, parts).address(out).i64(out.shape().size(0)).i32(out.shape().size(1))
                .launch(Driver.Grid.of(Launcher.blocks(words, THREADS), THREADS));
    }

    private static String name(WeightFormat format) {
        return switch (format) {
            case BF16 -> "WIDE";
            case Q8, Q4, NF4 -> format.name();
        };
    }

    private static Kernel put(Kernel kernel, Operand[] parts) {
        for (int i = 0; i < 4; i++) {
            kernel.i64(i < parts.length ? parts[i].address() : 0);
        }
        return kernel.i64(parts[0].shape().size(1));
    }

    /// [QuantisedLinearOp]: x, the parts of W, b.
    static void linear(Workspace work, QuantisedLinearOp op, Operand[] in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        int count = op.format().partCount();
        var dense = work.dense(in);
        var x = dense[0];
        var parts = Arrays.copyOfRange(dense, 1, 1 + count);
        var bias = in.length > 1 + count ? dense[1 + count] : null;
        long n = out.shape().size(-1);
        long k = x.shape().size(-1);
        long rows = out.shape().count() / n;
        if (k > 0 && rows > FEW) {
            var w = work.make(DType.F32, Shape.of(n, k));
            matrix(work, op.format(), parts, w);
            multiply(work, x, w, bias, out);
            return;
        }
        var kernel = work.kernel(MODULE, "product_" + name(op.format()) + "_" + out.dtype()).address(x);
        put(kernel, parts).i64(bias == null ? 0 : bias.address()).address(out).i32(rows).i64(n).i32(k)
                .launch(new Driver.Grid(Launcher.blocks(n, WARPS), Launcher.blocks(rows, ROWS), 1, WARP, WARPS, 1, 0));
    }

    /// In f32: the stored matrix has more digits than half types.
    private static void multiply(Workspace work, Operand x, Operand w, Operand bias, Operand out) {
        var wide = work.as(DType.F32, x);
        var y = out.dtype() == DType.F32 ? out : work.make(DType.F32, out.shape());
        MatMulCuda.linear(work, bias == null ? new Operand[] {wide, w}
                : new Operand[] {wide, w, work.as(DType.F32, bias)}, y);
        if (y != out) {
            work.copy(y, out);
        }
    }
}
