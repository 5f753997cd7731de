package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.spi.Operand;

/// [AttentionGrad] without the matrix of all probabilities: they are made again block by block from the log-sum-exp,
/// see [AttentionTile].
///
/// A key head, with all the query heads that share it, is one piece of work, done by one thread in a fixed order; so
/// the gradients of keys and values need no second pass. Source: Dao et al. 2022, arXiv 2205.14135, algorithm 4.
final class AttentionGradCpu {
    private static final int QUERIES = AttentionTile.QUERIES;
    private static final int KEYS = AttentionTile.KEYS;
    private static final int PANEL = AttentionTile.PANEL;
    private static final long WIDE = GemmRegion.PANEL_BYTES;
    private static final long SCORES = AttentionTile.SCORES;
    private static final long ROW = AttentionTile.ROW;

    private final Heads q;
    private final Heads k;
    private final Heads v;
    private final Heads o;
    private final Heads dO;
    private final Rows lse;
    private final Heads dQ;
    private final Heads dK;
    private final Heads dV;
    private final AttentionMask mask;
    private final float scale;
    private final int panelsD;
    private final int panelsE;
    private final Places at;

    private AttentionGradCpu(AttentionGrad op, Heads q, Heads k, Heads v, Heads o, Rows lse, Heads dO, Operand mask,
            Heads dQ, Heads dK, Heads dV) {
        this.q = q;
        this.k = k;
        this.v = v;
        this.o = o;
        this.lse = lse;
        this.dO = dO;
        this.dQ = dQ;
        this.dK = dK;
        this.dV = dV;
        this.mask = AttentionMask.of(op.forward(), q, k, mask);
        this.scale = (float) op.forward().scale();
        this.panelsD = AttentionTile.padded(q.d()) / PANEL;
        this.panelsE = AttentionTile.padded(v.d()) / PANEL;
        this.at = Places.of(k.t(), q.d(), v.d());
    }

    /// [AttentionGrad]: dq, dk, dv.
    static void grad(AttentionGrad op, Operand[] in, Operand[] out) {
        try (var q = Heads.of(in[0]); var k = Heads.of(in[1]); var v = Heads.of(in[2]); var o = Heads.of(in[3]);
                var lse = Rows.flat(in[4]); var dO = Heads.of(in[5]);
                var dQ = Heads.of(out[0]); var dK = Heads.of(out[1]); var dV = Heads.of(out[2])) {
            var grad = new AttentionGradCpu(op, q, k, v, o, lse, dO, in.length > 6 ? in[6] : null, dQ, dK, dV);
            Parallel.grains((long) k.b() * k.h(), 1, grad::heads);
        }
    }

    /// Where the working memory has what, in bytes; the probabilities come first, their gradients `grads` bytes
    /// after them. Turned operands are panels with queries as columns, the others with features.
    private record Places(long grads, long stats, long turnedQ, long turnedO, long q, long dO, long k, long dQ,
            long dK, long dV,
            long all) {
        static Places of(int s, int d, int e) {
            long grads = KEYS * ROW;
            long stats = SCORES + grads + KEYS * ROW;
            long turnedQ = stats + 3 * ROW;
            long turnedO = turnedQ + AttentionTile.panelBytes(d, QUERIES);
            long q = turnedO + AttentionTile.panelBytes(e, QUERIES);
            long dO = q + AttentionTile.panelBytes(QUERIES, d);
            long k = dO + AttentionTile.panelBytes(QUERIES, e);
            long dQ = k + AttentionTile.panelBytes(KEYS, d);
            long dK = dQ + AttentionTile.panelBytes(QUERIES, d);
            long dV = dK + AttentionTile.panelBytes(s, d);
            return new Places(grads, stats, turnedQ, turnedO, q, dO, k, dQ, dK, dV, dV + AttentionTile.panelBytes(s,
                    e));
        }
    }

    private void heads(long r0, long r1) {
        try (var scratch = Scratch.of(at.all)) {
            for (long r = r0; r < r1; r++) {
                group((int) (r / k.h()), (int) (r % k.h()), scratch.segment);
            }
        }
    }

    /// One key head.
    private void group(int batch, int group, MemorySegment w) {
        w.asSlice(at.dK, at.all - at.dK).fill((byte) 0);
        int each = q.h() / k.h();
        for (int head = group * each; head < (group + 1) * each; head++) {
            for (int i = 0; i < q.t(); i += QUERIES) {
                queries(batch, group, head, i, Math.min(QUERIES, q.t() - i), w);
            }
        }
        AttentionTile.unpack(w, at.dK, 4L * panelsD * PANEL, k.t(), k.d(), scale, dK.segment(), dK.at(batch, group, 0),
                dK.tStep());
        AttentionTile.unpack(w, at.dV, 4L * panelsE * PANEL, k.t(), v.d(), 1, dV.segment(), dV.at(batch, group, 0),
                dV.tStep());
    }

