package org.sfumato.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.sfumato.tensor.expr.RawMemory;

/// Copies parts of float32 matrices into the strips and panels that [Tiles] reads fastest. Addresses and strides are
/// in bytes, and nothing is checked.
final class PackF32 {
    private static final int E = Float.BYTES;
    private static final int L = Simd.F32_LANES;
    private static final long V = Simd.BYTES;
    private static final int ROWS = Tiles.ROWS;
    private static final long STRIP = Tiles.F32.strip();
    private static final VectorMask<Float> EIGHT = Simd.firstF32(Math.min(L, ROWS));
    private static final FloatVector LOW = interleaved(0);
    private static final FloatVector HIGH = interleaved(L / 2);

    /// The left halves of two vectors, side by side; for `selectFrom`.
    static final FloatVector LEFT = halves(0);

    /// The right halves of two vectors.
    static final FloatVector RIGHT = halves(L / 2);


    private PackF32() {}

    // Lanes of two vectors in turn, from lane `first` of both.
    private static FloatVector interleaved(int first) {
        var lanes = new float[L];
        for (int i = 0; i < L; i++) {
            lanes[i] = i % 2 * L + first + i / 2;
        }
        return FloatVector.fromArray(Simd.F32, lanes, 0);
    }

    // The halves of two vectors that begin at lane `first`.
    private static FloatVector halves(int first) {
        var lanes = new float[L];
        for (int i = 0; i < L; i++) {
            lanes[i] = i / (L / 2) * L + first + i % (L / 2);
        }
        return FloatVector.fromArray(Simd.F32, lanes, 0);
    }

    /// Packs `rows` rows of A, `depth` deep, into strips of `depth * STRIP` bytes. What lies beside the rows of an
    /// incomplete last strip is left as it is.
    static void strips(int rows, int depth, long a, long ar, long ac, long to) {
        for (int i = 0; i < rows; ) {
            int high = Math.min(ROWS, rows - i);
            if (high == ROWS && ac == E) {
                turn(depth, a, ar, to);
            } else if (ar == E && L == 2 * ROWS && rows - i >= 4 * L) {
                long strip = depth * STRIP;
                exchange4(depth / 2, a, ac, to, strip);
                if (depth % 2 != 0) {
                    for (int q = 0; q < 8; q++) {
                        lines(1, a + (depth - 1) * ac + q * ROWS * E, 0, to + (q + 1) * strip - STRIP, 0);
                    }
                }
                high = 4 * L;
            } else if (ar == E && L == 2 * ROWS && rows - i >= L) {
                long next = to + depth * STRIP;
                exchange(depth / 2, a, a + ac, 2 * ac, to, next, V);
                if (depth % 2 != 0) {
                    lines(1, a + (depth - 1) * ac, 0, next - STRIP, 0);
                    lines(1, a + (depth - 1) * ac + ROWS * E, 0, next + (depth - 1) * STRIP, 0);
                }
                high = L;
            } else if (high == ROWS && ar == E) {
                lines(depth, a, ac, to, STRIP);
            } else {
                columns(depth, high, a, ac, ar, to, STRIP);
            }
            i += high;
            a += high * ar;
            to += high / ROWS * depth * STRIP;
        }
    }

