package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// Matrix products, `C = A B` or `C += A B`, for float32 and float64, of any strides, one or a batch.
///
/// Shapes: A (M, K), B (K, N), C (M, N). All offsets and strides are in elements. Transposed operands and views are
/// read through their strides; the columns of C lie side by side.
///
/// What the bits are: element (i, j) is one chain, `acc = fma(A[i,k], B[k,j], acc)` in the order of k, from zero, from
/// C when accumulating, or from what is given. So an element depends on where its sum begins, on its row, its column
/// and K alone: not on the number of threads, not on M and N, not on strides, blocks or caches. The exception is a
/// float32 product of one row with a B whose columns are dense in memory (or, turned over, of a matrix with a column):
/// its sums run along the lanes of vectors, [DotF32], because a chain could not keep up with memory.
///
/// K = 0 gives zeros, or leaves C when accumulating. NaN and infinity follow IEEE 754: no product is skipped.
///
/// C must not overlap A or B. All methods throw [IndexOutOfBoundsException] before any work if an operand does not fit
/// in its segment, and [IllegalArgumentException] if a size is negative or the memory is on the heap or freed.
/// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008 (the register tile and the
/// packed panels).
public final class Gemm {
    private Gemm() {}

    /// A matrix in memory; element (i, j) is at `offset + i * rowStride + j * colStride`, all in elements.
    public record Matrix(MemorySegment segment, long offset, long rowStride, long colStride) {
        /// A matrix whose rows lie one after another, `cols` elements each.
        public static Matrix rowMajor(MemorySegment segment, long cols) {
            return new Matrix(segment, 0, cols, 1);
        }

        /// The address of element (0, 0), for elements of so many bytes.
        long address(int bytes) {
            return segment.address() + offset * bytes;
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
        run(Float.BYTES, m, n, k, a, b, c, accumulate ? c : null, Batch.ONE);
    }

    /// `C = A B`, or `C += A B` when `accumulate`, in float64.
    public static void f64(int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        run(Double.BYTES, m, n, k, a, b, c, accumulate ? c : null, Batch.ONE);
    }

    /// `C = F + A B` in float32; F has the shape of C, and a row stride of 0 if all rows begin from one.
    public static void f32(int m, int n, int k, Matrix a, Matrix b, Matrix c, Matrix from) {
        run(Float.BYTES, m, n, k, a, b, c, from, Batch.ONE);
    }

    /// [#f32] for each product of a batch.
    public static void f32(Batch batch, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        run(Float.BYTES, m, n, k, a, b, c, accumulate ? c : null, batch);
    }

    /// [#f64] for each product of a batch.
    public static void f64(Batch batch, int m, int n, int k, Matrix a, Matrix b, Matrix c, boolean accumulate) {
        run(Double.BYTES, m, n, k, a, b, c, accumulate ? c : null, batch);
    }

    private static void run(int bytes, int m, int n, int k, Matrix a, Matrix b, Matrix c, Matrix from, Batch batch) {
        if (m < 0 || n < 0 || k < 0) {
            throw new IllegalArgumentException("gemm: a size is negative, M " + m + ", N " + n + ", K " + k);
        }
        if (n > 1 && (c.colStride != 1 || from != null && from.colStride != 1)) {
            throw new IllegalArgumentException("gemm: the columns of C must lie side by side, stride " + c.colStride
                    + " != 1\nhint: write to a row-major matrix and copy");
        }
        if (m == 0 || n == 0 || batch.count() == 0) {
            return;
        }
        check("A", bytes, a, batch.a, m, k);
        check("B", bytes, b, batch.b, k, n);
        check("C", bytes, c, batch.c, m, n);
        if (from != null && from != c) {
            check("F", bytes, from, batch.c, m, n);
        }
        try {
            if (n == 1 && m > 1 && c.rowStride == 1 && (from == null || from == c)) {
                // A column that lies in memory as a row: as C^T = B^T A^T it fills whole vectors, and has the same bits
                var swapped = new Batch(batch.b, batch.a, batch.c);
                var ct = c.transposed();
                var ft = from == null ? null : ct;
                new GemmRegion(bytes, 1, m, k, b.transposed(), a.transposed(), ct, ft, swapped).run();
            } else {
                new GemmRegion(bytes, m, n, k, a, b, c, from, batch).run();
            }
        } finally {
            Reference.reachabilityFence(a);
            Reference.reachabilityFence(b);
            Reference.reachabilityFence(c);
            Reference.reachabilityFence(from);
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
        if (!x.segment.isNative() || !x.segment.scope().isAlive()) {
            throw new IllegalArgumentException("gemm: the memory of " + name + " is on the heap, or freed");
        }
        for (long offset : batch) {
            if (low + offset < 0 || high + offset >= size) {
                throw new IndexOutOfBoundsException("gemm: " + name + " (" + rows + ", " + cols + ") needs elements "
                        + (low + offset) + " to " + (high + offset) + ", the segment has " + size);
            }
        }
    }
}
