package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.op.LinearCrossEntropyGrad;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.spi.Operand;

/// [LinearCrossEntropyOp] and [LinearCrossEntropyGrad]: the rows that count are brought together, and their logits made
/// in blocks of at most [#BLOCK] elements, some rows by some classes. Forward, largest logit and sum of exponentials go
/// along from block to block; backward, the blocks are made again. The cut follows the sizes alone.
final class LinearCrossEntropyCpu implements AutoCloseable {
    private static final int LANES = Simd.F32_LANES;
    private static final long COST = 32;
    private static final int CLASSES = 1024;
    private static final int BLOCK = 512 * CLASSES;

    private final Operand x;
    private final Operand w;
    private final int n;
    private final int d;
    private final int v;
    private final int classes;
    private final int rows;
    /// Elements from one row of a block to the next: whole vectors.
    private final int width;
    private final Rows targets;
    private final Rows bias;
    /// The numbers of the rows that count.
    private final Scratch order;
    private final Scratch packed;
    private final Scratch block;
    private final Scratch numbers;

    /// @param scale a row whose number is 0 here does not count; `null` if there are none
    private LinearCrossEntropyCpu(String name, long ignored, Operand[] in, Operand bias, Rows scale) {
        this.x = in[0];
        this.w = in[1];
        int all = Math.toIntExact(x.shape().size(0));
        this.d = Math.toIntExact(x.shape().size(1));
        this.v = Math.toIntExact(w.shape().size(0));
        this.targets = Rows.flat(in[2]);
        CrossEntropyCpu.requireTargets(name, targets, all, v, ignored);
        this.order = Scratch.of(8L * all);
        int count = 0;
        for (int r = 0; r < all; r++) {
            boolean counts = CrossEntropyCpu.target(targets, r) != ignored;
            if (counts && (scale == null || CrossEntropyCpu.value(scale, r) != 0)) {
                order.segment.set(ValueLayout.JAVA_LONG, 8L * count++, r);
            }
        }
        this.n = count;
        this.classes = Math.max(1, Math.ceilDiv(v, Math.ceilDiv(Math.max(1, v), CLASSES)));
        this.width = whole(classes);
        this.rows = Math.max(1, Math.min(n, BLOCK / width));
        this.bias = bias == null ? null : Rows.flat(bias);
        this.packed = n < all && d > 0 ? Scratch.of(4L * n * d) : null;
        this.block = Scratch.of(4L * rows * width);
        this.numbers = Scratch.of(12L * all);
        if (packed != null) {
            try (var from = Rows.of(x)) {
                Parallel.rows(n, 4L * d, (r0, r1) -> {
                    for (long r = r0; r < r1; r++) {
                        MemorySegment.copy(from.segment, from.offset(row(r)), packed.segment, 4L * r * d, 4L * d);
                    }
                });
            }
        }
    }

    /// `count` rounded up to whole vectors.
    private static int whole(int count) {
        return Math.ceilDiv(count, LANES) * LANES;
    }

    /// The number among all rows of row `r` of those that count.
    private long row(long r) {
        return order.segment.get(ValueLayout.JAVA_LONG, 8 * r);
    }

    private Gemm.Matrix x(int r) {
        if (packed != null) {
            return new Gemm.Matrix(packed.segment, (long) r * d, d, 1);
        }
        var strides = x.layout().strides();
        return new Gemm.Matrix(x.segment(), x.layout().offset() + r * strides[0], strides[0], strides[1]);
    }

    private Gemm.Matrix w(int c) {
        var strides = w.layout().strides();
        return new Gemm.Matrix(w.segment(), w.layout().offset() + c * strides[0], strides[0], strides[1]);
    }

