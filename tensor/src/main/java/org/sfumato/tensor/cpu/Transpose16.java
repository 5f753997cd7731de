package org.sfumato.tensor.cpu;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;

/// Transposes squares of 16 by 16 elements of 4 bytes, where a vector holds 16: 16 rows are 16 lines of the cache, and
/// so are 16 columns; each is read or written once, as a whole.
///
/// Interleaving the rows `i` and `i + 8` into the rows `2 i` and `2 i + 1`, four times over, is the transpose; a pass
/// does so twice.
///
/// Source: H. S. Stone 1971, "Parallel processing with the perfect shuffle", IEEE Transactions on Computers C-20.
final class Transpose16 {
    /// Rows and columns of a square.
    static final int SIDE = 16;

    /// Bytes of working memory.
    static final int SCRATCH = SIDE * SIDE * Integer.BYTES;

    /// True if this machine has vectors of 16 elements.
    static final boolean FITS = Simd.F32_LANES == SIDE;

    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, Simd.F32.vectorShape());
    private static final int LANES = INTS.length();
    private static final long LINE = SIDE * Integer.BYTES;
    private static final IntVector LOW = interleaved(0);
    private static final IntVector HIGH = interleaved(LANES / 2);

    private Transpose16() { }

    // Lanes of two vectors in turn, from lane `first` of both.
    private static IntVector interleaved(int first) {
        var lanes = new int[LANES];
        for (int i = 0; i < LANES; i++) {
            lanes[i] = i % 2 * LANES + first + i / 2;
        }
        return IntVector.fromArray(INTS, lanes, 0);
    }

    /// Row `k` of the square at `to` becomes column `k` of that at `from`; steps are bytes from a row to the next.
    static void square(long from, long step, long to, long toStep, long scratch) {
        pass(from, step, scratch, LINE);
        pass(scratch, LINE, to, toStep);
    }

    private static void pass(long from, long step, long to, long toStep) {
        for (int i = 0; i < SIDE / 4; i++) {
            long p = from + i * step;
            var a = load(p);
            var b = load(p + 4 * step);
            var c = load(p + 8 * step);
            var d = load(p + 12 * step);
            var e = LOW.selectFrom(a, c);
            var f = HIGH.selectFrom(a, c);
            var g = LOW.selectFrom(b, d);
            var h = HIGH.selectFrom(b, d);
            long q = to + 4 * i * toStep;
            store(q, LOW.selectFrom(e, g));
            store(q + toStep, HIGH.selectFrom(e, g));
            store(q + 2 * toStep, LOW.selectFrom(f, h));
            store(q + 3 * toStep, HIGH.selectFrom(f, h));
        }
    }

    private static IntVector load(long address) {
        return IntVector.fromMemorySegment(INTS, RawMemory.ALL, address, Simd.ORDER);
    }

    private static void store(long address, IntVector v) {
        v.intoMemorySegment(RawMemory.ALL, address, Simd.ORDER);
    }
}
