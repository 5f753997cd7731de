package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.expr.RawMemory;

/// One product, or a batch, cut into cells: a block of rows times a group of column panels of one product of the batch.
/// A cell is computed by one thread; cells share nothing but what they read. The cut follows the sizes and the caches.
///
/// One product of many rows has its B packed first, by all threads, a block of it at a time that the last cache holds;
/// in a batch, and where rows are few, a cell packs the panels that it reads, or reads them in place. A is packed with
/// B where several cells read the same rows, else by the cell, some strips at a time. In a cell a strip of A stays in
/// the first cache while the panels, which the second one holds, pass by; so C is written along its rows. With the
/// tiles of AVX2, rows of A that lie one after another are packed as they are, by each cell: turning them costs more.
///
/// All strides are in bytes here.
final class GemmRegion {
    /// Multiplications worth a visit to the pool: 2 to 4 microseconds.
    private static final long VISIT = 1 << 17;

    /// Multiplications in a cell of a large product: about 20 microseconds.
    private static final long CELL = 1 << 20;

    /// Cells wanted, for the balance of up to 16 threads.
    private static final int CELLS = 64;

    /// A product with fewer rows does not share its panels between cells.
    private static final int SHARED_ROWS = 64;

    /// A panel of B whose rows lie side by side is read in place by fewer rows of A than this.
    private static final int PACK_ROWS = 16;

    /// A is packed where at least so many panels read it.
    private static final int PACK_PANELS = 3;

    /// A cell with at least so many panels packs its rows of A itself: they are then in its cache. Where the rows lie
    /// side by side, the whole of a line of memory is to be read at once, so more cells should share it. With the
    /// tiles of AVX2 it is always shared where rows lie side by side (4 to 6 % faster at 1024^3 on one core, measured
    /// when rows one after another were, too), and never where they do not.
    private static final int OWN_PANELS = 4;

    private static final int OWN_PANELS_ACROSS = 8;

    /// Strips of A that a cell packs at a time, and panels of B: stretches of a row long enough to be fetched ahead.
    private static final int TOGETHER = 4;

    private static final int MIN_ROWS = 32;

    /// Rows of A packed by one thread at a time.
    private static final int ROWS_TO_PACK = 64;

    private final boolean wide;
    private final Tiles tiles;
    private final int bytes;
    private final int m;
    private final int n;
    private final int k;
    private final Gemm.Batch batch;
    private final long a;
    private final long aRow;
    private final long aCol;
    private final long b;
    private final long bRow;
    private final long bCol;
    private final long c;
    private final long cRow;
    private final long from;
    private final long fromRow;
    private final boolean accumulate;
    private final int width;
    private final int panels;
    private final int blockK;
    private final boolean shared;
    private final int blockRows;
    private final int groupPanels;
    private final boolean sharedRows;
    private final boolean pairs;
    private final boolean lines;

