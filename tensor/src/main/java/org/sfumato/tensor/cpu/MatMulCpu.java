package org.sfumato.tensor.cpu;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.spi.HostBuffer;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Matrix products of any strides and broadcast leading axes, by [Gemm].
final class MatMulCpu {
    private MatMulCpu() { }

    /// `c = a b`; `c` is dense. Half types are read as f32 and the result is rounded.
    static void run(HostPool pool, Operand a, Operand b, Operand c) {
        switch (c.dtype()) {
            case F32, F64 -> multiply(a, b, c);
            case BF16, F16 -> {
                var buffers = new HostBuffer[3];
                try {
                    var wideA = wide(pool, buffers, 0, a);
                    var wideB = wide(pool, buffers, 1, b);
                    var wideC = wide(pool, buffers, 2, c);
                    CastCpu.run(pool, a, wideA);
                    CastCpu.run(pool, b, wideB);
                    multiply(wideA, wideB, wideC);
                    CastCpu.run(pool, wideC, c);
                } finally {
                    for (var buffer : buffers) {
                        if (buffer != null) {
                            pool.free(buffer);
                        }
                    }
                }
            }
            case I64, I32, BOOL -> throw new IllegalArgumentException("matmul: not for " + c.dtype());
        }
    }

    private static Operand wide(HostPool pool, HostBuffer[] buffers, int i, Operand like) {
        buffers[i] = pool.allocate(new Spec(like.shape(), DType.F32).bytes());
        return new Operand(buffers[i], DType.F32, Layout.dense(like.shape()));
    }

    private static void multiply(Operand a, Operand b, Operand c) {
        if (c.shape().count() == 0) {
            return;
        }
        int m = size(a, -2);
        int k = size(a, -1);
        int n = size(b, -1);
        long batch = c.shape().count() / m / n;
        if (batch > 1) {
            var rows = stacked(a, batch * m, k);
            if (rows != null && isOne(b)) {         // the products share B: they are one product of more rows
                product(Gemm.Batch.strided(1, 0, 0, 0), (int) (batch * m), n, k, rows, b, c);
                return;
            }
        }
        product(batch(a, b, c, Math.toIntExact(batch)), m, n, k, a, b, c);
    }

    /// The matrices of `a` as one of `rows` rows; `null` if no stride can walk them.
    private static Operand stacked(Operand a, long rows, int k) {
        if (rows > Integer.MAX_VALUE || a.shape().count() != rows * k) {
            return null;
        }
        return a.layout().reshape(Shape.of(rows, k)).map(l -> new Operand(a.buffer(), a.dtype(), l)).orElse(null);
    }

    private static boolean isOne(Operand b) {
        return b.shape().count() == b.shape().size(-2) * b.shape().size(-1);
    }

    private static void product(Gemm.Batch batch, int m, int n, int k, Operand a, Operand b, Operand c) {
        var dense = new Gemm.Matrix(c.segment(), c.layout().offset(), n, 1);
        if (c.dtype() == DType.F32) {
            Gemm.f32(batch, m, n, k, matrix(a), matrix(b), dense, false);
        } else {
            Gemm.f64(batch, m, n, k, matrix(a), matrix(b), dense, false);
        }
    }

    private static Gemm.Matrix matrix(Operand x) {
        var strides = x.layout().strides();
        int last = strides.length - 1;
        return new Gemm.Matrix(x.segment(), x.layout().offset(), strides[last - 1], strides[last]);
    }

    /// Where the matrices of each product begin, in elements.
    private static Gemm.Batch batch(Operand a, Operand b, Operand c, int count) {
        if (count == 1) {
            return Gemm.Batch.strided(1, 0, 0, 0);
        }
        var leading = c.shape().range(0, c.shape().rank() - 2);
        var walk = Walk.of(leading, leading(a), leading(b), leading(c));
        var cursor = new Walk.Cursor(walk, walk.rank, 0);
        var starts = new long[3][count];
        int width = c.dtype().bytes();
        for (int i = 0; i < count; i++) {
            for (int operand = 0; operand < 3; operand++) {
                starts[operand][i] = cursor.at[operand] / width;
            }
            cursor.next();
        }
        return new Gemm.Batch(starts[0], starts[1], starts[2]);
    }

    private static Operand leading(Operand x) {
        int rank = x.shape().rank() - 2;
        var strides = java.util.Arrays.copyOf(x.layout().strides(), rank);
        return new Operand(x.buffer(), x.dtype(), new Layout(x.shape().range(0, rank), strides, 0));
    }

    private static int size(Operand x, int axis) {
        long size = x.shape().size(axis);
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("matmul: a side of 2^31 or more, " + x.spec());
        }
        return (int) size;
    }
}
