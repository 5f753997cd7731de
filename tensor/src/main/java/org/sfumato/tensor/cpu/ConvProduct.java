package org.sfumato.tensor.cpu;

import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.expr.RawMemory;

/// The product of packed weights with [ConvLines], group by group: element (m, q) of a group is
/// `b[m] + sum_k A[m, k] line_k[q]`, one chain in the order of k as in [Gemm]. Panels of lines are copied straight
/// into the form that the register tiles read, some at a time as the second cache holds; positions are cut into cells
/// by the sizes alone.
final class ConvProduct implements AutoCloseable {
    private static final int PANEL = Tiles.PANEL;

    /// Lines in a block at most: a strip of weights then takes half of the cache nearest to the core.
    static final int BLOCK = 512;

    private static final int ROWS = Tiles.ROWS;
    private static final int CELLS = 32;
    private static final int MIN_ROWS = 64;

    /// Images of fewer panels share them with the next one where that saves some.
    private static final int SMALL = 8;

    private final Tiles tiles;
    private final int bytes;
    private final int groups;
    private final int rows;
    private final int channels;
    private final int taps;
    private final int blockChannels;
    private final long strip;
    private final Scratch weights;
    private final Scratch bias;

    /// Where a result goes: the address of its first element, the bytes from an image, a channel, a row and a column to
    /// the next, and how many columns a row has.
    record Target(long address, long image, long plane, long row, long column, int across) { }

    /// @param groups how many groups
    /// @param rows channels of a group going out
    /// @param channels channels of a group going in
    /// @param taps taps of a window
    /// @param bias the address of a number for each row of each group, 0 if there are none
    ConvProduct(int bytes, int groups, int rows, int channels, int taps, long bias) {
        this.tiles = bytes == Double.BYTES ? Tiles.F64 : Tiles.F32;
        this.bytes = bytes;
        this.groups = groups;
        this.rows = rows;
        this.channels = channels;
        this.taps = taps;
        this.blockChannels = Math.max(1, BLOCK / Math.max(1, taps));
        this.strip = (long) ROWS * bytes;
        this.weights = Scratch.of((long) groups * strips() * channels * taps * strip);
        this.bias = bias == 0 ? null : Scratch.of((long) groups * rows * PANEL);
        for (int i = 0; bias != 0 && i < groups * rows; i++) {
            ConvPlanes.spread(PANEL / bytes, bias + (long) i * bytes, 0,
                    this.bias.segment.address() + (long) i * PANEL, bytes, bytes);
        }
    }

    private int strips() {
        return Math.ceilDiv(rows, ROWS);
    }

    private long strips(int group, int block, int depth, int strip) {
        long before = (long) group * strips() * channels * taps + (long) block * taps * strips() + (long) strip * depth;
        return weights.segment.address() + before * this.strip;
    }