    /// The product `C = F + A B`; F is C if `accumulate`, zero if `from` is null.
    GemmRegion(int bytes, int m, int n, int k, Gemm.Matrix a, Gemm.Matrix b, Gemm.Matrix c, Gemm.Matrix from,
            Gemm.Batch batch) {
        this.wide = bytes == Double.BYTES;
        this.tiles = wide ? Tiles.F64 : Tiles.F32;
        this.bytes = bytes;
        this.m = m;
        this.n = n;
        this.k = k;
        this.batch = batch;
        this.a = a.address(bytes);
        this.aRow = a.rowStride() * bytes;
        this.aCol = a.colStride() * bytes;
        this.b = b.address(bytes);
        this.bRow = b.rowStride() * bytes;
        this.bCol = b.colStride() * bytes;
        this.c = c.address(bytes);
        this.cRow = c.rowStride() * bytes;
        this.accumulate = from == c;
        this.from = from == null ? Tiles.ZEROS : from.address(bytes);
        this.fromRow = from == null ? 0 : from.rowStride() * bytes;
        this.width = tiles.width();
        this.panels = (n + width - 1) / width;
        this.shared = batch.count() == 1 && m >= SHARED_ROWS;
        this.lines = Tiles.VECTORS > 2 && aCol == bytes;
        long second = Caches.HERE.second() * 3 / 4;
        long all = second / ((long) panels * Tiles.PANEL);             // how deep a block of all panels may be
        int most = lines && all >= Tiles.DEPTH / 2 ? (int) Math.min(Tiles.DEPTH, all) : Tiles.DEPTH;
        int blocks = Math.max(1, (k + most - 1) / most);
        this.blockK = Math.clamp(((k + blocks - 1) / blocks + 7) / 8 * 8, 8, Tiles.DEPTH);
        // Groups of panels as the second cache holds, then more groups and blocks of rows until the cells suffice.
        long fits = Math.max(4, second / ((long) blockK * Tiles.PANEL));
        int groups = Math.toIntExact((panels + fits - 1) / fits);
        int rowBlocks = 1;
        long work = Math.max(1, (long) m * panels * width * Math.max(1, k));
        int products = batch.count();
        boolean large = work * products >= CELLS * CELL;
        while ((long) rowBlocks * groups * products < (large ? CELLS : CELLS / 4)
                && work / (rowBlocks * groups) >= 2 * (large ? CELL : VISIT)) {
            if (m / rowBlocks >= 3 * MIN_ROWS || panels / groups < 8 && m / rowBlocks >= 2 * MIN_ROWS) {
                rowBlocks *= 2;
            } else if (panels / groups >= 2) {
                groups *= 2;
            } else {
                break;
            }
        }
        this.blockRows = ((m + rowBlocks - 1) / rowBlocks + Tiles.ROWS - 1) / Tiles.ROWS * Tiles.ROWS;
        int group = (panels + groups - 1) / groups;
        this.groupPanels = m < 4 ? (group + 3) / 4 * 4 : group;      // a row alone is computed by four panels at a time
        int own = Tiles.VECTORS > 2 ? Integer.MAX_VALUE : aRow == bytes ? OWN_PANELS_ACROSS : OWN_PANELS;
        this.pairs = PairF32.FITS && !wide && m >= MIN_ROWS && columns(panels - 1) <= PairF32.COLUMNS;
        this.sharedRows = !lines && shared && groups > 1 && groupPanels < own && panels >= PACK_PANELS;
    }

    void run() {
        if (!wide && m == 1 && bRow == bytes && bCol != bytes) {
            dots();
            return;
        }
        if (!shared) {
            cells(0, k, 0, panels, 0, 0);
            return;
        }
        long room = Caches.HERE.last() / 4;
        int across = Math.clamp(room / ((long) blockK * Tiles.PANEL), 1, panels);
        long rowsBytes = sharedRows ? (long) rowsPacked() * bytes : 0;
        long deep = Math.max(1, room / (blockK * Math.max(rowsBytes, (long) Tiles.PANEL * across))) * blockK;
        int depth = Math.clamp(deep, 1, Math.max(1, k));
        try (var panelsOfB = Scratch.of((long) across * Tiles.PANEL * depth);
                var rowsOfA = Scratch.of(rowsBytes * depth)) {
            for (int p0 = 0; p0 < panels; p0 += across) {
                int p1 = Math.min(panels, p0 + across);
                for (int k0 = 0; k0 == 0 || k0 < k; k0 += depth) {
                    int k1 = Math.min(k, k0 + depth);
                    pack(k0, k1, p0, p1, panelsOfB.segment.address());
                    if (sharedRows) {
                        packRows(k0, k1, rowsOfA.segment.address());
                    }
                    cells(k0, k1, p0, p1, panelsOfB.segment.address(), rowsOfA.segment.address());
                }
            }
        }
    }

    // One row, and B with its columns dense in memory: each element is a dot product.
    private void dots() {
        boolean zero = !accumulate && from == Tiles.ZEROS;
        Parallel.grains((long) batch.count() * n, Math.clamp(VISIT / Math.max(1, k), 1, 1 << 20), (r0, r1) -> {
            try (var work = Scratch.of(DotF32.WORK + (long) k * bytes)) {
                long tile = work.segment.address();
                for (long r = r0; r < r1; ) {
                    int product = (int) (r / n);
                    long j = r % n;
                    int count = (int) Math.min(r1 - r, n - j);
                    long x = a + batch.a()[product] * bytes;
                    if (aCol != bytes) {
                        DotF32.gather(k, x, aCol, tile + DotF32.WORK);
                        x = tile + DotF32.WORK;
                    }
                    long y = c + (batch.c()[product] + j) * bytes;
                    long f = accumulate ? y : zero ? from : from + j * bytes;
                    DotF32.rows(count, k, x, b + batch.b()[product] * bytes + j * bCol, bCol, f, zero, y, tile);
                    r += count;
                }
            }
        });
    }

    private int rowsPacked() {
        return (m + Tiles.ROWS - 1) / Tiles.ROWS * Tiles.ROWS;
    }

