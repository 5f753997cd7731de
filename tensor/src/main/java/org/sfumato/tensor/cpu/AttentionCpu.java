package org.sfumato.tensor.cpu;

import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// [AttentionOp] without the matrix of all scores: a block of queries walks over the blocks of keys with a running
/// softmax. Blocks of queries run in parallel, and no sum depends on how. Keys that no query of a block may see are not
/// visited.
///
/// Scores are held keys down, queries across: `S^T = K Q^T`. So K is read where it lies, as a left operand, only the
/// queries are turned, once for all keys; maximum and sum of a softmax run down the columns, a vector of queries at a
/// time; and `P V` reads the same block, turned, as its left operand. Where queries are few, those of several heads that
/// share a key head stand side by side. Source: Dao et al. 2022, arXiv 2205.14135, algorithm 1.
final class AttentionCpu {
    /// Queries in a block.
    private static final int QUERIES = 64;
    /// Keys in a block: the scores then fill 32 KiB.
    private static final int KEYS = 128;
    /// Bytes of a row of scores.
    private static final long ROW = 4L * QUERIES;

    private final Heads q;
    private final Heads k;
    private final Heads v;
    private final Heads o;
    private final long lse;
    private final AttentionMask mask;
    private final float scale;
    /// Heads in a block, of the same key head.
    private final int side;
    private final Places at;

    private AttentionCpu(AttentionOp op, Heads q, Heads k, Heads v, Operand mask, Heads o, long lse) {
        this.q = q;
        this.k = k;
        this.v = v;
        this.o = o;
        this.lse = lse;
        this.mask = AttentionMask.of(op, q, k, mask);
        this.scale = (float) op.scale();
        this.side = Math.clamp(QUERIES / Math.max(1, q.t()), 1, q.h() / k.h());
        this.at = Places.of(q.d(), v.d(), side > 1);
    }

    /// [AttentionOp]: o, lse.
    static void attend(AttentionOp op, Operand[] in, Operand[] out) {
        out[1].address(); // proves that all of it lies in its buffer
        try (var q = Heads.of(in[0]); var k = Heads.of(in[1]); var v = Heads.of(in[2]);
                var o = Heads.of(out[0]); var sums = Rows.flat(out[1])) {
            long lse = sums.segment.address() + sums.element(0);
            new AttentionCpu(op, q, k, v, in.length > 3 ? in[3] : null, o, lse).run();
        }
    }

    private void run() {
        long cost = (long) Math.min(q.t(), QUERIES) * side * k.t() * (2L * q.d() + 2L * v.d() + 16) / 16;
        Parallel.rows((long) q.b() * k.h() * beside() * along(), cost, this::blocks);
    }

    /// Blocks of heads in a group.
    private int beside() {
        return Math.ceilDiv(q.h() / k.h(), side);
    }

    /// Blocks of queries in a head.
    private int along() {
        return Math.ceilDiv(q.t(), QUERIES);
    }

    /// Where the working memory has what, in bytes, after the scores.
    private record Places(long queries, long values, long sums, long stats, long mask, long staged, long all) {
        static Places of(int d, int e, boolean staging) {
            long queries = KEYS * ROW;
            long values = queries + AttentionTile.panelBytes(d, QUERIES);
            long sums = values + AttentionTile.panelBytes(KEYS, e);
            long stats = sums + AttentionTile.panelBytes(QUERIES, e);
            long mask = stats + 4 * ROW;
            long staged = mask + KEYS * ROW;
            return new Places(queries, values, sums, stats, mask, staged,
                    staged + (staging ? AttentionTile.panelBytes(QUERIES, d) : 0));
        }
    }

    private void blocks(long r0, long r1) {
        try (var scratch = Scratch.of(at.all)) {
            long w = scratch.segment.address();
            for (long r = r0; r < r1; r++) {
                int i = (int) (r % along()) * QUERIES;
                int block = (int) (r / along() % beside());
                int group = (int) (r / along() / beside());
                block(group / k.h(), group % k.h(), block * side, i, w);
            }
        }
    }

    /// Queries from `i` on, of heads from `first` of a group on.
    private void block(int batch, int group, int first, int i, long w) {
        int each = q.h() / k.h();
        int head = group * each + first;
        int heads = Math.min(side, each - first);
        int n = Math.min(QUERIES, q.t() - i);
        int all = heads * n;
        turnQueries(batch, head, heads, i, n, w);
        AttentionScores.fill(w + at.stats, QUERIES, Float.NEGATIVE_INFINITY);
        AttentionScores.fill(w + at.stats + ROW, QUERIES, 0);
        int end = mask.keys(k.t(), i + n);
        for (int j = 0; j < end; j += KEYS) {
            int keys = Math.min(KEYS, end - j);
            AttentionTile.multiply(keys, q.d(), all, k.at(batch, group, j), k.tStep(), 4, w + at.queries,
                    TileF32.PANEL, AttentionTile.panelBytes(q.d(), 1), w, ROW, false);
            for (int h = 0; h < heads; h++) {
                mask.across(w + 4L * h * n, ROW, batch, head + h, j, keys, i, n, w + at.mask);
            }
            AttentionScores.softmax(w, ROW, keys, all, w + at.stats);
            values(batch, group, j, keys, all, w);
        }
        if (end == 0) {
            AttentionScores.fill(w + at.sums, all * AttentionTile.padded(v.d()), 0);
        }
        finish(batch, head, heads, i, n, w);
    }

    private void turnQueries(int batch, int head, int heads, int i, int n, long w) {
        if (heads == 1) {
            AttentionTile.turn(q.at(batch, head, i), q.tStep(), n, q.d(), scale, w + at.queries);
            return;
        }
        long row = AttentionTile.panelBytes(1, q.d());
        for (int h = 0; h < heads; h++) {
            AttentionTile.copy(q.at(batch, head + h, 0), q.tStep(), n, q.d(), w + at.staged + h * n * row, row);
        }
        AttentionTile.turn(w + at.staged, row, heads * n, q.d(), scale, w + at.queries);
    }

    /// The sums so far times what the running maximum asks for, plus `P V`.
    private void values(int batch, int group, int j, int keys, int n, long w) {
        int e = v.d();
        long row = AttentionTile.panelBytes(1, e);
        if (j > 0) {
            AttentionTile.scaleRows(w + at.sums, row, n, e, w + at.stats + 2 * ROW);
        }
        long from = v.at(batch, group, j);
        long step = v.tStep();
        if (!v.isWholeVectors()) {
            AttentionTile.copy(from, step, keys, e, w + at.values, row);
            from = w + at.values;
            step = row;
        }
        AttentionTile.multiply(n, keys, e, w, 4, ROW, from, step, TileF32.PANEL, w + at.sums, row, j > 0);
    }

    /// Divides by the sums of the exponentials and writes; a query that saw nothing gets 0.
    private void finish(int batch, int head, int heads, int i, int n, long w) {
        long row = AttentionTile.panelBytes(1, v.d());
        AttentionScores.end(QUERIES, ROW, w + at.stats);
        for (int h = 0; h < heads; h++) {
            long stats = w + at.stats + 4L * h * n;
            AttentionTile.copyExactly(stats, n, lse + 4 * (((long) batch * q.h() + head + h) * q.t() + i));
            AttentionTile.unpackEach(w + at.sums + h * n * row, row, n, v.d(), stats + ROW, o.at(batch, head + h, i),
                    o.tStep());
        }
    }
}
