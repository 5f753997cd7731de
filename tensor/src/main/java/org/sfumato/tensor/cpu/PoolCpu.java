package org.sfumato.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.op.AvgPoolGrad;
import org.sfumato.tensor.op.AvgPoolOp;
import org.sfumato.tensor.op.UpsampleOp;
import org.sfumato.tensor.spi.Operand;

/// [AvgPoolOp], [AvgPoolGrad] and [UpsampleOp]. Rows of a window are added or shared as vectors, columns one by one.
final class PoolCpu {
    private static final int LANES = Simd.F32_LANES;

    private PoolCpu() { }

    /// [AvgPoolOp].
    static void pool(AvgPoolOp op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        int height = size(in, -2);
        int width = size(in, -1);
        int down = size(out, -2);
        int across = size(out, -1);
        int wide = width + 2 * op.padding();
        try (var x = Rows.flat(in)) {
            long rows = out.shape().count() / across;
            Parallel.rows(rows, 4L * wide * op.kernel(), (r0, r1) -> {
                try (var sums = Scratch.of(4L * wide)) {
                    long sum = sums.segment.address();
                    for (long r = r0; r < r1; r++) {
                        int first = (int) (r % down) * op.stride() - op.padding();
                        ConvPlanes.clear(sum, 4L * wide);
                        for (int i = Math.max(0, first); i < Math.min(height, first + op.kernel()); i++) {
                            add(x.address(0) + 4 * (r / down * height + i) * width, width, sum + 4L * op.padding());
                        }
                        gather(sum, across, op.kernel(), op.stride(), out.address() + 4 * r * across);
                    }
                }
            });
        }
    }

    /// [AvgPoolGrad].
    static void grad(AvgPoolGrad op, Operand in, Operand out) {
        SourceCpu.fill(out, 0);
        if (in.shape().count() == 0) {
            return;
        }
        var pool = op.pool();
        int height = size(out, -2);
        int width = size(out, -1);
        int down = size(in, -2);
        int across = size(in, -1);
        int wide = Math.max(width + 2 * pool.padding(), (across - 1) * pool.stride() + pool.kernel());
        try (var dy = Rows.flat(in)) {
            long grids = in.shape().count() / down / across;
            Parallel.rows(grids, 8L * wide * down * pool.kernel(), (r0, r1) -> {
                try (var parts = Scratch.of(4L * wide)) {
                    long part = parts.segment.address();
                    for (long r = r0; r < r1; r++) {
                        for (int p = 0; p < down; p++) {
                            int first = p * pool.stride() - pool.padding();
                            ConvPlanes.clear(part, 4L * wide);
                            share(dy.address(0) + 4 * (r * down + p) * across, across, pool.kernel(), pool.stride(),
                                    part);
                            for (int i = Math.max(0, first); i < Math.min(height, first + pool.kernel()); i++) {
                                add(part + 4L * pool.padding(), width, out.address() + 4 * (r * height + i) * width);
                            }
                        }
                    }
                }
            });
        }
    }

    /// [UpsampleOp].
    static void upsample(UpsampleOp op, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        int width = size(in, -1);
        int scale = op.scale();
        long bytes = 4L * width * scale;
        try (var x = Rows.flat(in)) {
            Parallel.rows(in.shape().count() / width, bytes * scale, (r0, r1) -> {
                for (long r = r0; r < r1; r++) {
                    long first = out.address() + r * scale * bytes;
                    repeat(x.address(0) + 4 * r * width, width, scale, first);
                    for (int i = 1; i < scale; i++) {
                        ConvPlanes.move(first, bytes, first + i * bytes);
                    }
                }
            });
        }
    }

    private static int size(Operand x, int axis) {
        return Math.toIntExact(x.shape().size(axis));
    }

    /// `y_i = y_i + x_i`.
    private static void add(long x, int n, long y) {
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            Simd.store(y + 4L * i, Simd.loadF32(y + 4L * i).add(Simd.loadF32(x + 4L * i)));
        }
        for (; i < n; i++) {
            Simd.setF32(y + 4L * i, Simd.getF32(y + 4L * i) + Simd.getF32(x + 4L * i));
        }
    }

    /// `y_q = sum_j x_{q stride + j} / kernel^2`.
    private static void gather(long x, int n, int kernel, int stride, long y) {
        float share = 1f / (kernel * kernel);
        for (int q = 0; q < n; q++) {
            long from = x + 4L * q * stride;
            float sum = Simd.getF32(from);
            for (int j = 1; j < kernel; j++) {
                sum += Simd.getF32(from + 4L * j);
            }
            Simd.setF32(y + 4L * q, sum * share);
        }
    }

    /// `x_{q stride + j} = x_{q stride + j} + y_q / kernel^2`.
    private static void share(long y, int n, int kernel, int stride, long x) {
        float share = 1f / (kernel * kernel);
        for (int q = 0; q < n; q++) {
            float part = Simd.getF32(y + 4L * q) * share;
            long to = x + 4L * q * stride;
            for (int j = 0; j < kernel; j++) {
                Simd.setF32(to + 4L * j, Simd.getF32(to + 4L * j) + part);
            }
        }
    }

    /// Every element `scale` times. Vectors go from the end of a stretch to the start of the next, which is written
    /// over by it; the last one is written element by element.
    private static void repeat(long x, int n, int scale, long y) {
        int whole = scale > LANES ? 0 : n - Math.min(n, LANES);
        for (int i = 0; i < whole; i++) {
            Simd.store(y, FloatVector.broadcast(Simd.F32, Simd.getF32(x + 4L * i)));
            y += 4L * scale;
        }
        for (int i = whole; i < n; i++) {
            for (int j = 0; j < scale; j++) {
                Simd.setF32(y, Simd.getF32(x + 4L * i));
                y += 4;
            }
        }
    }
}