    // Columns `[k0, k1)` of A, block after block of k, strip after strip.
    private void packRows(int k0, int k1, long to) {
        int chunks = (m + ROWS_TO_PACK - 1) / ROWS_TO_PACK;
        long blocks = (k1 - k0 + blockK - 1) / blockK;
        long grain = Math.max(1, VISIT / 4 / ((long) blockK * ROWS_TO_PACK));
        Parallel.grains(blocks * chunks, grain, (r0, r1) -> {
            for (long r = r0; r < r1; r++) {
                int i = (int) (r % chunks) * ROWS_TO_PACK;
                int at = k0 + (int) (r / chunks) * blockK;
                int depth = Math.min(blockK, k1 - at);
                strips(Math.min(ROWS_TO_PACK, m - i), depth, a + i * aRow + at * aCol,
                        to + ((long) (at - k0) * rowsPacked() + (long) i * depth) * bytes);
            }
        });
    }

    private void strips(int rows, int depth, long x, long to) {
        if (lines) {
            for (int i = 0; i < rows; i++) {
                long from = x + i * aRow;
                MemorySegment.copy(RawMemory.ALL, from, RawMemory.ALL, to + i * tiles.line(), (long) depth * bytes);
            }
        } else if (wide) {
            PackF64.strips(rows, depth, x, aRow, aCol, to);
        } else {
            PackF32.strips(rows, depth, x, aRow, aCol, to);
        }
    }

    // Panels `[p0, p1)` of rows `[k0, k1)` of B, block after block of k, panel after panel.
    private void pack(int k0, int k1, int p0, int p1, long to) {
        int across = p1 - p0;
        long blocks = (k1 - k0 + blockK - 1) / blockK;
        int fours = (across + TOGETHER - 1) / TOGETHER;
        long grain = Math.max(1, VISIT / 4 / ((long) blockK * width * TOGETHER));
        Parallel.grains(blocks * fours, grain, (r0, r1) -> {
            try (var scratch = Scratch.of(2 * blockK * tiles.strip())) {
                for (long r = r0; r < r1; r++) {
                    int p = (int) (r % fours) * TOGETHER;
                    int at = k0 + (int) (r / fours) * blockK;
                    int depth = Math.min(blockK, k1 - at);
                    panels(depth, p0 + p, Math.min(p0 + p + TOGETHER, p1), b + at * bRow,
                            place(to, across, at - k0, depth, p), scratch.segment.address());
                }
            }
        });
    }

    // Panels `[p0, p1)` to `to`, one after another.
    private void panels(int depth, int p0, int p1, long rows, long to, long scratch) {
        long next = (long) depth * Tiles.PANEL;
        for (int p = p0; p < p1; ) {
            if (!wide && bCol == bytes && p + 4 <= Math.min(p1, n / width)) {
                PackF32.four(depth, rows + (long) p * Tiles.PANEL, bRow, to, next);
                to += 4 * next;
                p += 4;
            } else {
                panel(depth, p++, rows, to, scratch);
                to += next;
            }
        }
    }

    private static long place(long packed, int across, int k0, int depth, int p) {
        return packed + ((long) k0 * across + (long) depth * p) * Tiles.PANEL;
    }

    // One panel of B, whose first column is given by its number, to `to`.
    private void panel(int depth, int p, long rows, long to, long scratch) {
        long first = rows + (long) p * width * bCol;
        if (pairs(p)) {
            PairF32.pack(depth, columns(p), first, bRow, bCol, to);
        } else if (wide) {
            PackF64.panel(depth, columns(p), first, bRow, bCol, to, step(p));
        } else {
            PackF32.panel(depth, columns(p), first, bRow, bCol, to, step(p), scratch);
        }
    }

    private void cells(int k0, int k1, int p0, int p1, long packed, long packedRows) {
        int rowBlocks = (m + blockRows - 1) / blockRows;
        int groups = (p1 - p0 + groupPanels - 1) / groupPanels;
        long work = Math.max(1, (long) Math.min(blockRows, m) * groupPanels * width * Math.max(1, k1 - k0));
        Parallel.grains((long) batch.count() * rowBlocks * groups, Math.max(1, VISIT / work), (r0, r1) -> {
            try (var strips = Scratch.of(stripsBytes()); var own = Scratch.of(ownBytes())) {
                for (long r = r0; r < r1; r++) {
                    int first = p0 + (int) (r % groups) * groupPanels;
                    int last = Math.min(p1, first + groupPanels);
                    long rest = r / groups;
                    int i0 = (int) (rest % rowBlocks) * blockRows;
                    int product = (int) (rest / rowBlocks);
                    for (int at = k0; at == k0 || at < k1; at += blockK) {
                        int depth = Math.min(blockK, k1 - at);
                        long right = shared ? place(packed, p1 - p0, at - k0, depth, first - p0) : 0;
                        long left = sharedRows
                                ? packedRows + ((long) (at - k0) * rowsPacked() + (long) i0 * depth) * bytes
                                : strips.segment.address();
                        block(product, i0, at, depth, first, last, right, left, own.segment.address());
                    }
                }
            }
        });
    }

