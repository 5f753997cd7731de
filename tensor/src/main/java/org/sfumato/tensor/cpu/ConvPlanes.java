package org.sfumato.tensor.cpu;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import org.sfumato.tensor.expr.RawMemory;

/// The images of a convolution with their zeros around them, each channel split by the stride: plane `(a, b)` of a
/// channel has the padded rows `a, a + s, ...` and the columns `b, b + s, ...`. So what the window of one position
/// reads lies one element further for the next position, whatever the stride, and nothing asks where the image ends.
final class ConvPlanes implements AutoCloseable {
    private static final int V = Simd.BYTES;

    /// Rows and columns of a plane.
    final int height;
    final int width;

    /// Bytes from one channel to the next, and from one image to the next.
    final long channel;
    final long image;

    private final int bytes;
    private final int channels;
    private final int stride;
    private final int top;
    private final Scratch memory;

    /// Planes of `height * width` elements of `bytes` bytes for some images of `channels` channels.
    ///
    /// @param top rows of zeros above an image, and columns of zeros to its left
    ConvPlanes(int bytes, int images, int channels, int stride, int top, int height, int width) {
        this.bytes = bytes;
        this.channels = channels;
        this.stride = stride;
        this.top = top;
        this.height = height;
        this.width = width;
        this.channel = (long) stride * stride * height * width * bytes;
        this.image = channels * channel;
        this.memory = Scratch.of(images * image + V);           // reads go on to the end of a vector
    }

    /// The address of the first element of the first image.
    long address() {
        return memory.segment.address();
    }

    /// The bytes from the first element of a channel to what lies `down` padded rows and `right` padded columns on.
    long offset(int down, int right) {
        long plane = (long) (down % stride) * stride + right % stride;
        return (plane * height * width + (long) (down / stride) * width + right / stride) * bytes;
    }

    /// Fills them with `images` images from image `first` of `x`, whose rows are those of the images one after another.
    void fill(Rows x, int rows, int first, int images) {
        Parallel.rows((long) images * channels, channel, (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                long to = address() + r * channel;
                clear(to, channel);
                for (int i = 0; i < rows; i++) {
                    row(x.address(((long) first * channels + r) * rows + i), x.width, i + top, to);
                }
            }
        });
    }

    private void row(long from, int count, int down, long to) {
        if (stride == 1) {
            move(from, (long) count * bytes, to + offset(down, top));
            return;
        }
        for (int phase = 0; phase < stride; phase++) {          // the columns that go to one plane
            int first = Math.floorMod(phase - top, stride);
            if (first < count) {
                spread((count - first - 1) / stride + 1, from + (long) first * bytes, (long) stride * bytes,
                        to + offset(down, first + top), bytes, bytes);
            }
        }
    }

    /// Zeros in `count` bytes, a multiple of four.
    static void clear(long to, long count) {
        var zero = FloatVector.zero(Simd.F32);
        long at = 0;
        for (; at <= count - V; at += V) {
            Simd.store(to + at, zero);
        }
        for (; at < count; at += Float.BYTES) {
            Simd.setF32(to + at, 0);
        }
    }

    /// Copies `count` bytes, a multiple of four.
    static void move(long from, long count, long to) {
        long at = 0;
        for (; at <= count - V; at += V) {
            Simd.store(to + at, Simd.loadF32(from + at));
        }
        for (; at < count; at += Float.BYTES) {
            RawMemory.ALL.set(ValueLayout.JAVA_INT_UNALIGNED, to + at,
                    RawMemory.ALL.get(ValueLayout.JAVA_INT_UNALIGNED, from + at));
        }
    }

    /// Copies `count` elements of `bytes` bytes at some distance to places at another distance.
    static void spread(int count, long from, long step, long to, long toStep, int bytes) {
        if (bytes == Float.BYTES) {
            for (int i = 0; i < count; i++) {
                RawMemory.ALL.set(ValueLayout.JAVA_INT_UNALIGNED, to + i * toStep,
                        RawMemory.ALL.get(ValueLayout.JAVA_INT_UNALIGNED, from + i * step));
            }
        } else {
            for (int i = 0; i < count; i++) {
                RawMemory.ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, to + i * toStep,
                        RawMemory.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, from + i * step));
            }
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
