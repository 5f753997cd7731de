package org.sfumato.tensor.cpu;

import org.sfumato.tensor.op.Conv2dWeightGrad;
import org.sfumato.tensor.spi.Operand;

/// [Conv2dWeightGrad]: the product of dy with the transposed [ConvLines], the sums running over the positions of all
/// images in order. dy is packed for some images at a time; a cell takes some lines, turns them over a block of
/// positions at a time, and multiplies all channels of a group by them.
final class ConvWeightGradCpu implements AutoCloseable {
    private static final int PANEL = Tiles.PANEL;
    private static final int ROWS = Tiles.ROWS;
    private static final int BLOCK = ConvProduct.BLOCK;
    private static final int CELLS = 32;
    private static final int MIN_ROWS = 64;

    private final ConvSizes z;
    private final Tiles tiles;
    private final int bytes;
    private final int width;
    private final long strip;
    private final int strips;
    private final Rows dy;
    private final ConvLines lines;
    private final Scratch packed;
    private final long to;

    private ConvWeightGradCpu(ConvSizes z, int bytes, Rows dy, ConvLines lines, int some, long to) {
        this.z = z;
        this.tiles = bytes == Double.BYTES ? Tiles.F64 : Tiles.F32;
        this.bytes = bytes;
        this.width = tiles.width();
        this.strip = (long) ROWS * bytes;
        this.strips = Math.ceilDiv(z.out(), ROWS);
        this.dy = dy;
        this.lines = lines;
        this.packed = Scratch.of((long) z.groups() * strips * some * z.places() * strip);
        this.to = to;
    }

    /// [Conv2dWeightGrad].
    static void grad(Conv2dWeightGrad op, Operand[] in, Operand out) {
        if (in[1].shape().count() == 0) {
            SourceCpu.fill(out, 0);
            return;
        }
        if (out.shape().count() == 0) {
            return;
        }
        var z = ConvSizes.of(op.conv(), in[0].shape(), out.shape());
        int bytes = out.dtype().bytes();
        long area = (long) (z.height() + 2 * z.padding()) * (z.width() + 2 * z.padding());
        int some = z.together((z.groups() * z.in() * area + (long) z.groups() * z.out() * z.places()) * bytes);
        try (var x = Rows.of(in[0]); var dy = Rows.flat(in[1]); var planes = z.planes(bytes, some);
                var lines = new ConvLines(planes, bytes, z.down(), z.across(), z.offsets(planes));
                var run = new ConvWeightGradCpu(z, bytes, dy, lines, some, out.address())) {
            for (int n = 0; n < z.images(); n += some) {
                int images = Math.min(some, z.images() - n);
                planes.fill(x, z.height(), n, images);
                run.pack(n, images);
                run.add(images, n > 0);
            }
        }
    }

    // Block `block` of positions, of so many, for a strip of a group.
    private long place(int group, long positions, long q, int depth, int s) {
        return packed.segment.address() + (((long) group * positions + q) * strips + (long) s * depth) * strip;
    }

