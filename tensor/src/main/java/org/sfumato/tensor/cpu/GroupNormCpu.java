package org.sfumato.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.op.GroupNormGrad;
import org.sfumato.tensor.op.GroupNormOp;
import org.sfumato.tensor.spi.Operand;

/// [GroupNormOp] and [GroupNormGrad]: a group of an image at a time, channel after channel. Sums run over a channel in
/// float32 and over channels in float64. The variance is found as in [LayerNormCpu].
final class GroupNormCpu {
    private static final int LANES = Simd.F32_LANES;

    private final int channels;
    private final int group;
    private final int places;

    private GroupNormCpu(int groups, Operand x) {
        this.channels = Math.toIntExact(x.shape().size(1));
        this.group = channels / groups;
        this.places = Math.toIntExact(x.shape().range(2, x.shape().rank()).count());
    }

    /// [GroupNormOp]: y, mean, rstd.
    static void norm(GroupNormOp op, Operand[] in, Operand[] out) {
        try (var x = Rows.flat(in[0]); var w = Rows.flat(in[1]); var b = Rows.flat(in[2])) {
            new GroupNormCpu(op.groups(), in[0]).norm(op.groups(), op.eps(), x.address(0), w.address(0), b.address(0),
                    out);
        }
    }

    private void norm(int groups, double eps, long x, long w, long b, Operand[] out) {
        long y = out[0].address();
        long means = out[1].address();
        long rstds = out[2].address();
        long row = 4L * group * places;
        Parallel.rows(out[1].shape().count(), 3 * row, (r0, r1) -> {
            try (var notes = Scratch.of(8)) {
                for (long r = r0; r < r1; r++) {
                    moments(x + r * row, eps, notes.segment.address(), means + 4 * r, rstds + 4 * r);
                    float mean = Simd.getF32(means + 4 * r);
                    float rstd = Simd.getF32(rstds + 4 * r);
                    for (int c = 0; c < group; c++) {
                        long channel = 4 * (r % groups * group + c);
                        long at = r * row + 4L * c * places;
                        affine(x + at, places, mean, rstd * Simd.getF32(w + channel), Simd.getF32(b + channel),
                                y + at);
                    }
                }
            }
        });
    }

    private void moments(long x, double eps, long notes, long mean, long rstd) {
        double count = (double) group * places;
        double sum = 0;
        for (int c = 0; c < group; c++) {
            sum += RowKernels.sum(x + 4L * c * places, places);
        }
        float shift = (float) (sum / count);
        double first = 0;
        double second = 0;
        for (int c = 0; c < group; c++) {
            squares(x + 4L * c * places, places, shift, notes);
            first += Simd.getF32(notes);
            second += Simd.getF32(notes + 4);
        }
        double off = first / count;
        Simd.setF32(mean, (float) (shift + off));
        Simd.setF32(rstd, (float) (1 / Math.sqrt(second / count - off * off + eps)));
    }

