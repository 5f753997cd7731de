package org.sfumato.tensor.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.spi.Operand;

/// The sum of the squares of all elements of several operands: in f32 over at most 32 elements in each lane, and on in
/// f64.
final class SquareSumCpu {
    private static final long CHUNK = 32 * 1024;    // elements that a thread adds in one go
    private static final long V = Simd.BYTES;
    private static final int LANES = Simd.F32_LANES;
    private static final int BLOCK = 4 * 32 * LANES;

    private SquareSumCpu() { }

    /// `out = sum of x^2`.
    static void sum(Operand[] in, Operand out) {
        double total = 0;
        for (var x : in) {
            total += x.shape().count() == 0 ? 0 : sum(x);
        }
        Simd.setF32(out.address(), (float) total);
    }

    private static double sum(Operand x) {
        var walk = Walk.of(x.shape(), x);
        int last = walk.rank - 1;
        long n = walk.sizes[last];
        long step = walk.strides[0][last];
        long start = x.address() - x.byteOffset();
        long pieces = (n + CHUNK - 1) / CHUNK;
        long all = walk.countBefore(last) * pieces;
        long each = Math.max(1, CHUNK / n);
        var parts = new double[(int) ((all + each - 1) / each)];
        Parallel.grains(all, each, (p0, p1) -> {
            var cursor = new Walk.Cursor(walk, last, p0 / pieces);
            double sum = 0;
            for (long p = p0; p < p1; p++) {
                long from = p % pieces * CHUNK;
                long at = start + cursor.at[0] + from * step;
                int length = (int) Math.min(CHUNK, n - from);
                sum += step == Float.BYTES ? dense(at, length) : strided(at, step, length);
                if ((p + 1) % pieces == 0) {
                    cursor.next();
                }
            }
            parts[(int) (p0 / each)] = sum;
        });
        return Arrays.stream(parts).reduce(0, Double::sum);
    }

    private static double dense(long at, int n) {
        double total = 0;
        for (int i = 0; i < n; i += BLOCK) {
            total += block(at + 4L * i, Math.min(BLOCK, n - i));
        }
        return total;
    }

    private static float block(long at, int n) {
        var a = FloatVector.zero(Simd.F32);
        var b = a;
        var c = a;
        var d = a;
        int i = 0;
        for (; i <= n - 4 * LANES; i += 4 * LANES) {
            long p = at + 4L * i;
            var w = Simd.loadF32(p);
            var x = Simd.loadF32(p + V);
            var y = Simd.loadF32(p + 2 * V);
            var z = Simd.loadF32(p + 3 * V);
            a = w.fma(w, a);
            b = x.fma(x, b);
            c = y.fma(y, c);
            d = z.fma(z, d);
        }
        for (; i < n; i += LANES) {
            var x = Simd.loadF32(at + 4L * i, Simd.upTo(n - i));
            a = x.fma(x, a);
        }
        return Simd.sum(a.add(b).add(c.add(d)));
    }

    private static double strided(long at, long step, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            float x = Simd.getF32(at + i * step);
            sum += x * x;
        }
        return sum;
    }
}
