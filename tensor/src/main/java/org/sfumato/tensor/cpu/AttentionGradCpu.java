package org.sfumato.tensor.cpu;

import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.spi.Operand;

/// [AttentionGrad] without the matrix of all probabilities: they are made again block by block from the log-sum-exp.
///
/// A range of keys of a key head, with all the query heads that share it, is one piece of work, done by one thread in a
/// fixed order: a block of keys and values is turned once, and all queries walk past it. Where key heads are few, a
/// head is cut into several ranges, by sizes alone, whose parts of the queries' gradient are added in their order.
///
/// Scores are held queries down, keys across: `S = Q K^T`. Source: Dao et al. 2022, arXiv 2205.14135, algorithm 4.
final class AttentionGradCpu {
    /// Queries in a block.
    private static final int QUERIES = 128;
    /// Bytes of a row of scores.
    private static final long ROW = Tiles.SCORES;
    /// Keys in a block.
    private static final int KEYS = (int) ROW / 4;
    /// Pieces wanted at least, for the balance of up to about eight threads.
    private static final int PIECES = 16;

    private final Heads q;
    private final Heads k;
    private final Heads v;
    private final Heads o;
    private final Heads dO;
    private final long lse;
    private final Heads dQ;
    private final Heads dK;
    private final Heads dV;
    private final AttentionMask mask;
    private final float scale;
    private final int each;
    private final long rowD;
    private final long rowE;
    private final int rangeKeys;
    private final int ranges;
    private final Places at;
    private long parts;

    private AttentionGradCpu(AttentionGrad op, Heads q, Heads k, Heads v, Heads o, long lse, Heads dO, Operand mask,
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
        this.each = q.h() / k.h();
        this.rowD = AttentionTile.panelBytes(1, q.d());
        this.rowE = AttentionTile.panelBytes(1, v.d());
        int wanted = Math.ceilDiv(PIECES, Math.max(1, k.b() * k.h()));
        this.rangeKeys = Math.max(1, Math.ceilDiv(Math.ceilDiv(k.t(), KEYS), wanted)) * KEYS;
        this.ranges = Math.max(1, Math.ceilDiv(k.t(), rangeKeys));
        this.at = Places.of((long) each * q.t(), q.d(), v.d());
    }

    /// [AttentionGrad]: dq, dk, dv.
    static void grad(AttentionGrad op, Operand[] in, Operand[] out) {
        in[4].address(); // proves that all of it lies in its buffer
        try (var q = Heads.of(in[0]); var k = Heads.of(in[1]); var v = Heads.of(in[2]); var o = Heads.of(in[3]);
                var sums = Rows.flat(in[4]); var dO = Heads.of(in[5]);
                var dQ = Heads.of(out[0]); var dK = Heads.of(out[1]); var dV = Heads.of(out[2])) {
            long lse = sums.segment.address() + sums.element(0);
            new AttentionGradCpu(op, q, k, v, o, lse, dO, in.length > 6 ? in[6] : null, dQ, dK, dV).run();
        }
    }

    private void run() {
        long pieces = (long) k.b() * k.h() * ranges;
        try (var scratch = Scratch.of(ranges > 1 ? pieces * partBytes() : 0)) {
            parts = scratch.segment.address();
            Parallel.grains(pieces, 1, this::pieces);
            if (ranges > 1) {
                Parallel.rows((long) q.b() * q.h() * q.t(), 2L * ranges * q.d(), this::addParts);
            }
        }
    }

    /// Bytes of the gradient of the queries of one key head.
    private long partBytes() {
        return each * q.t() * rowD;
    }

    /// Where the working memory has what, in bytes; first the probabilities, their gradients `grads` bytes after them.
    /// Turned operands are panels with keys as columns, the others with features.
    private record Places(long grads, long mask, long turnedK, long turnedV, long k, long q, long dO, long dK, long dV,
            long shifts, long deltas, long dQ, long all) {
        static Places of(long queries, int d, int e) {
            long grads = QUERIES * ROW;
            long mask = grads + QUERIES * ROW;
            long turnedK = mask + QUERIES * ROW;
            long turnedV = turnedK + AttentionTile.panelBytes(d, KEYS);
            long k = turnedV + AttentionTile.panelBytes(e, KEYS);
            long q = k + AttentionTile.panelBytes(KEYS, d);
            long dO = q + AttentionTile.panelBytes(QUERIES, d);
            long dK = dO + AttentionTile.panelBytes(QUERIES, e);
            long dV = dK + AttentionTile.panelBytes(KEYS, d);
            long shifts = dV + AttentionTile.panelBytes(KEYS, e);
            long deltas = shifts + 4 * queries;
            long dQ = (deltas + 4 * queries + 63) / 64 * 64;
            return new Places(grads, mask, turnedK, turnedV, k, q, dO, dK, dV, shifts, deltas, dQ,
                    dQ + queries * AttentionTile.panelBytes(1, d));
        }
    }

    private void pieces(long r0, long r1) {
        try (var scratch = Scratch.of(at.all)) {
            for (long r = r0; r < r1; r++) {
                long head = r / ranges;
                piece((int) (head / k.h()), (int) (head % k.h()), (int) (r % ranges) * rangeKeys, r,
                        scratch.segment.address());
            }
        }
    }

