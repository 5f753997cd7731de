package org.sfumato.tensor.cpu;

import java.util.stream.IntStream;
import org.sfumato.tensor.op.Conv2dInputGrad;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.spi.Operand;

/// [Conv2dOp] and [Conv2dInputGrad], as products of weights with [ConvLines].
final class ConvCpu {
    private ConvCpu() { }

    /// [Conv2dOp].
    static void conv(Conv2dOp op, Operand[] in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var z = ConvSizes.of(op, in[0].shape(), in[1].shape());
        int bytes = out.dtype().bytes();
        long area = (long) (z.height() + 2 * z.padding()) * (z.width() + 2 * z.padding());
        int some = z.together((z.groups() * z.in() * area + (long) z.groups() * z.out() * z.places()) * bytes);
        try (var x = Rows.of(in[0]); var w = Rows.flat(in[1]); var b = in.length > 2 ? Rows.flat(in[2]) : null;
                var planes = z.planes(bytes, some);
                var lines = new ConvLines(planes, bytes, z.down(), z.across(), z.offsets(planes));
                var product = new ConvProduct(bytes, z.groups(), z.out(), z.in(), z.taps(),
                        b == null ? 0 : b.address(0))) {
            long depth = (long) z.in() * z.taps();
            product.pack(w.address(0), z.out() * depth, depth, z.taps(), null);
            long plane = (long) z.places() * bytes;
            long image = z.groups() * z.out() * plane;
            for (int n = 0; n < z.images(); n += some) {
                int images = Math.min(some, z.images() - n);
                planes.fill(x, z.height(), n, images);
                product.run(lines, images, new ConvProduct.Target(out.address() + n * image, image, plane,
                        (long) z.across() * bytes, bytes, z.across()));
            }
        }
    }

    /// [Conv2dInputGrad]. The elements of dx whose row is `a` and whose column is `b` modulo the stride are a
    /// convolution of dy with stride 1, by those taps that meet them.
    static void inputGrad(Conv2dInputGrad op, Operand[] in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        var z = ConvSizes.of(op.conv(), out.shape(), in[1].shape());
        int bytes = out.dtype().bytes();
        int s = z.stride();
        int top = Math.max(0, Math.max(reach(z.rows(), z), reach(z.columns(), z)));
        int height = Math.max(top + z.down(), top + (z.height() - 1 + z.padding()) / s + 1);
        int width = Math.max(top + z.across(), top + (z.width() - 1 + z.padding()) / s + 1);
        long area = (long) z.height() * z.width();
        int some = z.together(((long) z.groups() * z.out() * height * width + z.groups() * z.in() * area) * bytes);
        try (var dy = Rows.of(in[0]); var w = Rows.flat(in[1]);
                var planes = new ConvPlanes(bytes, some, z.groups() * z.out(), 1, top, height, width)) {
            for (int n = 0; n < z.images(); n += some) {
                int images = Math.min(some, z.images() - n);
                planes.fill(dy, z.down(), n, images);
                for (int phase = 0; phase < s * s; phase++) {
                    phase(z, phase / s, phase % s, planes, top, w.address(0), images,
                            out.address() + (long) n * z.groups() * z.in() * area * bytes, bytes);
                }
            }
        }
    }

    // Rows of zeros that dy needs above it for a kernel of so many rows.
    private static int reach(int kernel, ConvSizes z) {
        return Math.ceilDiv(kernel - 1 - z.padding(), z.stride());
    }

    private static void phase(ConvSizes z, int a, int b, ConvPlanes planes, int top, long w, int images, long dx,
            int bytes) {
        int s = z.stride();
        int down = Math.ceilDiv(z.height() - a, s);
        int across = Math.ceilDiv(z.width() - b, s);
        if (down <= 0 || across <= 0) {
            return;
        }
        var used = IntStream.range(0, z.taps()).filter(t -> Math.floorMod(a + z.padding() - t / z.columns(), s) == 0
                && Math.floorMod(b + z.padding() - t % z.columns(), s) == 0).toArray();
        var offsets = new long[used.length];
        for (int i = 0; i < used.length; i++) {
            int rows = Math.floorDiv(a + z.padding() - used[i] / z.columns(), s);
            int columns = Math.floorDiv(b + z.padding() - used[i] % z.columns(), s);
            offsets[i] = planes.offset(top + rows, top + columns);
        }
        long taps = z.taps();
        try (var lines = new ConvLines(planes, bytes, down, across, offsets);
                var product = new ConvProduct(bytes, z.groups(), z.in(), z.out(), used.length, 0)) {
            product.pack(w, (long) z.out() * z.in() * taps, taps, z.in() * taps, used);
            long plane = (long) z.height() * z.width() * bytes;
            product.run(lines, images, new ConvProduct.Target(dx + ((long) a * z.width() + b) * bytes,
                    z.groups() * z.in() * plane, plane, (long) s * z.width() * bytes, (long) s * bytes, across));
        }
    }
}
