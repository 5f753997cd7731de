package org.sfumato.cuda;

import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// A product `C = A B + bias` as the kernels see it: sizes, strides in elements, and leading axes.
///
/// @param bias (N), or `null`
/// @param am stride of A along M; `ak` along K, `bk` and `bn` of B
record Product(Operand a, Operand b, Operand bias, long m, long n, long k, long am, long ak, long bk, long bn,
        Batch batch) {
    /// Batches of one launch.
    static final int LARGEST_Z = 65_535;
    /// Elements of a chunk that tensor cores' copies take at once: 16 bytes.
    private static final long CHUNK = 8;
    private static final long CHUNK_BYTES = 16;
    /// Operands of products with so many multiplications are worth a copy that can be read in chunks.
    private static final double WORTH_A_COPY = 1 << 22;

    /// Leading axes that both operands walk along together, at most three; sizes of those that are not there are 1.
    record Batch(long[] sizes, long[] a, long[] b) {
        private static final int AXES = 3;
        /// No leading axes.
        static final Batch ONE = new Batch(new long[] {1, 1, 1}, new long[AXES], new long[AXES]);

        /// The leading axes of two layouts, neighbours put together where both allow it; `null` if too many are left.
        static Batch of(Layout a, Layout b) {
            var batch = new Batch(new long[] {1, 1, 1}, new long[AXES], new long[AXES]);
            int at = AXES;
            for (int axis = a.shape().rank() - 3; axis >= 0; axis--) {
                long size = a.shape().size(axis);
                if (size == 1) {
                    continue;
                }
                boolean joins = at < AXES && a.strides()[axis] == batch.a[at] * batch.sizes[at]
                        && b.strides()[axis] == batch.b[at] * batch.sizes[at];
                if (joins) {
                    batch.sizes[at] *= size;
                    continue;
                }
                if (at == 0) {
                    return null;
                }
                at--;
                batch.sizes[at] = size;
                batch.a[at] = a.strides()[axis];
                batch.b[at] = b.strides()[axis];
            }
            return batch;
        }

        long count() {
            return sizes[0] * sizes[1] * sizes[2];
        }
    }

    /// The stride of an axis; one of a single element is as good as dense.
    static long step(Layout layout, int axis) {
        return layout.shape().size(axis) == 1 ? 1 : layout.strides()[layout.shape().rank() + axis];
    }

    /// Puts the leading axes.
    Kernel put(Kernel kernel) {
        for (var numbers : new long[][] {batch.sizes, batch.a, batch.b}) {
            for (long number : numbers) {
                kernel.i64(number);
            }
        }
        return kernel;
    }

    /// True if neighbours in A lie along M, not along K.
    boolean isTurnedA() {
        return ak != 1;
    }

    /// True if neighbours in B lie along N, not along K.
    boolean isTurnedB() {
        return bk != 1;
    }

    /// True if both operands can be read in chunks of 16 bytes.
    boolean isAligned() {
        return isAligned(a, am, ak, batch.a) && isAligned(b, bn, bk, batch.b);
    }

    /// This product with operands that can be read in chunks of 16 bytes, if need be copied, unless it is too small for
    /// that.
    Product aligned(Workspace work) {
        if (isAligned() || (double) m * n * k < WORTH_A_COPY || batch.count() != 1) {
            return this;
        }
        var x = isAligned(a, am, ak, batch.a) ? this : withA(work);
        return isAligned(b, bn, bk, batch.b) ? x : x.withB(work);
    }

    private boolean isAligned(Operand x, long outer, long inner, long[] steps) {
        boolean aligned = (inner == 1 && outer % CHUNK == 0 || outer == 1 && inner % CHUNK == 0)
                && x.address() % CHUNK_BYTES == 0;
        for (int axis = 0; axis < steps.length; axis++) {
            aligned &= batch.sizes[axis] == 1 || steps[axis] % CHUNK == 0;
        }
        return aligned;
    }

    private Product withA(Workspace work) {
        var copy = padded(work, a, m, k, am, ak);
        return new Product(copy, b, bias, m, n, k, copy.layout().strides()[0], 1, bk, bn, batch);
    }

    private Product withB(Workspace work) {
        var copy = padded(work, b, n, k, bn, bk);
        return new Product(a, copy, bias, m, n, k, am, ak, 1, copy.layout().strides()[0], batch);
    }

    private static Operand padded(Workspace work, Operand x, long rows, long columns, long rowStep, long columnStep) {
        var shape = Shape.of(rows, columns);
        long row = Math.ceilDiv(columns, CHUNK) * CHUNK;
        var to = new Operand(work.bytes(rows * row * x.dtype().bytes()), x.dtype(),
                new Layout(shape, new long[] {row, 1}, 0));
        var from = new Layout(shape, new long[] {rowStep, columnStep}, x.layout().offset());
        work.copy(new Operand(x.buffer(), x.dtype(), from), to);
        return to;
    }
}
