package org.sfumato.tensor.cpu;

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
                long position = r0 % Math.max(1, t);
                for (long r = r0; r < r1; r++) {
                    rotate(x.address(r), x.width / 2, cos.address(position), sin.address(position), y.address(r));
                    position = position + 1 == t ? 0 : position + 1;
                }
            });
        }
    }

    private static void rotate(long x, int half, long cos, long sin, long y) {
        long over = 4L * half;
        int i = 0;
        for (; i <= half - LANES; i += LANES) {
            long n = 4L * i;
            var a = Simd.loadF32(x + n);
            var b = Simd.loadF32(x + over + n);
            var c = Simd.loadF32(cos + n);
            var s = Simd.loadF32(sin + n);
            Simd.store(y + n, a.mul(c).sub(b.mul(s)));
            Simd.store(y + over + n, b.mul(c).add(a.mul(s)));
        }
        if (i < half) {
            long n = 4L * i;
            var lanes = Simd.firstF32(half - i);
            var a = Simd.loadF32(x + n, lanes);
            var b = Simd.loadF32(x + over + n, lanes);
            var c = Simd.loadF32(cos + n, lanes);
            var s = Simd.loadF32(sin + n, lanes);
            Simd.store(y + n, a.mul(c).sub(b.mul(s)), lanes);
            Simd.store(y + over + n, b.mul(c).add(a.mul(s)), lanes);
        }
    }
}
