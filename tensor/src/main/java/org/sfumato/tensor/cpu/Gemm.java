package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// Matrix products, `C = A B` or `C += A B`, for float32 and float64, of any strides, one or a batch.
///
/// Shapes: A (M, K), B (K, N), C (M, N). All offsets and strides are in elements. Transposed operands and views are
/// read through their strides; the columns of C lie side by side.
///
/// What the bits are: element (i, j) is summed over blocks of [#BLOCK_K] values of k; in a block
/// `acc = fma(A[i,k], B[k,j], acc)` from zero in the order of k, and the blocks are added in their order (to C, when
/// accumulating). So an element depends on its row, its column and K alone: not on the number of threads, not on M and
/// N, not on strides. A row computed alone has the bits it has among a thousand.
///
/// K = 0 gives zeros, or leaves C when accumulating. NaN and infinity follow IEEE 754: no product is skipped.
///
/// C must not overlap A or B. All methods throw [IndexOutOfBoundsException] before any work if an operand does not fit
/// in its segment and [IllegalArgumentException] if a size is negative.
/// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008 (the register tile and the
/// packed panels).
public final class Gemm {
    /// Values of k in a block. A panel of B then takes 32 KiB: it stays in the cache nearest to the core while the
    /// rows of A pass by.
    public static final int BLOCK_K = 256;

    private Gemm() {}

    /// A matrix in memory; element (i, j) is at `offset + i * rowStride + j * colStride`, all in elements.
    public record Matrix(MemorySegment segment, long offset, long rowStride, long colStride) {
        /// A matrix whose rows lie one after another, `cols` elements each.
        public static Matrix rowMajor(MemorySegment segment, long cols) {
            return new Matrix(segment, 0, cols, 1);
        }

        /// The same memory with rows and columns exchanged.
        public Matrix transposed() {
            return new Matrix(segment, offset, colStride, rowStride);
        }
    }

    /// The products of a batch: product `i` begins `a[i]`, `b[i]`, `c[i]` elements after the offsets of the matrices.
    /// The places of C must not overlap. Throws [IllegalArgumentException] if the lengths differ.
    public record Batch(long[] a, long[] b, long[] c) {
        static final Batch ONE = new Batch(new long[1], new long[1], new long[1]);

        public Batch {
            if (a.length != b.length || a.length != c.length) {
                throw new IllegalArgumentException(
                        "gemm: batch sizes differ, " + a.length + ", " + b.length + ", " + c.length);
            }
        }

        /// `count` products at constant distances; a distance of zero reuses the same matrix.
        public static Batch strided(int count, long aStride, long bStride, long cStride) {
            return new Batch(multiples(count, aStride), multiples(count, bStride), multiples(count, cStride));
        }

        /// How many products.
        public int count() {
            return a.length;
        }

        private static long[] multiples(int count, long stride) {
            var offsets = new long[count];
            for (int i = 0; i < count; i++) {
                offsets[i] = i * stride;
            }
            return offsets;
        }
    }

    /// `C = A B`, or `C += A B` when `accumulate`, in float32.
    public static void f32(int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        run(Float.BYTES, m, n, k, a, b, c, Batch.ONE, accumulate);
    }

    /// `C = A B`, or `C += A B` when `accumulate`, in float64.
    public static void f64(int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        run(Double.BYTES, m, n, k, a, b, c, Batch.ONE, accumulate);
    }

    /// [#f32] for each product of a batch.
    public static void f32(Batch batch, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        run(Float.BYTES, m, n, k, a, b, c, batch, accumulate);
    }

    /// [#f64] for each product of a batch.
    public static void f64(Batch batch, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        run(Double.BYTES, m, n, k, a, b, c, batch, accumulate);
    }

    private static void run(int bytes, int m, int n, int k, Matrix a, Matrix b, Matrix c, Batch batch,
            boolean accumulate) {
        if (m < 0 || n < 0 || k < 0) {
            throw new IllegalArgumentException("gemm: a size is negative, M " + m + ", N " + n + ", K " + k);
        }
        if (c.colStride != 1 && n > 1) {
            throw new IllegalArgumentException("gemm: the columns of C must lie side by side, stride " + c.colStride
                    + " != 1\nhint: write to a row-major matrix and copy");
        }
        if (m == 0 || n == 0 || batch.count() == 0) {
            return;
        }
        check("A", bytes, a, batch.a, m, k);
        check("B", bytes, b, batch.b, k, n);
        check("C", bytes, c, batch.c, m, n);
        if (n == 1 && m > 1 && c.rowStride == 1) {
            // A column that lies in memory as a row: as C^T = B^T A^T it fills whole vectors, and has the same bits.
            var swapped = new Batch(batch.b, batch.a, batch.c);
            new GemmRegion(bytes, 1, m, k, b.transposed(), a.transposed(), c.transposed(), swapped, accumulate).run();
        } else {
            new GemmRegion(bytes, m, n, k, a, b, c, batch, accumulate).run();
        }
    }

    private static void check(String name, int bytes, Matrix x, long[] batch, int rows, int cols) {
        if (rows == 0 || cols == 0) {
            return;
        }
        long down = (rows - 1) * x.rowStride;
        long right = (cols - 1) * x.colStride;
        long low = x.offset + Math.min(0, down) + Math.min(0, right);
        long high = x.offset + Math.max(0, down) + Math.max(0, right);
        long size = x.segment.byteSize() / bytes;
        for (long offset : batch) {
            if (low + offset < 0 || high + offset >= size) {
                throw new IndexOutOfBoundsException("gemm: " + name + " (" + rows + ", " + cols + ") needs elements "
                        + (low + offset) + " to " + (high + offset) + ", the segment has " + size);
            }
        }
    }
}