    private long stripsBytes() {
        return TOGETHER * Tiles.ROWS * (lines ? tiles.line() : (long) blockK * bytes);
    }

    private long ownBytes() {
        return Tiles.EDGE + blockK * (2 * tiles.strip() + (shared ? 0 : (long) groupPanels * Tiles.PANEL));
    }

    // A block of rows from i0 and of k from k0, for panels `[p0, p1)`; `packed` is where panel p0 lies, 0 if nowhere.
    private void block(int product, int i0, int k0, int depth, int p0, int p1, long packed, long strips, long own) {
        int rows = Math.min(blockRows, m - i0);
        long right = b + batch.b()[product] * bytes + k0 * bRow;
        boolean inPlace = packed == 0 && bCol == bytes && rows < PACK_ROWS;
        int whole = inPlace ? Math.min(p1, n / width) : 0;       // panels from p0 on that are read where they lie
        long w = packed;
        if (packed == 0) {
            w = own + Tiles.EDGE + 2 * blockK * tiles.strip();
            int first = Math.max(p0, whole);
            panels(depth, first, p1, right, w + (long) (first - p0) * depth * Tiles.PANEL, own + Tiles.EDGE);
        }
        long x = a + batch.a()[product] * bytes + i0 * aRow + k0 * aCol;
        boolean pack = sharedRows || rows >= Tiles.ROWS && p1 - p0 >= PACK_PANELS || pairs(p1 - 1);
        long xRow = !pack ? aRow : lines ? tiles.line() : bytes;
        long xCol = pack && !lines ? (long) Tiles.ROWS * bytes : aCol;
        long strip = pack && lines ? Tiles.ROWS * xRow : depth * xCol;
        long y = c + batch.c()[product] * bytes + i0 * cRow;
        boolean begun = k0 > 0 || accumulate;
        boolean moves = begun || from != Tiles.ZEROS;
        long start = begun ? y : from + i0 * fromRow;
        long startRow = begun ? cRow : fromRow;
        for (int i = 0; i < rows; i += Tiles.ROWS) {
            long xi = x + i * aRow;
            if (sharedRows) {
                xi = strips + i / Tiles.ROWS * strip;
            } else if (pack) {
                int of = i / Tiles.ROWS % TOGETHER;
                if (of == 0) {
                    strips(Math.min(TOGETHER * Tiles.ROWS, rows - i), depth, xi, strips);
                }
                xi = strips + of * strip;
            }
            int high = Math.min(Tiles.ROWS, rows - i);
            long yi = y + i * cRow;
            long fi = start + i * startRow;
            for (int p = p0; p < p1; ) {
                long column = (long) p * Tiles.PANEL;
                long fp = moves ? fi + column : fi;
                long wp = p < whole ? right + column : w + (long) (p - p0) * depth * Tiles.PANEL;
                long step = p < whole ? bRow : step(p);
                if (high < 4 && p1 - p >= 4 && n >= (p + 4) * width && (p >= whole || p + 4 <= whole)) {
                    long next = p < whole ? Tiles.PANEL : (long) depth * Tiles.PANEL;
                    for (int r = 0; r < high; r++) {
                        tiles.row().run(depth, xi + r * xRow, 0, xCol, wp, step, next, yi + r * cRow + column, 0,
                                fp + r * startRow, 0);
                    }
                    p += 4;
                } else if (pairs(p)) {
                    PairF32.tile(high, depth, columns(p), xi, wp, yi + column, cRow, fp, startRow, own);
                    p++;
                } else {
                    tiles.edge(high, depth, columns(p), xi, strip, xRow, xCol, wp, step, yi + column, cRow, fp,
                            startRow, own);
                    p++;
                }
            }
        }
    }

    // Whether panel `p` is the last and has so few columns that they are computed in pairs.
    private boolean pairs(int p) {
        return pairs && p == panels - 1;
    }

    // Columns of panel `p`, and bytes from one of its packed rows to the next: whole vectors, fewer in the last.
    private int columns(int p) {
        return Math.min(width, n - p * width);
    }

    private long step(int p) {
        return tiles.panel(columns(p));
    }
}
