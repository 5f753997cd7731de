package org.sfumato.tensor.cpu;

import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.Conv2dOp;

/// The sizes of a convolution: images, groups, channels of a group going in and out, the grids, and the kernel.
record ConvSizes(int images, int groups, int in, int out, int height, int width, int down, int across, int rows,
        int columns, int stride, int padding) {
    /// Those of `op` on x (N, C, H, W) with w (O, C/G, I, J).
    static ConvSizes of(Conv2dOp op, Shape x, Shape w) {
        return new ConvSizes(size(x, 0), op.groups(), size(w, 1), size(w, 0) / op.groups(), size(x, 2), size(x, 3),
                Math.toIntExact(op.size(x.size(2), w.size(2))), Math.toIntExact(op.size(x.size(3), w.size(3))),
                size(w, 2), size(w, 3), op.stride(), op.padding());
    }

    private static int size(Shape shape, int axis) {
        return Math.toIntExact(shape.size(axis));
    }

    /// Taps of a window.
    int taps() {
        return rows * columns;
    }

    /// Positions of the result in an image.
    int places() {
        return down * across;
    }

    /// The planes of x that the windows read, for so many images.
    ConvPlanes planes(int bytes, int some) {
        return new ConvPlanes(bytes, some, groups * in, stride, padding, Math.ceilDiv(height + 2 * padding, stride),
                Math.ceilDiv(width + 2 * padding, stride));
    }

    /// What each tap is away from its position in `planes`.
    long[] offsets(ConvPlanes planes) {
        var offsets = new long[taps()];
        for (int t = 0; t < offsets.length; t++) {
            offsets[t] = planes.offset(t / columns, t % columns);
        }
        return offsets;
    }

    /// Images to work on at a time, of so many bytes each: as many as a part of the last cache holds.
    int together(long bytes) {
        return Math.clamp(Caches.HERE.last() / 4 / Math.max(1, bytes), 1, Math.max(1, images));
    }
}
