package org.sfumato.cuda;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.LinearCrossEntropyGrad;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.spi.Operand;

/// [LinearCrossEntropyOp] and [LinearCrossEntropyGrad] by pieces of rows: the logits of one piece at a time, in f32.
final class LinearCrossEntropyCuda {
    /// Logits of a piece, about: 256 MiB.
    private static final long LOGITS = 1 << 26;
    private static final long FEWEST_ROWS = 128;
    private static final long MOST_ROWS = 16_384;

    private LinearCrossEntropyCuda() { }

    /// Rows [from, from + count) of an operand.
    private static Operand rows(Operand x, long from, long count) {
        return new Operand(x.buffer(), x.dtype(), x.layout().slice(0, from, count, 1));
    }

    private static Operand turned(Operand x) {
        return new Operand(x.buffer(), x.dtype(), x.layout().permute(1, 0));
    }

    private static long piece(long rows, long classes) {
        long most = Math.clamp(LOGITS / Math.max(1, classes) / FEWEST_ROWS * FEWEST_ROWS, FEWEST_ROWS, MOST_ROWS);
        return Math.max(1, Math.min(rows, most));
    }

    /// [LinearCrossEntropyOp]: x, W, t, b -> loss, lse.
    static void loss(Workspace work, LinearCrossEntropyOp op, Operand[] in, Operand[] out) {
        long n = in[0].shape().size(0);
        long v = in[1].shape().size(0);
        var t = work.dense(in[2]);
        var bias = in.length > 3 ? work.dense(in[3]) : null;
        work.look(op.name(), t, v, op.ignoreIndex());
        long piece = piece(n, v);
        var z = work.make(DType.F32, Shape.of(piece, v));
        for (long from = 0; from < n; from += piece) {
            long count = Math.min(piece, n - from);
            var logits = rows(z, 0, count);
            MatMulCuda.sums(work, rows(in[0], from, count), turned(in[1]), bias, logits, false);
            work.kernel("rows", "chunkLoss").address(logits).address(rows(t, from, count))
                    .address(rows(out[0], from, count)).address(rows(out[1], from, count)).i64(count).i64(v)
                    .i64(op.ignoreIndex()).launch(RowsCuda.grid(logits));
        }
    }

    /// [LinearCrossEntropyGrad]: x, W, t, lse, dloss, b -> dx, dW, db.
    static void grad(Workspace work, LinearCrossEntropyGrad op, Operand[] in, Operand[] out) {
        var dtype = in[0].dtype();
        long n = in[0].shape().size(0);
        long v = in[1].shape().size(0);
        var given = new Operand[] {work.dense(in[2]), work.dense(work.as(DType.F32, in[3])),
            work.dense(work.as(DType.F32, in[4]))};
        var bias = in.length > 5 ? work.dense(in[5]) : null;
        work.look(op.name(), given[0], v, op.ignoreIndex());
        long piece = piece(n, v);
        var z = work.make(DType.F32, Shape.of(piece, v));
        var g = work.make(dtype, Shape.of(piece, v));
        var dw = dtype == DType.F32 ? out[1] : work.make(DType.F32, out[1].shape());
        long pieces = Math.ceilDiv(n, piece);
        long sums = work.bytes(pieces * v * Float.BYTES).address();
        if (n == 0) {
            work.clear(dw);
        }
        for (long from = 0; from < n; from += piece) {
            long count = Math.min(piece, n - from);
            var logits = rows(z, 0, count);
            var slope = rows(g, 0, count);
            MatMulCuda.sums(work, rows(in[0], from, count), turned(in[1]), bias, logits, false);
            var kernel = work.kernel("rows", "chunkGrad_" + dtype).address(logits);
            for (var operand : given) {
                kernel.address(rows(operand, from, count));
            }
            kernel.address(slope).i64(count).i64(v).i64(op.ignoreIndex()).launch(RowsCuda.grid(logits));
            MatMulCuda.run(work, slope, in[1], rows(out[0], from, count));
            MatMulCuda.sums(work, turned(slope), rows(in[0], from, count), null, dw, from > 0);
            if (bias != null) {
                ReduceCuda.sumParts(work, dtype, slope.address(), count, v, DType.F32,
                        sums + from / piece * v * Float.BYTES);
            }
        }
        if (dw != out[1]) {
            work.copy(dw, out[1]);
        }
        if (bias != null) {
            ReduceCuda.sumParts(work, DType.F32, sums, pieces, v, dtype, out[2].address());
        }
    }
}