    private void pack(int first, int images) {
        long positions = (long) images * z.places();
        long blocks = Math.ceilDiv(positions, BLOCK);
        Parallel.rows(blocks * z.groups() * strips, (long) BLOCK * ROWS, (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                int s = (int) (r % strips);
                int group = (int) (r / strips % z.groups());
                long q0 = r / strips / z.groups() * BLOCK;
                long q1 = Math.min(positions, q0 + BLOCK);
                long at = place(group, positions, q0, (int) (q1 - q0), s);
                for (long q = q0; q < q1; ) {
                    long run = Math.min(z.places() - q % z.places(), q1 - q);
                    long channel = ((first + q / z.places()) * z.groups() + group) * z.out() + (long) s * ROWS;
                    strip(Math.min(ROWS, z.out() - s * ROWS), (int) run,
                            dy.address(0) + (channel * z.places() + q % z.places()) * bytes, at);
                    at += run * strip;
                    q += run;
                }
            }
        });
    }

    private void strip(int high, int depth, long from, long at) {
        long row = (long) z.places() * bytes;
        if (tiles == Tiles.F64) {
            PackF64.strips(high, depth, from, row, bytes, at);
        } else {
            PackF32.strips(high, depth, from, row, bytes, at);
        }
    }

    private void add(int images, boolean begun) {
        long positions = (long) images * z.places();
        int all = Math.multiplyExact(z.in(), z.taps());
        int panels = Math.ceilDiv(all, width);
        long fits = Math.max(2, Caches.HERE.second() / 2 / ((long) BLOCK * PANEL));
        int some = (int) Math.clamp(Math.ceilDiv((long) panels * z.groups(), CELLS), Math.min(2, panels),
                Math.max(2, fits));
        int across = Math.ceilDiv(panels, some);
        int blocks = 1;
        while (across * z.groups() * blocks < CELLS && z.out() / blocks >= 2 * MIN_ROWS) {
            blocks *= 2;
        }
        int high = Math.ceilDiv(Math.ceilDiv(z.out(), blocks), ROWS) * ROWS;
        int down = Math.ceilDiv(z.out(), high);
        Parallel.run(across * down * z.groups(), cell -> {
            int j0 = cell % across * some * width;
            int i0 = cell / across % down * high;
            cell(cell / across / down, i0, Math.min(z.out(), i0 + high), j0, Math.min(all, j0 + some * width),
                    positions, begun);
        });
    }

    // Rows `[i0, i1)` and lines `[j0, j1)` of a group.
    private void cell(int group, int i0, int i1, int j0, int j1, long positions, boolean begun) {
        int panels = Math.ceilDiv(j1 - j0, width);
        int most = (int) Math.min(BLOCK, positions);
        long line = (long) most * bytes;
        long next = (long) most * PANEL;
        try (var work = Scratch.of(Tiles.EDGE + lines.parts(most) * ConvLines.PART);
                var rows = Scratch.of(width * line + Simd.BYTES + 2L * most * tiles.strip());
                var turned = Scratch.of(panels * next)) {
            long tile = work.segment.address();
            long parts = tile + Tiles.EDGE;
            long from = rows.segment.address();
            for (long q = 0; q < positions; q += BLOCK) {
                int depth = (int) Math.min(BLOCK, positions - q);
                int count = lines.cut(q, q + depth, parts);
                for (int p = 0; p < panels; p++) {
                    int j = j0 + p * width;
                    int columns = Math.min(width, j1 - j);
                    lines.copy(group * z.in(), j, j + columns, parts, count, from, line);
                    turn(depth, columns, from, line, turned.segment.address() + p * next,
                            from + width * line + Simd.BYTES);
                }
                for (int i = i0; i < i1; i += ROWS) {
                    tiles(Math.min(ROWS, i1 - i), depth, j0, j1, place(group, positions, q, depth, i / ROWS),
                            turned.segment.address(), next, (long) group * z.out() + i, begun || q > 0, tile);
                }
            }
        }
    }

    private void turn(int depth, int columns, long from, long line, long at, long scratch) {
        if (tiles == Tiles.F64) {
            PackF64.panel(depth, columns, from, bytes, line, at, step(columns));
        } else {
            PackF32.panel(depth, columns, from, bytes, line, at, step(columns), scratch);
        }
    }

    private long step(int columns) {
        return tiles.panel(columns);
    }

    private void tiles(int high, int depth, int j0, int j1, long a, long b, long next, long row, boolean begun,
            long tile) {
        long all = (long) z.in() * z.taps() * bytes;
        for (int j = j0; j < j1; j += width) {
            int columns = Math.min(width, j1 - j);
            long c = to + row * all + (long) j * bytes;
            tiles.edge(high, depth, columns, a, 0, bytes, strip, b, step(columns), c, all, begun ? c : Tiles.ZEROS,
                    begun ? all : 0, tile);
            b += next;
        }
    }

    @Override
    public void close() {
        packed.close();
    }
}