    /// Packs weights: for row i of a group, channel c and tap t the element `i * row + c * channel + used[t]` elements
    /// after `w + group * next`; rows and channels as in a matrix if `used` is `null`.
    void pack(long w, long next, long row, long channel, int[] used) {
        Parallel.rows((long) groups * strips(), (long) channels * taps * ROWS, (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                int group = (int) (r / strips());
                int s = (int) (r % strips());
                int high = Math.min(ROWS, rows - s * ROWS);
                long from = w + (group * next + (long) s * ROWS * row) * bytes;
                for (int c = 0; c < channels; c += blockChannels) {
                    int some = Math.min(blockChannels, channels - c);
                    long to = strips(group, c, some * taps, s);
                    if (used != null) {
                        strip(high, some, from + c * channel * bytes, row * bytes, channel * bytes, used, to);
                    } else if (tiles == Tiles.F64) {
                        PackF64.strips(high, some * taps, from + c * channel * bytes, row * bytes, bytes, to);
                    } else {
                        PackF32.strips(high, some * taps, from + c * channel * bytes, row * bytes, bytes, to);
                    }
                }
            }
        });
    }

    private void strip(int high, int some, long from, long row, long channel, int[] used, long to) {
        for (int c = 0; c < some; c++) {
            for (int tap : used) {
                ConvPlanes.spread(high, from + (long) tap * bytes, row, to, bytes, bytes);
                to += strip;
            }
            from += channel;
        }
    }

    /// Computes the results of `images` images.
    void run(ConvLines lines, int images, Target target) {
        int width = PANEL / bytes;
        int places = lines.places;
        boolean dense = target.column == bytes && target.row == (long) target.across * bytes;
        boolean merged = !dense || images > 1 && places < SMALL * width && places % width != 0;
        long perImage = Math.ceilDiv(places, width);
        long panels = merged ? Math.ceilDiv((long) images * places, width) : images * perImage;
        long depth = (long) Math.min(blockChannels, Math.max(1, channels)) * taps;
        long fits = Math.max(4, Caches.HERE.second() * 3 / 4 / (Math.max(1, depth) * PANEL));
        int group = (int) Math.clamp(Math.ceilDiv(panels, CELLS), 4, fits);
        long cells = merged ? Math.ceilDiv(panels, group) : images * Math.ceilDiv(perImage, group);
        int blocks = 1;
        while (cells * groups * blocks < CELLS && rows / blocks >= 2 * MIN_ROWS) {
            blocks *= 2;
        }
        int high = Math.ceilDiv(Math.ceilDiv(rows, blocks), ROWS) * ROWS;
        var cut = new Cut(lines, target, merged, dense, (long) images * places, group, high, depth);
        int down = Math.ceilDiv(rows, high);
        Parallel.run(Math.toIntExact(cells * groups * down), cell -> {
            long at = cell % cells;
            int i0 = (int) (cell / cells % down) * high;
            int g = (int) (cell / cells / down);
            long q0;
            long q1;
            if (merged) {
                q0 = at * group * width;
                q1 = Math.min(cut.positions, q0 + (long) group * width);
            } else {
                long each = Math.ceilDiv(perImage, group);
                q0 = at / each * places + at % each * group * width;
                q1 = Math.min((at / each + 1) * places, q0 + (long) group * width);
            }
            cell(cut, g, i0, Math.min(rows, i0 + high), q0, q1);
        });
    }

    private record Cut(ConvLines lines, Target target, boolean merged, boolean dense, long positions, int group,
            int high, long depth) { }

    // Rows `[i0, i1)` of a group for positions `[q0, q1)`.
    private void cell(Cut cut, int group, int i0, int i1, long q0, long q1) {
        int width = PANEL / bytes;
        int panels = (int) Math.ceilDiv(q1 - q0, width);
        long parts = cut.lines.parts(width) * ConvLines.PART;
        long pitch = (long) cut.group * PANEL;
        try (var work = Scratch.of(Tiles.EDGE + panels * (parts + 8) + Simd.BYTES);
                var packed = Scratch.of(panels * cut.depth * PANEL + Simd.BYTES);
                var apart = Scratch.of(cut.merged ? cut.high * pitch : 1)) {
            long tile = work.segment.address();
            long counts = tile + Tiles.EDGE;
            long first = counts + 8L * panels;
            for (int p = 0; p < panels; p++) {
                long from = q0 + (long) p * width;
                int count = cut.lines.cut(from, Math.min(q1, from + width), first + p * parts);
                RawMemory.ALL.set(ValueLayout.JAVA_LONG_UNALIGNED, counts + 8L * p, count);
            }
            long y = apart.segment.address();
            long next = pitch;
            if (!cut.merged) {
                next = cut.target.plane;
                y = cut.target.address + q0 / cut.lines.places * cut.target.image
                        + q0 % cut.lines.places * bytes + ((long) group * rows + i0) * next;
            }
            for (int c = 0; c == 0 || c < channels; c += blockChannels) {
                int depth = Math.min(blockChannels, channels - c) * taps;
                for (int p = 0; p < panels; p++) {
                    int count = (int) RawMemory.ALL.get(ValueLayout.JAVA_LONG_UNALIGNED, counts + 8L * p);
                    cut.lines.copy(group * channels + c, 0, depth, first + p * parts, count,
                            packed.segment.address() + p * cut.depth * PANEL, step(q0, q1, p));
                }
                tiles(group, c, depth, i0, i1, q0, q1, packed.segment.address(), cut.depth * PANEL, y, next, tile);
            }
            if (cut.merged) {
                scatter(cut, group, i0, i1, q0, q1, y, pitch);
            }
        }
    }

    private int columns(long q0, long q1, int p) {
        int width = PANEL / bytes;
        return (int) Math.min(width, q1 - q0 - (long) p * width);
    }

    private long step(long q0, long q1, int p) {
        return tiles.panel(columns(q0, q1, p));
    }

    private void tiles(int group, int c, int depth, int i0, int i1, long q0, long q1, long packed, long next, long y,
            long yRow, long tile) {
        int panels = (int) Math.ceilDiv(q1 - q0, PANEL / bytes);
        for (int i = i0; i < i1; i += ROWS) {
            int high = Math.min(ROWS, i1 - i);
            long a = strips(group, c, depth, i / ROWS);
            for (int p = 0; p < panels; p++) {
                long to = y + (i - i0) * yRow + (long) p * PANEL;
                long from = c > 0 ? to : bias == null ? Tiles.ZEROS
                        : bias.segment.address() + ((long) group * rows + i) * PANEL;
                long fromRow = c > 0 ? yRow : bias == null ? 0 : PANEL;
                tiles.edge(high, depth, columns(q0, q1, p), a, 0, bytes, tiles.strip(), packed + p * next,
                        step(q0, q1, p), to, yRow, from, fromRow, tile);
            }
        }
    }

    // Results that were computed apart go to their places, a stretch of a row at a time.
    private void scatter(Cut cut, int group, int i0, int i1, long q0, long q1, long from, long pitch) {
        var to = cut.target;
        int places = cut.lines.places;
        int across = cut.dense ? places : to.across;
        for (long q = q0; q < q1; ) {
            long rest = q % places;
            int run = (int) Math.min(across - rest % across, q1 - q);
            long at = to.address + q / places * to.image + rest / across * to.row + rest % across * to.column;
            for (int i = i0; i < i1; i++) {
                ConvPlanes.spread(run, from + (i - i0) * pitch + (q - q0) * bytes, bytes,
                        at + ((long) group * rows + i) * to.plane, to.column, bytes);
            }
            q += run;
        }
    }

    @Override
    public void close() {
        weights.close();
        if (bias != null) {
            bias.close();
        }
    }
}