    /// What queries `[i, i + n)` of one head have and give.
    private void queries(int batch, int group, int head, int i, int n, MemorySegment w) {
        AttentionTile.packTurned(q.segment(), q.at(batch, head, i), q.tStep(), n, q.d(), scale, w, at.turnedQ);
        AttentionTile.packTurned(dO.segment(), dO.at(batch, head, i), dO.tStep(), n, v.d(), 1, w, at.turnedO);
        if (!q.isWholePanels()) {
            AttentionTile.pack(q.segment(), q.at(batch, head, i), q.tStep(), n, q.d(), w, at.q);
        }
        if (!dO.isWholePanels()) {
            AttentionTile.pack(dO.segment(), dO.at(batch, head, i), dO.tStep(), n, v.d(), w, at.dO);
        }
        stats(batch, head, i, n, w);
        w.asSlice(at.dQ, 4L * panelsD * PANEL * n).fill((byte) 0);
        int end = mask.keys(k.t(), i + n);
        for (int j = 0; j < end; j += KEYS) {
            int keys = Math.min(KEYS, end - j);
            probabilities(batch, group, head, j, keys, i, n, w);
            keyGrads(batch, head, j, keys, i, n, w);
            queryGrads(batch, group, j, keys, n, w);
        }
        AttentionTile.unpack(w, at.dQ, 4L * panelsD * PANEL, n, q.d(), scale, dQ.segment(), dQ.at(batch, head, i),
                dQ.tStep());
    }

    /// The log-sum-exp of each query, plus infinity where it saw nothing, and `delta = sum_e o do`.
    private void stats(int batch, int head, int i, int n, MemorySegment w) {
        for (int r = 0; r < n; r++) {
            float value = lse.segment.get(Simd.FLOAT, lse.element(((long) batch * q.h() + head) * q.t() + i + r));
            w.set(Simd.FLOAT, at.stats + 4L * r, value == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : value);
            float delta = RowSums.dot(o.segment(), o.at(batch, head, i + r), dO.segment(), dO.at(batch, head, i + r),
                    v.d());
            w.set(Simd.FLOAT, at.stats + ROW + 4L * r, delta);
        }
    }

    /// `P^T = exp(K (scale Q)^T - lse)` and its gradient before the scale, `P^T * (V dO^T - delta)`.
    private void probabilities(int batch, int group, int head, int j, int keys, int i, int n, MemorySegment w) {
        int across = AttentionTile.padded(n) / PANEL;
        AttentionTile.multiply(keys, q.d(), across, k.segment(), k.at(batch, group, j), k.tStep(), 4,
                w, at.turnedQ, WIDE, AttentionTile.panelBytes(q.d(), 1), w, SCORES, ROW, false);
        mask.apply(w, batch, head, j, keys, i, n);
        AttentionTile.exponentials(w, keys, n, w, at.stats, at.stats + 2 * ROW);
        AttentionTile.multiply(keys, v.d(), across, v.segment(), v.at(batch, group, j), v.tStep(), 4,
                w, at.turnedO, WIDE, AttentionTile.panelBytes(v.d(), 1), w, SCORES + at.grads, ROW, false);
        AttentionTile.scoreGrad(w, at.grads, keys, n, w, at.stats + ROW);
    }

    /// `dV += P^T dO` and `dK += dS^T Q`.
    private void keyGrads(int batch, int head, int j, int keys, int i, int n, MemorySegment w) {
        long rowE = 4L * panelsE * PANEL;
        if (dO.isWholePanels()) {
            AttentionTile.multiply(keys, n, panelsE, w, SCORES, ROW, 4, dO.segment(), dO.at(batch, head, i),
                    dO.tStep(), WIDE,
                    w, at.dV + j * rowE, rowE, true);
        } else {
            AttentionTile.multiply(keys, n, panelsE, w, SCORES, ROW, 4, w, at.dO, WIDE, AttentionTile.panelBytes(n, 1),
                    w, at.dV + j * rowE, rowE, true);
        }
        long rowD = 4L * panelsD * PANEL;
        if (q.isWholePanels()) {
            AttentionTile.multiply(keys, n, panelsD, w, SCORES + at.grads, ROW, 4, q.segment(), q.at(batch, head, i),
                    q.tStep(), WIDE,
                    w, at.dK + j * rowD, rowD, true);
        } else {
            AttentionTile.multiply(keys, n, panelsD, w, SCORES + at.grads, ROW, 4, w, at.q, WIDE,
                    AttentionTile.panelBytes(n, 1),
                    w, at.dK + j * rowD, rowD, true);
        }
    }

    /// `dQ += dS K`.
    private void queryGrads(int batch, int group, int j, int keys, int n, MemorySegment w) {
        long row = 4L * panelsD * PANEL;
        if (k.isWholePanels()) {
            AttentionTile.multiply(n, keys, panelsD, w, SCORES + at.grads, 4, ROW, k.segment(), k.at(batch, group, j),
                    k.tStep(), WIDE,
                    w, at.dQ, row, true);
        } else {
            AttentionTile.pack(k.segment(), k.at(batch, group, j), k.tStep(), keys, k.d(), w, at.k);
            AttentionTile.multiply(n, keys, panelsD, w, SCORES + at.grads, 4, ROW, w, at.k, WIDE,
                    AttentionTile.panelBytes(keys, 1),
                    w, at.dQ, row, true);
        }
    }
}
