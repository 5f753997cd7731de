package org.sfumato.tensor.cpu;

import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// [AttentionOp] without the matrix of all scores: a block of queries walks over the blocks of keys with a running
/// softmax. Blocks of queries run in parallel, and no sum depends on how. Keys that no query of a block may see are not
/// visited.
///
/// Scores are held keys down, queries across: `S^T = K Q^T`. So K is read where it lies, as a left operand, only the
/// queries are turned, once for all keys; maximum and sum of a softmax run down the columns, a vector of queries at a
/// time; and `P V` reads the same block, turned, as its left operand. Where queries are few, those of several heads
/// that share a key head stand side by side. Source: Dao et al. 2022, arXiv 2205.14135, algorithm 1.
final class AttentionCpu {
    /// Bytes of a row of scores.
    private static final long ROW = Tiles.SCORES;
    /// Queries in a block.
    private static final int QUERIES = (int) ROW / 4;
    /// Keys in a block: the scores then fill 32 KiB.
    private static final int KEYS = 128;
    /// Bytes of a panel of values.
    private static final long VALUES = KEYS * AttentionTile.BYTES;
    /// Blocks of queries that walk over the keys together, at most, so that values are packed once for all.
    private static final int SPAN = 8;
    /// For one position, of up to so many heads together, each score is a sum along a key: the keys pass at the speed
    /// of memory. Of two positions and more a query's result has the same bits whatever others there are.
    private static final int FEW = 3;
    /// Up to so many queries, values are read where they lie.
    private static final int IN_PLACE = 16;
    /// Pieces of work wanted at least, for the balance of up to about eight threads.
    private static final int PIECES = 16;

