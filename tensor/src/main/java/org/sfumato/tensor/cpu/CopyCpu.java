package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.expr.RawMemory;
import org.sfumato.tensor.spi.Operand;

/// Copies between any two layouts of one shape and element size.
final class CopyCpu {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    /// Bytes that a thread copies in one go.
    private static final long GRAIN = 256 * 1024;

    /// Bytes up to which a run is copied here and not by the JVM.
    private static final long SHORT_RUN = 1024;

    /// Side of the square pieces in which a transpose is done: some lines of the cache side by side, so that a page is
    /// not opened for one of them.
    private static final long TILE = 64;

    private static final long SQUARE = 8;
    private static final long LOW = 0xFFFF_FFFFL;   // the first of two elements: memory is little-endian

    private CopyCpu() { }

    /// `to = from`, element by element.
    static void copy(Operand from, Operand to) {
        if (to.shape().count() == 0) {
            return;
        }
        int width = to.dtype().bytes();
        long source = from.address() - from.byteOffset();
        long target = to.address() - to.byteOffset();
        var walk = Walk.of(to.shape(), from, to);
        var s = from.segment();
        var d = to.segment();
        int last = walk.rank - 1;
        if (walk.strides[0][last] == width && walk.strides[1][last] == width) {
            runs(s, d, walk, width);
        } else {
            tiles(source, target, innerPlane(walk), width);
        }
    }

    private static void runs(MemorySegment s, MemorySegment d, Walk walk, int width) {
        int last = walk.rank - 1;
        long bytes = walk.sizes[last] * width;
        if (last == 0) {
            Parallel.grains(bytes, GRAIN, (b0, b1) ->
                    MemorySegment.copy(s, walk.offsets[0] + b0, d, walk.offsets[1] + b0, b1 - b0));
            return;
        }
        boolean few = bytes <= SHORT_RUN && bytes % Float.BYTES == 0;
        Parallel.grains(walk.countBefore(last), Math.max(1, GRAIN / bytes), (r0, r1) -> {
            if (few) {
                shortRuns(s.address(), d.address(), walk, r0, r1);
                return;
            }
            var cursor = new Walk.Cursor(walk, last, r0);
            for (long r = r0; r < r1; r++) {
                MemorySegment.copy(s, cursor.at[0], d, cursor.at[1], bytes);
                cursor.next();
            }
        });
    }

    /// Runs of so few floats, or of what is as wide, that a call for each costs more than the copy.
    private static void shortRuns(long s, long d, Walk walk, long r0, long r1) {
        int axis = walk.rank - 2;
        int floats = (int) (walk.sizes[axis + 1] * walk.strides[0][axis + 1] / Float.BYTES);
        long size = walk.sizes[axis];
        long sourceStep = walk.strides[0][axis];
        long targetStep = walk.strides[1][axis];
        var cursor = new Walk.Cursor(walk, axis, r0 / size);
        long i = r0 % size;
        for (long r = r0; r < r1;) {
            long n = Math.min(size - i, r1 - r);
            long from = s + cursor.at[0] + i * sourceStep;
            long to = d + cursor.at[1] + i * targetStep;
            for (long k = 0; k < n; k++) {
                run(from + k * sourceStep, to + k * targetStep, floats);
            }
            r += n;
            i = 0;
            cursor.next();
        }
    }

    private static void run(long from, long to, int floats) {
        int i = 0;
        for (; i <= floats - Simd.F32_LANES; i += Simd.F32_LANES) {
            Simd.store(to + 4L * i, Simd.loadF32(from + 4L * i));
        }
        if (i < floats) {
            var lanes = Simd.firstF32(floats - i);
            Simd.store(to + 4L * i, Simd.loadF32(from + 4L * i, lanes), lanes);
        }
    }

    /// The axes in an order in which the two innermost are the best for target and source: along the last one elements
    /// of the target lie closest together, along the one before those of the source.
    private static Walk innerPlane(Walk walk) {
        int last = walk.rank - 1;
        if (last == 0) {
            return walk;
        }
        int target = closest(walk, 1, -1);
        int source = closest(walk, 0, target);
        var order = new int[walk.rank];
        int next = 0;
        for (int axis = 0; axis <= last; axis++) {
            if (axis != target && axis != source) {
                order[next++] = axis;
            }
        }
        order[next++] = source;
        order[next] = target;
        return walk.permuted(order);
    }

    private static int closest(Walk walk, int operand, int but) {
        int best = -1;
        for (int axis = walk.rank - 1; axis >= 0; axis--) {
            long stride = Math.abs(walk.strides[operand][axis]);
            if (axis != but && (best < 0 || stride < Math.abs(walk.strides[operand][best]))) {
                best = axis;
            }
        }
        return best;
    }

    private static void tiles(long s, long d, Walk walk, int width) {
        int last = walk.rank - 1;
        int outer = Math.max(0, last - 1);
        long rows = last == 0 ? 1 : walk.sizes[last - 1];
        long columns = walk.sizes[last];
        long bands = (rows + TILE - 1) / TILE;
        long perBand = Math.min(rows, TILE) * columns * width;
        Parallel.grains(walk.countBefore(outer) * bands, Math.max(1, GRAIN / 4 / perBand), (b0, b1) -> {
            var cursor = new Walk.Cursor(walk, outer, b0 / bands);
            try (var scratch = Scratch.of(Transpose16.SCRATCH)) {
                for (long b = b0; b < b1; b++) {
                    long i0 = b % bands * TILE;
                    band(s, d, walk, width, cursor.at, i0, Math.min(rows - i0, TILE), scratch.segment.address());
                    if ((b + 1) % bands == 0) {
                        cursor.next();
                    }
                }
            }
        });
    }

