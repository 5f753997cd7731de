package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.RotaryOp;
import org.sfumato.tensor.spi.Operand;

/// [RotaryOp], row by row; row `r` is position `r mod T`.
final class RotaryCpu {
    private static final int LANES = Simd.F32_LANES;
    private static final long COST = 6;

    private RotaryCpu() { }

    /// [RotaryOp].
    static void rotate(Operand[] in, Operand out) {
        try (var x = Rows.of(in[0]); var cos = Rows.of(in[1]); var sin = Rows.of(in[2]); var y = Rows.of(out)) {
            long t = in[0].shape().size(-2);
            Parallel.rows(x.count, COST * x.width, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    rotate(x.segment, x.offset(r), x.width / 2, cos.segment, cos.offset(r % t), sin.segment,
                            sin.offset(r % t),
                            y.segment, y.offset(r));
                }
            });
        }
    }

    private static void rotate(MemorySegment x, long xo, int half, MemorySegment cos, long co, MemorySegment sin,
            long so,
            MemorySegment y, long yo) {
        long over = 4L * half;
        int i = 0;
        for (; i <= half - LANES; i += LANES) {
            long n = 4L * i;
            var a = Simd.loadF32(x, xo + n);
            var b = Simd.loadF32(x, xo + over + n);
            var c = Simd.loadF32(cos, co + n);
            var s = Simd.loadF32(sin, so + n);
            Simd.store(y, yo + n, a.mul(c).sub(b.mul(s)));
            Simd.store(y, yo + over + n, b.mul(c).add(a.mul(s)));
        }
        if (i < half) {
            long n = 4L * i;
            var lanes = Simd.firstF32(half - i);
            var a = Simd.loadF32(x, xo + n, lanes);
            var b = Simd.loadF32(x, xo + over + n, lanes);
            var c = Simd.loadF32(cos, co + n, lanes);
            var s = Simd.loadF32(sin, so + n, lanes);
            Simd.store(y, yo + n, a.mul(c).sub(b.mul(s)), lanes);
            Simd.store(y, yo + over + n, b.mul(c).add(a.mul(s)), lanes);
        }
    }
}