    /// The logits of `m` rows from `r` on, of `k` classes from `c` on, into the block; what fills up a vector is minus
    /// infinity.
    private void logits(int r, int m, int c, int k) {
        int span = whole(k);
        if (bias != null || k < span) {
            Parallel.rows(m, 4L * width, (r0, r1) -> {
                for (long i = r0; i < r1; i++) {
                    long at = 4 * i * width;
                    if (bias != null) {
                        MemorySegment.copy(bias.segment, bias.element(c), block.segment, at, 4L * k);
                    }
                    for (int j = k; j < span; j++) {
                        block.segment.set(Simd.FLOAT, at + 4L * j, Float.NEGATIVE_INFINITY);
                    }
                }
            });
        }
        Gemm.f32(m, k, d, x(r), w(c).transposed(), new Gemm.Matrix(block.segment, 0, width, 1), bias != null);
    }

    /// [LinearCrossEntropyOp].
    ///
    /// @throws IndexOutOfBoundsException if a target that is not ignored is outside [0, V); nothing is written then
    static void loss(LinearCrossEntropyOp op, Operand[] in, Operand[] out) {
        try (var run = new LinearCrossEntropyCpu(op.name(), op.ignoreIndex(), in, in.length > 3 ? in[3] : null, null);
                var loss = Rows.flat(out[0]); var lse = Rows.flat(out[1])) {
            SourceCpu.fill(out[0], 0);
            SourceCpu.fill(out[1], 0);
            for (int r = 0; r < run.n; r += run.rows) {
                run.loss(r, Math.min(run.rows, run.n - r), loss, lse);
            }
        }
    }

    private void loss(int r, int m, Rows loss, Rows lse) {
        long most = block.segment.address();
        long own = numbers.segment.address() + 12L * r;         // of a row: largest logit, sum, and logit of the target
        for (int i = 0; i < m; i++) {
            Simd.setF32(own + 12L * i, Float.NEGATIVE_INFINITY);
            Simd.setF32(own + 12L * i + 4, 0);
        }
        for (int c = 0; c < v; c += classes) {
            int first = c;
            int k = Math.min(classes, v - c);
            int span = whole(k);
            logits(r, m, c, k);
            try (var maxima = Scratch.of(4L * m)) {
                long max = maxima.segment.address();
                new Phases(0, (r0, r1, _) -> {
                    for (long i = r0; i < r1; i++) {
                        Simd.setF32(max + 4 * i, RowKernels.max(most + 4 * i * width, span));
                    }
                }, (r0, r1, _) -> {
                    for (long i = r0; i < r1; i++) {
                        float largest = Math.max(Simd.getF32(max + 4 * i), Simd.getF32(own + 12 * i));
                        float shift = CrossEntropyCpu.shift(largest);
                        float sum = RowKernels.sumExp(most + 4 * i * width, span, shift);
                        add(own + 12 * i, Simd.getF32(max + 4 * i), sum, most + 4 * i * width, k);
                    }
                }, (r0, r1, _) -> {
                    for (long i = r0; i < r1; i++) {
                        long hit = CrossEntropyCpu.target(targets, row(r + i)) - first;
                        if (hit >= 0 && hit < k) {
                            Simd.setF32(own + 12 * i + 8, Simd.getF32(most + 4 * i * width + 4 * hit));
                        }
                    }
                }).all(m, k);
            }
        }
        for (int i = 0; i < m; i++) {
            finish(own + 12L * i, row(r + i), loss, lse);
        }
    }

    /// Adds to the numbers of a row the sum of a block, whose exponentials were taken less the larger of both maxima.
    private static void add(long numbers, float max, float sum, long x, int k) {
        float before = Simd.getF32(numbers);
        float all = Math.max(before, max);
        float old = Simd.getF32(numbers + 4);
        if (all == Float.POSITIVE_INFINITY) {
            boolean nan = Float.isNaN(old) || Double.isNaN(CrossEntropyCpu.infinityOrNan(x, k));
            sum = nan ? Float.NaN : 1;
        } else if (old != 0) {
            double shrink = Math.exp((double) CrossEntropyCpu.shift(before) - CrossEntropyCpu.shift(all));
            sum += (float) (old * shrink);
        }
        Simd.setF32(numbers, all);
        Simd.setF32(numbers + 4, sum);
    }

