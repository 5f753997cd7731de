package org.sfumato.tensor.cpu;

import org.sfumato.tensor.op.DequantiseOp;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.spi.Operand;

/// [DequantiseOp] and [QuantisedLinearOp].
///
/// Few rows of x are multiplied with the codes where these lie, so that little more than the codes is read from memory.
/// For more rows some rows of W at a time are decoded, and [Gemm] does the rest: the bits are then those of
/// [LinearCpu] with the decoded matrix.
final class QuantisedCpu {
    /// At most so many rows of x are few.
    private static final int FEW = 4;

    /// Multiplications worth a visit to the pool.
    private static final long VISIT = 1 << 15;

    /// Bytes of decoded rows at a time: what stays in the cache.
    private static final long TILE = 1 << 21;

    private QuantisedCpu() { }

    /// [DequantiseOp].
    static void dequantise(DequantiseOp op, Operand[] in, Operand out) {
        try (var w = StoredMatrix.of(op.format(), op.columns(), in, 0); var y = Rows.of(out)) {
            Parallel.grains(w.rows, Math.max(1, VISIT / Math.max(1, w.columns)), (r0, r1) -> {
                if (w.width() == w.columns) {
                    w.decode(r0, r1, y.address(r0), y.step());
                } else {
                    cut(w, r0, r1, y);
                }
            });
        }
    }

    private static void cut(StoredMatrix w, long r0, long r1, Rows y) {
        try (var row = Scratch.of((long) w.width() * Float.BYTES)) {
            for (long r = r0; r < r1; r++) {
                w.decode(r, r + 1, row.segment.address(), 0);
                java.lang.foreign.MemorySegment.copy(row.segment, 0, y.segment, y.offset(r),
                        (long) w.columns * Float.BYTES);
            }
        }
    }

    /// [QuantisedLinearOp].
    static void linear(QuantisedLinearOp op, Operand[] in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        int bias = 1 + op.format().partCount();
        try (var x = LinearCpu.regular(in[0]); var b = in.length > bias ? Rows.flat(in[bias]) : null;
                var w = StoredMatrix.of(op.format(), in[0].shape().size(-1), in, 1); var y = Rows.of(out)) {
            if (y.count <= FEW && w.hasDots()) {
                few(x, w, b, y);
            } else {
                many(x, w, b, y);
            }
        }
    }

    private static void few(Rows x, StoredMatrix w, Rows b, Rows y) {
        long row = (long) w.width() * Float.BYTES;
        try (var scratch = Scratch.of(y.count * row)) {
            long arranged = scratch.segment.address();
            for (int i = 0; i < y.count; i++) {
                w.arrange(x.address(i), arranged + i * row);
            }
            long f = b == null ? 0 : b.address(0);
            Parallel.grains(w.rows, Math.max(1, VISIT / Math.max(1, w.columns * y.count)), (r0, r1) -> {
                for (int i = 0; i < y.count; i++) {
                    w.dots(r0, r1, arranged + i * row, f, y.address(i));
                }
            });
        }
    }

    private static void many(Rows x, StoredMatrix w, Rows b, Rows y) {
        int together = Math.clamp(TILE / Math.max(1, w.width() * Float.BYTES) / 64 * 64, 64, w.rows + 63);
        try (var scratch = Scratch.of((long) together * w.width() * Float.BYTES)) {
            for (int first = 0; first < w.rows; first += together) {
                int from = first;
                int count = Math.min(together, w.rows - from);
                long step = (long) w.width() * Float.BYTES;
                Parallel.grains(count, Math.max(1, VISIT / Math.max(1, w.columns)),
                        (r0, r1) -> w.decode(from + r0, from + r1, scratch.segment.address() + r0 * step, step));
                Gemm.f32((int) y.count, count, w.columns,
                        new Gemm.Matrix(x.segment, x.layout.offset(), x.rowStride(), 1),
                        new Gemm.Matrix(scratch.segment, 0, 1, w.width()),
                        new Gemm.Matrix(y.segment, y.layout.offset() + from, w.rows, 1),
                        b == null ? null : new Gemm.Matrix(b.segment, b.element(0) / Float.BYTES + from, 0, 1));
            }
        }
    }
}
