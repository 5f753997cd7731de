package org.sfumato.tensor.cpu;

/// Products of one row with the rows of a matrix that lie side by side in memory, as fast as memory is read:
/// `y[j] = f[j] + sum over p of x[p] w[j,p]`. Addresses and strides are in bytes, and nothing is checked.
///
/// The sum runs in two vectors of lanes, added by [Simd#sum]; what fills no two vectors follows one by one. So
/// the bits of an element depend on the length of its row alone, and on the width of a vector.
final class DotF32 {
    /// Bytes of working memory.
    static final long WORK = 4L * Simd.BYTES;

    private static final long V = Simd.BYTES;
    private static final int STEP = 2 * Simd.F32_LANES;

    private DotF32() {}

    /// `count` elements of y: row j of w begins at `w + j * wr`, f and y are dense, f is not moved on if `zero`.
    static void rows(int count, int depth, long x, long w, long wr, long f, boolean zero, long y, long work) {
        int whole = depth / STEP * STEP;
        for (int j = 0; j < count; ) {
            int rows = count - j >= 4 ? 4 : 1;
            if (rows == 4) {
                four(whole, x, w, wr, work);
            } else {
                one(whole, x, w, work);
            }
            for (int i = 0; i < rows; i++) {
                long at = (long) (j + i) * Float.BYTES;
                float sum = Simd.sum(Simd.loadF32(work + i * V)) + Simd.getF32(zero ? f : f + at);
                Simd.setF32(y + at, rest(whole, depth, x, w + i * wr, sum));
            }
            j += rows;
            w += rows * wr;
        }
    }

    private static void four(int depth, long x, long w, long wr, long work) {
        var a0 = Simd.loadF32(Tiles.ZEROS);
        var a1 = a0;
        var a2 = a0;
        var a3 = a0;
        var b0 = a0;
        var b1 = a0;
        var b2 = a0;
        var b3 = a0;
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        long w1 = Simd.bounded(w + wr);
        long w2 = Simd.bounded(w + 2 * wr);
        long w3 = Simd.bounded(w + 3 * wr);
        long end = Simd.bounded((long) depth * Float.BYTES);
        for (long p = 0; p < end; p += 2 * V) {
            var v = Simd.loadF32(x + p);
            a0 = v.fma(Simd.loadF32(w + p), a0);
            a1 = v.fma(Simd.loadF32(w1 + p), a1);
            a2 = v.fma(Simd.loadF32(w2 + p), a2);
            a3 = v.fma(Simd.loadF32(w3 + p), a3);
            var u = Simd.loadF32(x + p + V);
            b0 = u.fma(Simd.loadF32(w + p + V), b0);
            b1 = u.fma(Simd.loadF32(w1 + p + V), b1);
            b2 = u.fma(Simd.loadF32(w2 + p + V), b2);
            b3 = u.fma(Simd.loadF32(w3 + p + V), b3);
        }
        Simd.store(work, a0.add(b0));
        Simd.store(work + V, a1.add(b1));
        Simd.store(work + 2 * V, a2.add(b2));
        Simd.store(work + 3 * V, a3.add(b3));
    }

    private static void one(int depth, long x, long w, long work) {
        var a = Simd.loadF32(Tiles.ZEROS);
        var b = a;
        x = Simd.bounded(x);
        w = Simd.bounded(w);
        long end = Simd.bounded((long) depth * Float.BYTES);
        for (long p = 0; p < end; p += 2 * V) {
            a = Simd.loadF32(x + p).fma(Simd.loadF32(w + p), a);
            b = Simd.loadF32(x + p + V).fma(Simd.loadF32(w + p + V), b);
        }
        Simd.store(work, a.add(b));
    }

    private static float rest(int from, int depth, long x, long w, float sum) {
        for (long p = (long) from * Float.BYTES; p < (long) depth * Float.BYTES; p += Float.BYTES) {
            sum = Math.fma(Simd.getF32(x + p), Simd.getF32(w + p), sum);
        }
        return sum;
    }

    /// Copies `count` floats that lie `step` apart to a dense row.
    static void gather(int count, long from, long step, long to) {
        for (int p = 0; p < count; p++) {
            Simd.setF32(to + (long) p * Float.BYTES, Simd.getF32(from + p * step));
        }
    }
}