    /// The sums of `x_i - shift` and of its square.
    private static void squares(long x, int n, float shift, long to) {
        var first = FloatVector.zero(Simd.F32);
        var second = first;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            var c = Simd.loadF32(x + 4L * i).sub(shift);
            first = first.add(c);
            second = c.fma(c, second);
        }
        float sum = Simd.sum(first);
        float squares = Simd.sum(second);
        for (; i < n; i++) {
            float c = Simd.getF32(x + 4L * i) - shift;
            sum += c;
            squares = Math.fma(c, c, squares);
        }
        Simd.setF32(to, sum);
        Simd.setF32(to + 4, squares);
    }

    /// `y_i = (x_i - mean) scale + add`.
    private static void affine(long x, int n, float mean, float scale, float add, long y) {
        var scales = FloatVector.broadcast(Simd.F32, scale);
        var adds = FloatVector.broadcast(Simd.F32, add);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            Simd.store(y + 4L * i, Simd.loadF32(x + 4L * i).sub(mean).fma(scales, adds));
        }
        for (; i < n; i++) {
            Simd.setF32(y + 4L * i, Math.fma(Simd.getF32(x + 4L * i) - mean, scale, add));
        }
    }

    /// [GroupNormGrad]: dx, dw, db.
    static void grad(GroupNormGrad op, Operand[] in, Operand[] out) {
        try (var x = Rows.flat(in[0]); var w = Rows.flat(in[1]); var mean = Rows.flat(in[2]);
                var rstd = Rows.flat(in[3]); var dy = Rows.flat(in[4])) {
            var run = new GroupNormCpu(op.groups(), in[0]);
            long images = in[0].shape().size(0);
            try (var sums = Scratch.of(8 * images * run.channels)) {
                long total = sums.segment.address();
                long row = 4L * run.group * run.places;
                Parallel.rows(images * op.groups(), 6 * row, (r0, r1) -> {
                    for (long r = r0; r < r1; r++) {
                        run.grad(x.address(0) + r * row, w.address(0) + 4 * (r % op.groups() * run.group),
                                Simd.getF32(mean.address(0) + 4 * r), Simd.getF32(rstd.address(0) + 4 * r),
                                dy.address(0) + r * row, out[0].address() + r * row, total + 8 * r * run.group);
                    }
                });
                run.totals(images, total, out[2].address());
                run.totals(images, total + 4, out[1].address());
            }
        }
    }

    // `sums` gets, for each channel, the sum of dy and that of dy h.
    private void grad(long x, long w, float mean, float rstd, long dy, long dx, long sums) {
        double slope = 0;
        double slopeH = 0;
        for (int c = 0; c < group; c++) {
            products(x + 4L * c * places, places, mean, dy + 4L * c * places, sums + 8L * c);
            Simd.setF32(sums + 8L * c + 4, Simd.getF32(sums + 8L * c + 4) * rstd);
            double scale = Simd.getF32(w + 4L * c);
            slope += scale * Simd.getF32(sums + 8L * c);
            slopeH += scale * Simd.getF32(sums + 8L * c + 4);
        }
        double count = (double) group * places;
        float each = (float) (slope / count * rstd);
        float eachH = (float) (slopeH / count * rstd * rstd);
        for (int c = 0; c < group; c++) {
            slopes(x + 4L * c * places, places, mean, rstd * Simd.getF32(w + 4L * c), each, eachH,
                    dy + 4L * c * places, dx + 4L * c * places);
        }
    }

    /// The sums of `dy_i` and of `dy_i (x_i - mean)`.
    private static void products(long x, int n, float mean, long dy, long to) {
        var first = FloatVector.zero(Simd.F32);
        var second = first;
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            var g = Simd.loadF32(dy + 4L * i);
            first = first.add(g);
            second = g.fma(Simd.loadF32(x + 4L * i).sub(mean), second);
        }
        float sum = Simd.sum(first);
        float dot = Simd.sum(second);
        for (; i < n; i++) {
            float g = Simd.getF32(dy + 4L * i);
            sum += g;
            dot = Math.fma(g, Simd.getF32(x + 4L * i) - mean, dot);
        }
        Simd.setF32(to, sum);
        Simd.setF32(to + 4, dot);
    }

    /// `dx_i = scale dy_i - each - eachH (x_i - mean)`.
    private static void slopes(long x, int n, float mean, float scale, float each, float eachH, long dy, long dx) {
        var scales = FloatVector.broadcast(Simd.F32, scale);
        var minus = FloatVector.broadcast(Simd.F32, -eachH);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            var g = Simd.loadF32(dy + 4L * i).mul(scales).sub(each);
            Simd.store(dx + 4L * i, Simd.loadF32(x + 4L * i).sub(mean).fma(minus, g));
        }
        for (; i < n; i++) {
            float g = Simd.getF32(dy + 4L * i) * scale - each;
            Simd.setF32(dx + 4L * i, Math.fma(Simd.getF32(x + 4L * i) - mean, -eachH, g));
        }
    }

    // The sums of all images for each channel.
    private void totals(long images, long sums, long to) {
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (long n = 0; n < images; n++) {
                sum += Simd.getF32(sums + 8 * (n * channels + c));
            }
            Simd.setF32(to + 4L * c, (float) sum);
        }
    }
}