    /// Packs `width` columns of B, `depth` deep, into a panel with rows `step` apart: one to three vectors, the last
    /// filled up with zeros. `scratch` has room for `2 * depth * STRIP` bytes.
    static void panel(int depth, int width, long b, long br, long bc, long to, long step, long scratch) {
        if (width * E < step) {
            zeros(depth, to + step - V, step);
        }
        if (bc == E) {
            int whole = width & -L;
            for (int j = 0; j < whole; j += L) {
                vectors(depth, b + (long) j * E, br, to + (long) j * E, step);
            }
            columns(depth, width - whole, b + (long) whole * E, br, E, to + (long) whole * E, step);
            return;
        }
        int turned = br == E ? width / ROWS * ROWS : 0;
        for (int j = 0; j < turned; ) {
            long at = to + (long) j * E;
            turn(depth, b + j * bc, bc, scratch);
            if (L == 2 * ROWS && turned - j >= L) {
                long other = scratch + depth * STRIP;
                turn(depth, b + (j + ROWS) * bc, bc, other);
                exchange(depth / 2, scratch, other, V, at, at + step, 2 * step);
                if (depth % 2 != 0) {
                    lines(1, other - STRIP, 0, at + (depth - 1) * step, 0);
                    lines(1, other + (depth - 1) * STRIP, 0, at + (depth - 1) * step + ROWS * E, 0);
                }
                j += L;
            } else {
                lines(depth, scratch, STRIP, at, step);
                j += ROWS;
            }
        }
        columns(depth, width - turned, b + turned * bc, br, bc, to + (long) turned * E, step);
    }

    /// Packs four whole panels of B whose columns lie side by side, `next` bytes apart.
    static void four(int depth, long b, long br, long to, long next) {
        for (int p = 0; p < depth; p++) {
            if (Tiles.VECTORS == 2) {
                two(b, to);
                two(b + 2 * V, to + next);
                two(b + 4 * V, to + 2 * next);
                two(b + 6 * V, to + 3 * next);
            } else {
                three(b, to);
                three(b + 3 * V, to + next);
                three(b + 6 * V, to + 2 * next);
                three(b + 9 * V, to + 3 * next);
            }
            b += br;
            to += Tiles.PANEL;
        }
    }

    private static void two(long from, long to) {
        Simd.store(to, Simd.loadF32(from));
        Simd.store(to + V, Simd.loadF32(from + V));
    }

    private static void three(long from, long to) {
        Simd.store(to, Simd.loadF32(from));
        Simd.store(to + V, Simd.loadF32(from + V));
        Simd.store(to + 2 * V, Simd.loadF32(from + 2 * V));
    }

    // Eight strips at a time: a stretch of 256 bytes of each row is read, which caches fetch ahead.
    private static void exchange4(int pairs, long a, long ac, long to, long strip) {
        long b = a + ac;
        for (int p = 0; p < pairs; p++) {
            var v0 = Simd.loadF32(a);
            var v1 = Simd.loadF32(a + V);
            var v2 = Simd.loadF32(a + 2 * V);
            var v3 = Simd.loadF32(a + 3 * V);
            var w0 = Simd.loadF32(b);
            var w1 = Simd.loadF32(b + V);
            var w2 = Simd.loadF32(b + 2 * V);
            var w3 = Simd.loadF32(b + 3 * V);
            Simd.store(to, LEFT.selectFrom(v0, w0));
            Simd.store(to + strip, RIGHT.selectFrom(v0, w0));
            Simd.store(to + 2 * strip, LEFT.selectFrom(v1, w1));
            Simd.store(to + 3 * strip, RIGHT.selectFrom(v1, w1));
            Simd.store(to + 4 * strip, LEFT.selectFrom(v2, w2));
            Simd.store(to + 5 * strip, RIGHT.selectFrom(v2, w2));
            Simd.store(to + 6 * strip, LEFT.selectFrom(v3, w3));
            Simd.store(to + 7 * strip, RIGHT.selectFrom(v3, w3));
            a += 2 * ac;
            b += 2 * ac;
            to += V;
        }
    }

    // Left halves of pairs of vectors go one way, right halves the other.
    private static void exchange(int pairs, long x, long y, long step, long left, long right, long toStep) {
        for (int p = 0; p < pairs; p++) {
            var v = Simd.loadF32(x);
            var w = Simd.loadF32(y);
            Simd.store(left, LEFT.selectFrom(v, w));
            Simd.store(right, RIGHT.selectFrom(v, w));
            x += step;
            y += step;
            left += toStep;
            right += toStep;
        }
    }

    private static void zeros(int depth, long to, long step) {
        var zero = FloatVector.zero(Simd.F32);
        for (int p = 0; p < depth; p++) {
            Simd.store(to, zero);
            to += step;
        }
    }