    private final Heads q;
    private final Heads k;
    private final Heads v;
    private final Heads o;
    private final long lse;
    private final AttentionMask mask;
    private final float scale;
    /// Heads in a block, of the same key head.
    private final int side;
    private final int span;
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
        long blocks = (long) q.b() * k.h() * beside() * along();
        this.span = Math.clamp(blocks / PIECES, 1, Math.clamp(along(), 1, SPAN));
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
        long cost = (long) Math.min(q.t(), QUERIES) * span * side * k.t() * (2L * q.d() + 2L * v.d() + 16) / 16;
        Parallel.rows((long) q.b() * k.h() * beside() * spans(), cost, this::spans);
    }

    /// Blocks of heads in a group.
    private int beside() {
        return Math.ceilDiv(q.h() / k.h(), side);
    }

    /// Blocks of queries in a head.
    private int along() {
        return Math.ceilDiv(q.t(), QUERIES);
    }

    /// Spans of blocks in a head.
    private int spans() {
        return Math.ceilDiv(along(), span);
    }

    /// Where the working memory has what, in bytes, after the scores; `block` bytes for each block of a span begin with
    /// the queries.
    private record Places(long values, long mask, long staged, long queries, long sums, long stats, long block) {
        static Places of(int d, int e, boolean staging) {
            long values = KEYS * ROW;
            long mask = values + AttentionTile.panelBytes(KEYS, e);
            long staged = mask + KEYS * ROW;
            long queries = staged + (staging ? AttentionTile.panelBytes(QUERIES, d) : 0);
            long sums = AttentionTile.panelBytes(d, QUERIES);
            long stats = sums + AttentionTile.panelBytes(QUERIES, e);
            return new Places(values, mask, staged, queries, sums, stats, stats + 4 * ROW);
        }
    }

    private void spans(long r0, long r1) {
        try (var scratch = Scratch.of(at.queries + span * at.block)) {
            for (long r = r0; r < r1; r++) {
                int first = (int) (r % spans()) * span;
                int beside = (int) (r / spans() % beside());
                int group = (int) (r / spans() / beside());
                span(group / k.h(), group % k.h(), beside * side, first, Math.min(first + span, along()),
                        scratch.segment.address());
            }
        }
    }

    /// Blocks `[first, last)` of queries, of heads from `h` of a group on.
    private void span(int batch, int group, int h, int first, int last, long w) {
        int each = q.h() / k.h();
        int head = group * each + h;
        int heads = Math.min(side, each - h);
        for (int b = first; b < last; b++) {
            begin(batch, head, heads, b * QUERIES, place(b - first, w), w);
        }
        int end = mask.keys(k.t(), Math.min(q.t(), last * QUERIES));
        for (int j = 0; j < end; j += KEYS) {
            if (!isInPlace()) {
                AttentionTile.panels(v.at(batch, group, j), v.tStep(), Math.min(KEYS, end - j), v.d(), w + at.values,
                        VALUES);
            }
            for (int b = first; b < last; b++) {
                block(batch, group, head, heads, j, b * QUERIES, place(b - first, w), w);
            }
        }
        for (int b = first; b < last; b++) {
            finish(batch, head, heads, b * QUERIES, place(b - first, w));
        }
    }

    private boolean isInPlace() {
        return q.t() * side <= IN_PLACE && v.isWholeVectors();
    }

    private boolean isFew() {
        return q.t() == 1 && side <= FEW;
    }

    private long place(int block, long w) {
        return w + at.queries + block * at.block;
    }

    /// Queries in the block from `i` on, in each head.
    private int queries(int i) {
        return Math.min(QUERIES, q.t() - i);
    }

    private void begin(int batch, int head, int heads, int i, long to, long w) {
        turnQueries(batch, head, heads, i, queries(i), to, w);
        AttentionScores.fill(to + at.stats, QUERIES, Float.NEGATIVE_INFINITY);
        AttentionScores.fill(to + at.stats + ROW, QUERIES, 0);
        if (mask.keys(k.t(), i + queries(i)) == 0) {
            AttentionScores.fill(to + at.sums, QUERIES * AttentionTile.padded(v.d()), 0);
        }
    }

    /// Keys from `j` on for queries from `i` on.
    private void block(int batch, int group, int head, int heads, int j, int i, long at0, long w) {
        int n = queries(i);
        int keys = Math.min(KEYS, mask.keys(k.t(), i + n) - j);
        if (keys <= 0) {
            return;
        }
        scores(k.at(batch, group, j), keys, heads * n, at0, w);
        for (int h = 0; h < heads; h++) {
            mask.across(w + 4L * h * n, batch, head + h, j, keys, i, n, w + at.mask);
        }
        AttentionScores.softmax(w, keys, heads * n, at0 + at.stats);
        long row = AttentionTile.panelBytes(1, v.d());
        if (j > 0) {
            AttentionTile.scaleRows(at0 + at.sums, row, heads * n, v.d(), at0 + at.stats + 2 * ROW);
        }
        if (isInPlace()) {
            // a fourth row of nothing costs less than three by themselves
            AttentionTile.multiply(heads * n == 3 ? 4 : heads * n, keys, v.d(), w, 4, ROW, v.at(batch, group, j),
                    v.tStep(), AttentionTile.BYTES, at0 + at.sums, row, j > 0);
        } else {
            AttentionTile.multiplyScores(false, heads * n, keys, v.d(), w, w + at.values, VALUES, at0 + at.sums, row,
                    j > 0);
        }
    }

    /// `S^T = K (scale Q)^T`.
    private void scores(long from, int keys, int n, long queries, long w) {
        if (!isFew()) {
            AttentionTile.multiply(keys, q.d(), n, from, k.tStep(), 4, queries, AttentionTile.BYTES,
                    AttentionTile.panelBytes(q.d(), 1), w, ROW, false);
            return;
        }
        for (int i = 0; i < n; i++) {
            AttentionTile.dots(from, k.tStep(), keys, queries + i * AttentionTile.panelBytes(1, q.d()), q.d(),
                    w + 4L * i, ROW);
        }
    }

    private void turnQueries(int batch, int head, int heads, int i, int n, long to, long w) {
        if (isFew()) {
            long step = AttentionTile.panelBytes(1, q.d());
            for (int h = 0; h < heads; h++) {
                AttentionTile.unpack(q.at(batch, head + h, i), q.tStep(), n, q.d(), scale, to + h * n * step, step);
            }
            return;
        }
        if (heads == 1) {
            AttentionTile.turn(q.at(batch, head, i), q.tStep(), n, q.d(), scale, to);
            return;
        }
        long row = AttentionTile.panelBytes(1, q.d());
        for (int h = 0; h < heads; h++) {
            AttentionTile.copy(q.at(batch, head + h, 0), q.tStep(), n, q.d(), w + at.staged + h * n * row, row);
        }
        AttentionTile.turn(w + at.staged, row, heads * n, q.d(), scale, to);
    }

    /// Divides by the sums of the exponentials and writes; a query that saw nothing gets 0.
    private void finish(int batch, int head, int heads, int i, long from) {
        int n = queries(i);
        long row = AttentionTile.panelBytes(1, v.d());
        AttentionScores.end(heads * n, from + at.stats);
        for (int h = 0; h < heads; h++) {
            long stats = from + at.stats + 4L * h * n;
            AttentionTile.copyExactly(stats, n, lse + 4 * (((long) batch * q.h() + head + h) * q.t() + i));
            AttentionTile.unpackEach(from + at.sums + h * n * row, row, n, v.d(), stats + ROW,
                    o.at(batch, head + h, i), o.tStep());
        }
    }
}