    /// Keys from `from` on, of one key head.
    private void piece(int batch, int group, int from, long piece, long w) {
        stats(batch, group, w);
        long sums = ranges > 1 ? parts + piece * partBytes() : w + at.dQ;
        clear(sums, partBytes());
        int end = Math.min(k.t(), from + rangeKeys);
        for (int j = from; j < end; j += KEYS) {
            keys(batch, group, j, Math.min(KEYS, end - j), sums, w);
        }
        for (int h = 0; h < each && ranges == 1; h++) {
            AttentionTile.unpack(sums + h * q.t() * rowD, rowD, q.t(), q.d(), scale, dQ.at(batch, group * each + h, 0),
                    dQ.tStep());
        }
    }

    private static void clear(long from, long bytes) {
        for (long at = from; at < from + bytes; at += AttentionTile.BYTES) {
            AttentionScores.fill(at, AttentionTile.PANEL, 0);
        }
    }

    /// The log-sum-exp of each query, plus infinity where it saw nothing, and `delta = sum_e o do`.
    private void stats(int batch, int group, long w) {
        long to = 0;
        for (int h = 0; h < each; h++) {
            int head = group * each + h;
            long from = lse + 4 * ((long) batch * q.h() + head) * q.t();
            for (int i = 0; i < q.t(); i++) {
                float value = Simd.getF32(from + 4L * i);
                Simd.setF32(w + at.shifts + to, value == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : value);
                Simd.setF32(w + at.deltas + to, AttentionTile.dot(o.at(batch, head, i), dO.at(batch, head, i), v.d()));
                to += 4;
            }
        }
    }

    /// What keys `[j, j + n)` have and give.
    private void keys(int batch, int group, int j, int n, long sums, long w) {
        AttentionTile.turn(k.at(batch, group, j), k.tStep(), n, k.d(), scale, w + at.turnedK);
        AttentionTile.turn(v.at(batch, group, j), v.tStep(), n, v.d(), 1, w + at.turnedV);
        AttentionTile.panels(k.at(batch, group, j), k.tStep(), n, k.d(), w + at.k, KEYS * AttentionTile.BYTES);
        clear(w + at.dK, n * rowD);
        clear(w + at.dV, n * rowE);
        for (int h = 0; h < each; h++) {
            for (int i = mask.firstQuery(q.t(), j); i < q.t(); i += QUERIES) {
                queries(batch, group, h, j, n, i, Math.min(QUERIES, q.t() - i), sums, w);
            }
        }
        AttentionTile.unpack(w + at.dK, rowD, n, k.d(), scale, dK.at(batch, group, j), dK.tStep());
        AttentionTile.unpack(w + at.dV, rowE, n, v.d(), 1, dV.at(batch, group, j), dV.tStep());
    }

    /// `P = exp(scale Q K^T - lse)` and `dS = P * (dO V^T - delta)` of a block of queries, then `dV += P^T dO`,
    /// `dK += dS^T Q` and `dQ += dS K`.
    private void queries(int batch, int group, int h, int j, int keys, int i, int n, long sums, long w) {
        int head = group * each + h;
        long panel = AttentionTile.BYTES;
        long first = (long) h * q.t() + i;
        long next = QUERIES * panel;
        AttentionTile.panels(q.at(batch, head, i), q.tStep(), n, q.d(), w + at.q, next);
        AttentionTile.panels(dO.at(batch, head, i), dO.tStep(), n, v.d(), w + at.dO, next);
        AttentionTile.multiply(n, q.d(), keys, q.at(batch, head, i), q.tStep(), 4, w + at.turnedK, panel,
                AttentionTile.panelBytes(q.d(), 1), w, ROW, false);
        mask.down(w, batch, head, j, keys, i, n, w + at.mask);
        AttentionTile.multiply(n, v.d(), keys, dO.at(batch, head, i), dO.tStep(), 4, w + at.turnedV, panel,
                AttentionTile.panelBytes(v.d(), 1), w + at.grads, ROW, false);
        AttentionScores.gradient(w, w + at.grads, n, keys, w + at.shifts + 4 * first, w + at.deltas + 4 * first);
        AttentionTile.multiplyScores(false, keys, n, v.d(), w, w + at.dO, next, w + at.dV, rowE, true);
        AttentionTile.multiplyScores(false, keys, n, q.d(), w + at.grads, w + at.q, next, w + at.dK, rowD, true);
        AttentionTile.multiplyScores(true, n, keys, q.d(), w + at.grads, w + at.k, KEYS * panel, sums + first * rowD,
                rowD, true);
    }

    /// The gradients of queries `[r0, r1)`, counted through all heads, from those of the ranges of keys.
    private void addParts(long r0, long r1) {
        for (long r = r0; r < r1; r++) {
            long head = r / q.t();
            long group = head / each;
            long part = parts + group * ranges * partBytes() + (head % each * q.t() + r % q.t()) * rowD;
            for (int range = 1; range < ranges; range++) {
                add(part, part + range * partBytes(), q.d());
            }
            AttentionTile.unpack(part, rowD, 1, q.d(), scale,
                    dQ.at((int) (head / q.h()), (int) (head % q.h()), (int) (r % q.t())), dQ.tStep());
        }
    }

    private static void add(long to, long x, int d) {
        for (long at = 0; at < 4L * d; at += Simd.BYTES) {
            Simd.store(to + at, Simd.loadF32(to + at).add(Simd.loadF32(x + at)));
        }
    }
}