    private static void band(long s, long d, Walk walk, int width, long[] at, long i0, long ni,
            long scratch) {
        int last = walk.rank - 1;
        long si = last == 0 ? 0 : walk.strides[0][last - 1];
        long di = last == 0 ? 0 : walk.strides[1][last - 1];
        long sj = walk.strides[0][last];
        long dj = walk.strides[1][last];
        long from = s + at[0] + i0 * si;
        long to = d + at[1] + i0 * di;
        for (long j0 = 0; j0 < walk.sizes[last]; j0 += TILE) {
            long nj = Math.min(TILE, walk.sizes[last] - j0);
            switch (width) {
                case 8 -> {
                    if (si == 8 && dj == 8 && ni % SQUARE == 0 && nj % SQUARE == 0) {
                        transpose8(from + j0 * sj, sj, to + j0 * dj, di, ni, nj);
                    } else {
                        tile8(from + j0 * sj, si, sj, to + j0 * dj, di, dj, ni, nj);
                    }
                }
                case 4 -> {
                    if (si == 4 && dj == 4) {
                        transpose4(from + j0 * sj, sj, to + j0 * dj, di, ni, nj, scratch);
                    } else {
                        tile4(from + j0 * sj, si, sj, to + j0 * dj, di, dj, ni, nj);
                    }
                }
                case 2 -> tile2(from + j0 * sj, si, sj, to + j0 * dj, di, dj, ni, nj);
                case 1 -> tile1(from + j0 * sj, si, sj, to + j0 * dj, di, dj, ni, nj);
                default -> throw new IllegalArgumentException("copy: no element has " + width + " bytes");
            }
        }
    }

    private static void tile8(long from, long si, long sj, long to, long di, long dj,
            long ni, long nj) {
        for (long i = 0; i < ni; i++) {
            for (long j = 0; j < nj; j++) {
                RawMemory.ALL.set(LONG, to + i * di + j * dj, RawMemory.ALL.get(LONG, from + i * si + j * sj));
            }
        }
    }

    /// As [#transpose4], of 8-byte elements: a row of a square is a line of the cache, and all of it is used at once.
    private static void transpose8(long from, long sj, long to, long di, long ni, long nj) {
        for (long j = 0; j < nj; j += SQUARE) {
            for (long i = 0; i < ni; i += SQUARE) {
                long source = from + 8 * i + j * sj;
                long target = to + i * di + 8 * j;
                for (long k = 0; k < SQUARE; k++) {
                    for (long l = 0; l < SQUARE; l++) {
                        RawMemory.ALL.set(LONG, target + k * di + 8 * l,
                                RawMemory.ALL.get(LONG, source + l * sj + 8 * k));
                    }
                }
            }
        }
    }

    private static void tile4(long from, long si, long sj, long to, long di, long dj,
            long ni, long nj) {
        for (long i = 0; i < ni; i++) {
            for (long j = 0; j < nj; j++) {
                RawMemory.ALL.set(INT, to + i * di + j * dj, RawMemory.ALL.get(INT, from + i * si + j * sj));
            }
        }
    }

    /// A transpose of 4-byte elements, contiguous along i in the source and along j in the target: by squares, and one
    /// by one what lies beside them.
    private static void transpose4(long from, long sj, long to, long di, long ni, long nj, long scratch) {
        long side = Transpose16.FITS ? Transpose16.SIDE : SQUARE;
        long wholeI = ni - ni % side;
        long wholeJ = nj - nj % side;
        for (long j = 0; j < wholeJ; j += side) {
            for (long i = 0; i < wholeI; i += side) {
                if (Transpose16.FITS) {
                    Transpose16.square(from + 4 * i + j * sj, sj, to + i * di + 4 * j, di, scratch);
                } else {
                    square(from + 4 * i + j * sj, sj, to + i * di + 4 * j, di);
                }
            }
        }
        if (wholeI < ni) {
            tile4(from + 4 * wholeI, 4, sj, to + wholeI * di, di, 4, ni - wholeI, wholeJ);
        }
        if (wholeJ < nj) {
            tile4(from + wholeJ * sj, 4, sj, to + 4 * wholeJ, di, 4, ni, nj - wholeJ);
        }
    }

    /// Eight rows of eight elements: two elements of two rows at a time, turned in two longs.
    private static void square(long from, long sj, long to, long di) {
        for (long j = 0; j < SQUARE; j += 2) {
            long upper = from + j * sj;
            long lower = upper + sj;
            for (long i = 0; i < SQUARE; i += 2) {
                long a = RawMemory.ALL.get(LONG, upper + 4 * i);
                long b = RawMemory.ALL.get(LONG, lower + 4 * i);
                RawMemory.ALL.set(LONG, to + i * di + 4 * j, a & LOW | b << 32);
                RawMemory.ALL.set(LONG, to + (i + 1) * di + 4 * j, a >>> 32 | b & ~LOW);
            }
        }
    }

    private static void tile2(long from, long si, long sj, long to, long di, long dj,
            long ni, long nj) {
        for (long i = 0; i < ni; i++) {
            for (long j = 0; j < nj; j++) {
                RawMemory.ALL.set(SHORT, to + i * di + j * dj, RawMemory.ALL.get(SHORT, from + i * si + j * sj));
            }
        }
    }

    private static void tile1(long from, long si, long sj, long to, long di, long dj,
            long ni, long nj) {
        for (long i = 0; i < ni; i++) {
            for (long j = 0; j < nj; j++) {
                RawMemory.ALL.set(BYTE, to + i * di + j * dj, RawMemory.ALL.get(BYTE, from + i * si + j * sj));
            }
        }
    }
}
