package org.sfumato.tensor.cpu;

import jdk.incubator.vector.DoubleVector;

/// Copies parts of float64 matrices into the strips and panels of [Tiles], as [PackF32] does.
final class PackF64 {
    private static final int E = Double.BYTES;
    private static final int ROWS = Tiles.ROWS;
    private static final long STRIP = (long) ROWS * E;

    private PackF64() {}

    /// Packs `rows` rows of A, as [PackF32#strips].
    static void strips(int rows, int depth, long a, long ar, long ac, long to) {
        for (int i = 0; i < rows; i += ROWS) {
            columns(depth, Math.min(ROWS, rows - i), a, ac, ar, to, STRIP);
            a += ROWS * ar;
            to += depth * STRIP;
        }
    }

    /// Packs `width` columns of B, as [PackF32#panel].
    static void panel(int depth, int width, long b, long br, long bc, long to, long step) {
        if (width * E < step) {
            zeros(depth, to + step - Simd.BYTES, step);
        }
        int whole = bc == E ? width & -Simd.F64_LANES : 0;
        for (int j = 0; j < whole; j += Simd.F64_LANES) {
            vectors(depth, b + (long) j * E, br, to + (long) j * E, step);
        }
        columns(depth, width - whole, b + whole * bc, br, bc, to + (long) whole * E, step);
    }

    private static void zeros(int depth, long to, long step) {
        var zero = DoubleVector.zero(Simd.F64);
        for (int p = 0; p < depth; p++) {
            Simd.store(to, zero);
            to += step;
        }
    }

    private static void vectors(int depth, long from, long step, long to, long toStep) {
        for (int p = 0; p < depth; p++) {
            Simd.store(to, Simd.loadF64(from));
            from += step;
            to += toStep;
        }
    }

    private static void columns(int depth, int count, long from, long step, long next, long to, long toStep) {
        for (int j = 0; j < count; j++) {
            for (int p = 0; p < depth; p++) {
                Simd.setF64(to + p * toStep, Simd.getF64(from + p * step));
            }
            from += next;
            to += E;
        }
    }
}
