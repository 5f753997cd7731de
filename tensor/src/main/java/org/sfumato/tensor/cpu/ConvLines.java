package org.sfumato.tensor.cpu;

import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.expr.RawMemory;

/// The matrix whose product with the weights is a convolution, and which is never in memory as a whole: line `(c, t)`
/// is what tap t of the windows reads of channel c, for one position of the result after another, image after image.
/// Any stretch of positions is a few parts of rows of [ConvPlanes], and a line a copy of these.
final class ConvLines implements AutoCloseable {
    /// Bytes of the description of a part: where it lies in a line, how long it is, and where it is read.
    static final long PART = 24;

    private static final int V = Simd.BYTES;

    /// Positions in an image.
    final int places;

    /// How many taps.
    final int taps;

    private final ConvPlanes planes;
    private final int bytes;
    private final int across;
    private final Scratch offsets;

    /// Lines over a grid of `down * across` positions in each image.
    ///
    /// @param offsets what each tap is away from the position, in bytes
    ConvLines(ConvPlanes planes, int bytes, int down, int across, long[] offsets) {
        this.planes = planes;
        this.bytes = bytes;
        this.places = Math.multiplyExact(down, across);
        // rows without a gap between them are one row
        this.across = across == planes.width ? places : across;
        this.taps = offsets.length;
        this.offsets = Scratch.of(8L * taps);
        for (int t = 0; t < taps; t++) {
            this.offsets.segment.setAtIndex(ValueLayout.JAVA_LONG, t, offsets[t]);
        }
    }

    /// Parts at most in a stretch of so many positions.
    long parts(long positions) {
        return positions / across + 2 + positions / places;
    }

    /// Writes the parts of positions `[q0, q1)` to `to` and returns how many they are.
    int cut(long q0, long q1, long to) {
        int count = 0;
        for (long q = q0; q < q1; ) {
            long rest = q % places;
            long run = Math.min(across - rest % across, q1 - q);
            long from = q / places * planes.image
                    + (rest / across * (long) planes.width + rest % across) * bytes;
            set(to, (q - q0) * bytes);
            set(to + 8, run * bytes);
            set(to + 16, from);
            to += PART;
            count++;
            q += run;
        }
        return count;
    }

    /// Copies lines `[j0, j1)` of the channels from `channel` on, `count` parts of each, to `to`, `step` bytes apart.
    /// Copies go on to the end of a vector, so the room after the last line must be a vector more.
    void copy(int channel, int j0, int j1, long parts, int count, long to, long step) {
        if (j0 < j1) {
            lines(j1 - j0, j0 % taps, taps, offsets.segment.address(), planes.channel,
                    planes.address() + (channel + j0 / taps) * planes.channel, parts, count, to, step);
        }
    }

    // Parts are written in order, so that what one writes beyond its end is written over by the next.
    private static void lines(int lines, int first, int taps, long offsets, long next, long channel, long parts,
            int count, long to, long step) {
        int t = first;
        for (int j = 0; j < lines; j++) {
            long from = channel + get(offsets + 8L * t);
            long end = parts + count * PART;
            for (long part = parts; part < end; part += PART) {
                part(from + get(part + 16), get(part + 8), to + get(part));
            }
            to += step;
            t++;
            if (t == taps) {
                t = 0;
                channel += next;
            }
        }
    }

    private static void part(long from, long count, long to) {
        for (long at = 0; at < count; at += V) {
            Simd.store(to + at, Simd.loadF32(from + at));
        }
    }

    private static long get(long address) {
        return RawMemory.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    private static void set(long address, long value) {
        RawMemory.ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
    }

    @Override
    public void close() {
        offsets.close();
    }
}