    // Eight rows become eight columns: interleaved in three turns, four apart, two apart, side by side.
    private static void turn(int depth, long a, long ar, long to) {
        int p = 0;
        for (; p <= depth - L; p += L) {
            long below = a + 4 * ar;
            var r0 = Simd.loadF32(a);
            var r1 = Simd.loadF32(a + ar);
            var r2 = Simd.loadF32(a + 2 * ar);
            var r3 = Simd.loadF32(a + 3 * ar);
            var r4 = Simd.loadF32(below);
            var r5 = Simd.loadF32(below + ar);
            var r6 = Simd.loadF32(below + 2 * ar);
            var r7 = Simd.loadF32(below + 3 * ar);
            var s0 = LOW.selectFrom(r0, r4);
            var s1 = HIGH.selectFrom(r0, r4);
            var s2 = LOW.selectFrom(r2, r6);
            var s3 = HIGH.selectFrom(r2, r6);
            var s4 = LOW.selectFrom(r1, r5);
            var s5 = HIGH.selectFrom(r1, r5);
            var s6 = LOW.selectFrom(r3, r7);
            var s7 = HIGH.selectFrom(r3, r7);
            var t0 = LOW.selectFrom(s0, s2);
            var t1 = HIGH.selectFrom(s0, s2);
            var t2 = LOW.selectFrom(s1, s3);
            var t3 = HIGH.selectFrom(s1, s3);
            var t4 = LOW.selectFrom(s4, s6);
            var t5 = HIGH.selectFrom(s4, s6);
            var t6 = LOW.selectFrom(s5, s7);
            var t7 = HIGH.selectFrom(s5, s7);
            LOW.selectFrom(t0, t4).intoMemorySegment(RawMemory.ALL, to, Simd.ORDER);
            HIGH.selectFrom(t0, t4).intoMemorySegment(RawMemory.ALL, to + V, Simd.ORDER);
            LOW.selectFrom(t1, t5).intoMemorySegment(RawMemory.ALL, to + 2 * V, Simd.ORDER);
            HIGH.selectFrom(t1, t5).intoMemorySegment(RawMemory.ALL, to + 3 * V, Simd.ORDER);
            LOW.selectFrom(t2, t6).intoMemorySegment(RawMemory.ALL, to + 4 * V, Simd.ORDER);
            HIGH.selectFrom(t2, t6).intoMemorySegment(RawMemory.ALL, to + 5 * V, Simd.ORDER);
            LOW.selectFrom(t3, t7).intoMemorySegment(RawMemory.ALL, to + 6 * V, Simd.ORDER);
            HIGH.selectFrom(t3, t7).intoMemorySegment(RawMemory.ALL, to + 7 * V, Simd.ORDER);
            a += V;
            to += 8 * V;
        }
        columns(depth - p, ROWS, a, E, ar, to, STRIP);
    }

    // Eight floats of each row.
    private static void lines(int depth, long from, long step, long to, long toStep) {
        for (int p = 0; p < depth; p++) {
            if (L == ROWS) {
                Simd.store(to, Simd.loadF32(from));
            } else if (L < ROWS) {
                Simd.store(to, Simd.loadF32(from));
                Simd.store(to + V, Simd.loadF32(from + V));
            } else {
                Simd.store(to, Simd.loadF32(from, EIGHT), EIGHT);
            }
            from += step;
            to += toStep;
        }
    }

    private static void vectors(int depth, long from, long step, long to, long toStep) {
        for (int p = 0; p < depth; p++) {
            Simd.store(to, Simd.loadF32(from));
            from += step;
            to += toStep;
        }
    }

    private static void columns(int depth, int count, long from, long step, long next, long to, long toStep) {
        for (int j = 0; j < count; j++) {
            for (int p = 0; p < depth; p++) {
                Simd.setF32(to + p * toStep, Simd.getF32(from + p * step));
            }
            from += next;
            to += E;
        }
    }
}