    private static void finish(long numbers, long row, Rows loss, Rows lse) {
        float max = Simd.getF32(numbers);
        double shift = CrossEntropyCpu.shift(max);
        float sum = Simd.getF32(numbers + 4);
        double log = max == Float.POSITIVE_INFINITY && sum == 1 ? max : Math.log(sum);
        CrossEntropyCpu.setValue(lse, row, (float) (shift + log));
        CrossEntropyCpu.setValue(loss, row, (float) (log + (shift - Simd.getF32(numbers + 8))));
    }

    /// [LinearCrossEntropyGrad].
    ///
    /// @throws IndexOutOfBoundsException as [#loss]
    static void grad(LinearCrossEntropyGrad op, Operand[] in, Operand[] out) {
        try (var lse = Rows.flat(in[3]); var dLoss = Rows.flat(in[4]);
                var run = new LinearCrossEntropyCpu(op.name(), op.ignoreIndex(), in, in.length > 5 ? in[5] : null,
                        dLoss)) {
            if (run.n == 0) {
                for (var zero : out) {
                    SourceCpu.fill(zero, 0);
                }
            } else {
                run.grad(lse, dLoss, out);
            }
        }
    }

    private void grad(Rows lse, Rows dLoss, Operand[] out) {
        try (var sum = packed == null ? null : Scratch.of(4L * n * d); var ones = Scratch.of(4L * rows)) {
            var to = sum == null ? new Gemm.Matrix(out[0].segment(), out[0].layout().offset(), d, 1)
                    : new Gemm.Matrix(sum.segment, 0, d, 1);
            for (int i = 0; i < rows; i++) {
                ones.segment.set(Simd.FLOAT, 4L * i, 1);
            }
            for (int c = 0; c < v; c += classes) {
                int k = Math.min(classes, v - c);
                for (int r = 0; r < n; r += rows) {
                    int m = Math.min(rows, n - r);
                    logits(r, m, c, k);
                    slopes(r, m, c, k, lse, dLoss);
                    var g = new Gemm.Matrix(block.segment, 0, width, 1);
                    var dx = new Gemm.Matrix(to.segment(), to.offset() + (long) r * d, d, 1);
                    var dw = new Gemm.Matrix(out[1].segment(), out[1].layout().offset() + (long) c * d, d, 1);
                    Gemm.f32(m, d, k, g, w(c), dx, c > 0);
                    Gemm.f32(k, d, m, g.transposed(), x(r), dw, r > 0);
                    if (out.length > 2) {
                        var db = new Gemm.Matrix(out[2].segment(), out[2].layout().offset() + c, k, 1);
                        Gemm.f32(1, k, m, new Gemm.Matrix(ones.segment, 0, m, 1), g, db, r > 0);
                    }
                }
            }
            if (sum != null) {
                spread(sum, out[0]);
            }
        }
    }

    /// Turns a block of logits into their gradients.
    private void slopes(int r, int m, int c, int k, Rows lse, Rows dLoss) {
        long at = block.segment.address();
        Parallel.rows(m, COST * k, (r0, r1) -> {
            for (long i = r0; i < r1; i++) {
                long row = row(r + i);
                long line = at + 4 * i * width;
                float factor = CrossEntropyCpu.value(dLoss, row);
                CrossEntropyCpu.scaledExp(line, whole(k), CrossEntropyCpu.value(lse, row), factor, line);
                long hit = CrossEntropyCpu.target(targets, row) - c;
                if (hit >= 0 && hit < k) {
                    Simd.setF32(line + 4 * hit, Simd.getF32(line + 4 * hit) - factor);
                }
            }
        });
    }

    /// Puts the rows that count in their places and zeros between.
    private void spread(Scratch from, Operand out) {
        SourceCpu.fill(out, 0);
        long at = out.byteOffset();
        Parallel.rows(n, 4L * d, (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                MemorySegment.copy(from.segment, 4 * r * d, out.segment(), at + 4 * row(r) * d, 4L * d);
            }
        });
    }

    @Override
    public void close() {
        for (var scratch : new Scratch[] {order, packed, block, numbers}) {
            if (scratch != null) {
                scratch.close();
            }
        }
        targets.close();
        if (bias != null) {
            bias.close();
        }
    }
}
