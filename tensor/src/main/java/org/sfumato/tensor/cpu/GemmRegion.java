package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;

/// One product, or a batch, cut into cells: a block of rows times a group of column panels of one product of the batch.
/// A cell is computed by one thread, start to end; cells share nothing. The cut follows the sizes alone.
///
/// All offsets and strides are in bytes here.
final class GemmRegion implements Parallel.RowBody {
    /// Bytes of a row of a panel of B: two vectors, the width of the register tile.
    static final int PANEL_BYTES = 2 * Simd.BYTES;

    /// Rows of the register tile: 16 sums in 32 registers, or 8 in the 16 registers of AVX2.
    static final int TILE_ROWS = Simd.BYTES == 32 ? 4 : 8;

    /// Multiplications worth a visit to the pool: 2 to 4 microseconds.
    private static final long CELL_WORK = 1 << 17;

    /// Cells wanted at least, for the balance of up to about eight threads.
    private static final int CELLS = 16;

    private static final int MAX_BLOCK_ROWS = 256;
    private static final int MIN_BLOCK_ROWS = 64;

    /// A panel of B read by this many rows or more is first copied into one piece.
    private static final int PACK_ROWS = 16;

    private static final long PANEL = (long) Gemm.BLOCK_K * PANEL_BYTES;
    private static final long TILE = (long) TILE_ROWS * PANEL_BYTES;

    final MemorySegment a;
    final MemorySegment b;
    final MemorySegment c;
    final long aRow;
    final long aCol;
    final long bRow;
    final long bCol;
    final long cRow;
    private final long aOffset;
    private final long bOffset;
    private final long cOffset;
    private final int bytes;
    private final int m;
    private final int n;
    private final int k;
    private final boolean accumulate;
    private final Gemm.Batch batch;
    private final int blockRows;
    private final int groupPanels;

    GemmRegion(int bytes, int m, int n, int k, Gemm.Matrix a, Gemm.Matrix b, Gemm.Matrix c, Gemm.Batch batch,
            boolean accumulate) {
        this.bytes = bytes;
        this.m = m;
        this.n = n;
        this.k = k;
        this.batch = batch;
        this.accumulate = accumulate;
        this.a = a.segment();
        this.aOffset = a.offset() * bytes;
        this.aRow = a.rowStride() * bytes;
        this.aCol = a.colStride() * bytes;
        this.b = b.segment();
        this.bOffset = b.offset() * bytes;
        this.bRow = b.rowStride() * bytes;
        this.bCol = b.colStride() * bytes;
        this.c = c.segment();
        this.cOffset = c.offset() * bytes;
        this.cRow = c.rowStride() * bytes;
        this.blockRows = blockRows();
        this.groupPanels = Math.clamp(CELL_WORK / panelWork(blockRows), 1, panels());
    }

    void run() {
        long cellWork = Math.max(1, panelWork(blockRows) * groupPanels);
        Parallel.grains((long) batch.count() * rowBlocks() * groups(), Math.max(1, CELL_WORK / cellWork), this);
    }

    /// Computes cells `[r0, r1)`.
    @Override
    public void run(long r0, long r1) {
        try (var panel = Scratch.of(PANEL); var tile = Scratch.of(TILE)) {
            for (long cell = r0; cell < r1; cell++) {
                int group = (int) (cell % groups());
                long rest = cell / groups();
                int rowBlock = (int) (rest % rowBlocks());
                cell((int) (rest / rowBlocks()), rowBlock, group, panel.segment, tile.segment);
            }
        }
    }

    private void cell(int product, int rowBlock, int group, MemorySegment packed, MemorySegment tile) {
        int i0 = rowBlock * blockRows;
        int rows = Math.min(blockRows, m - i0);
        int p0 = group * groupPanels;
        int p1 = Math.min(panels(), p0 + groupPanels);
        long ao = aOffset + batch.a()[product] * bytes + i0 * aRow;
        long bo = bOffset + batch.b()[product] * bytes;
        long co = cOffset + batch.c()[product] * bytes + i0 * cRow;
        if (k == 0 && !accumulate) {
            for (int i = 0; i < rows; i++) {
                c.asSlice(co + i * cRow + (long) p0 * PANEL_BYTES, width(p0, p1) * (long) bytes).fill((byte) 0);
            }
        }
        for (int k0 = 0; k0 < k; k0 += Gemm.BLOCK_K) {
            int depth = Math.min(Gemm.BLOCK_K, k - k0);
            boolean add = accumulate || k0 > 0;
            for (int p = p0; p < p1; p++) {
                panel(rows, depth, width(p, p + 1), ao + k0 * aCol, bo + k0 * bRow + (long) p * lanes() * bCol,
                        co + (long) p * PANEL_BYTES, add, packed, tile);
            }
        }
    }

    /// `rows` rows times one panel of B, `width` columns wide and `depth` deep.
    private void panel(int rows, int depth, int width, long ao, long bo, long co, boolean add,
            MemorySegment packed, MemorySegment tile) {
        boolean whole = width == lanes();
        MemorySegment from = b;
        long rowOfB = bRow;
        if (!whole || bCol != bytes || rows >= PACK_ROWS) {
            GemmPack.pack(bytes, b, bo, bRow, bCol, depth, width, packed);
            from = packed;
            bo = 0;
            rowOfB = PANEL_BYTES;
        }
        if (bytes == Float.BYTES) {
            GemmF32.rows(rows, depth, width, a, ao, aRow, aCol, from, bo, rowOfB, c, co, cRow, add, tile);
        } else {
            GemmF64.rows(rows, depth, width, a, ao, aRow, aCol, from, bo, rowOfB, c, co, cRow, add, tile);
        }
    }

    // Large blocks use a packed panel often; smaller ones only where they are needed to keep several threads busy.
    private int blockRows() {
        int rows = m;
        for (int size = MAX_BLOCK_ROWS; size >= MIN_BLOCK_ROWS; size /= 2) {
            int blocks = (m + size - 1) / size;
            int even = (m + blocks - 1) / blocks;
            rows = (even + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
            if ((long) batch.count() * blocks * panels() >= CELLS || panelWork(rows) < 2 * CELL_WORK) {
                break;
            }
        }
        return rows;
    }

    private long panelWork(int rows) {
        return Math.max(1, (long) Math.min(rows, m) * k * lanes());
    }

    private int lanes() {
        return PANEL_BYTES / bytes;
    }

    private int panels() {
        return (n + lanes() - 1) / lanes();
    }

    private int groups() {
        return (panels() + groupPanels - 1) / groupPanels;
    }

    private int rowBlocks() {
        return (m + blockRows - 1) / blockRows;
    }

    private int width(int p0, int p1) {
        return Math.min(n, p1 * lanes()) - p0 * lanes();
    }
}
