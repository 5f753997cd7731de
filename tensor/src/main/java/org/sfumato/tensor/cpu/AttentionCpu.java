package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// [AttentionOp] without the matrix of all scores: a block of queries walks over the blocks of keys with a running
/// softmax, see [AttentionTile]. Blocks of queries run in parallel, and no sum depends on how. Keys that no query of a
/// block may see are not visited. Source: Dao et al. 2022, arXiv 2205.14135, algorithm 1.
final class AttentionCpu {
    private static final int QUERIES = AttentionTile.QUERIES;
    private static final int KEYS = AttentionTile.KEYS;
    private static final long ROW = AttentionTile.ROW;

    private final Heads q;
    private final Heads k;
    private final Heads v;
    private final Heads o;
    private final Rows lse;
    private final AttentionMask mask;
    private final float scale;

    private AttentionCpu(AttentionOp op, Heads q, Heads k, Heads v, Operand mask, Heads o, Rows lse) {
        this.q = q;
        this.k = k;
        this.v = v;
        this.o = o;
        this.lse = lse;
        this.mask = AttentionMask.of(op, q, k, mask);
        this.scale = (float) op.scale();
    }

    /// [AttentionOp]: o, lse.
    static void attend(AttentionOp op, Operand[] in, Operand[] out) {
        try (var q = Heads.of(in[0]); var k = Heads.of(in[1]); var v = Heads.of(in[2]);
                var o = Heads.of(out[0]); var lse = Rows.flat(out[1])) {
            var attention = new AttentionCpu(op, q, k, v, in.length > 3 ? in[3] : null, o, lse);
            long blocks = (long) q.b() * q.h() * Math.ceilDiv(q.t(), QUERIES);
            long cost = (long) Math.min(q.t(), QUERIES) * k.t() * (2L * q.d() + 2L * v.d() + 16) / 16;
            Parallel.rows(blocks, cost, attention::blocks);
        }
    }

    /// Where the working memory has what, in bytes, after the scores.
    private record Places(long queries, long values, long sums, long stats, long all) {
        static Places of(int d, int e) {
            long queries = AttentionTile.SCORES + KEYS * ROW;
            long values = queries + AttentionTile.panelBytes(d, QUERIES);
            long sums = values + AttentionTile.panelBytes(KEYS, e);
            long stats = sums + AttentionTile.panelBytes(QUERIES, e);
            return new Places(queries, values, sums, stats, stats + 4 * ROW);
        }
    }

    private void blocks(long r0, long r1) {
        var places = Places.of(q.d(), v.d());
        int across = Math.ceilDiv(q.t(), QUERIES);
        try (var scratch = Scratch.of(places.all)) {
            for (long r = r0; r < r1; r++) {
                int head = (int) (r / across);
                int i = (int) (r % across) * QUERIES;
                block(head / q.h(), head % q.h(), i, Math.min(QUERIES, q.t() - i), scratch.segment, places);
            }
        }
    }

    /// Queries `[i, i + n)` of one head.
    private void block(int batch, int head, int i, int n, MemorySegment w, Places places) {
        int group = head / (q.h() / k.h());
        AttentionTile.packTurned(q.segment(), q.at(batch, head, i), q.tStep(), n, q.d(), scale, w, places.queries);
        AttentionTile.begin(w, places.stats);
        int end = mask.keys(k.t(), i + n);
        for (int j = 0; j < end; j += KEYS) {
            int keys = Math.min(KEYS, end - j);
            scores(batch, group, j, keys, n, w, places);
            mask.apply(w, batch, head, j, keys, i, n);
            AttentionTile.softmax(w, keys, n, w, places.stats);
            values(batch, group, j, keys, n, w, places);
        }
        finish(batch, head, i, n, end == 0, w, places);
    }

    /// `S^T = K (scale Q)^T`.
    private void scores(int batch, int group, int j, int keys, int n, MemorySegment w, Places places) {
        long from = k.at(batch, group, j);
        if (n <= AttentionTile.FEW) {
            AttentionTile.multiplyNarrow(keys, q.d(), n, k.segment(), from, k.tStep(), w, places.queries,
                    AttentionTile.SCORES);
            return;
        }
        AttentionTile.multiply(keys, q.d(), AttentionTile.padded(n) / AttentionTile.PANEL, k.segment(), from,
                k.tStep(), 4,
                w, places.queries, GemmRegion.PANEL_BYTES, AttentionTile.panelBytes(q.d(), 1),
                w, AttentionTile.SCORES, ROW, false);
    }

    /// The sums so far times what the running maximum asks for, plus `P V`.
    private void values(int batch, int group, int j, int keys, int n, MemorySegment w, Places places) {
        int e = v.d();
        long row = 4L * AttentionTile.padded(e);
        int panels = AttentionTile.padded(e) / AttentionTile.PANEL;
        if (j > 0) {
            AttentionTile.scaleRows(w, places.sums, row, n, e, w, places.stats + 2 * ROW);
        }
        long from = v.at(batch, group, j);
        if (v.isWholePanels()) {
            AttentionTile.multiply(n, keys, panels, w, AttentionTile.SCORES, 4, ROW, v.segment(), from, v.tStep(),
                    GemmRegion.PANEL_BYTES,
                    w, places.sums, row, j > 0);
        } else {
            AttentionTile.pack(v.segment(), from, v.tStep(), keys, e, w, places.values);
            AttentionTile.multiply(n, keys, panels, w, AttentionTile.SCORES, 4, ROW, w, places.values,
                    GemmRegion.PANEL_BYTES,
                    AttentionTile.panelBytes(keys, 1), w, places.sums, row, j > 0);
        }
    }

    /// Divides by the sums of the exponentials and writes; a query that saw nothing gets 0.
    private void finish(int batch, int head, int i, int n, boolean blind, MemorySegment w, Places places) {
        int e = v.d();
        long row = 4L * AttentionTile.padded(e);
        AttentionTile.end(w, places.stats);
        long first = ((long) batch * q.h() + head) * q.t() + i;
        MemorySegment.copy(w, places.stats, lse.segment, lse.element(first), 4L * n);
        if (blind) {
            w.asSlice(places.sums, n * row).fill((byte) 0);
        }
        AttentionTile.scaleRows(w, places.sums, row, n, e, w, places.stats + ROW);
        AttentionTile.unpack(w, places.sums, row, n, e, 1, o.segment(), o.at(batch, head, i), o.tStep());
    }
}
