package org.sfumato.tensor.cpu;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// Which keys a query sees: all, the past, or what a mask says, which is read where it lies, broadcast by strides of
/// zero.
///
/// @param past S - T with `causal`: query `i` sees the keys up to `i + past`
/// @param address of the mask, 0 if there is none
record AttentionMask(boolean causal, long past, long address, boolean bool, long[] steps) {
    static AttentionMask of(AttentionOp op, Heads q, Heads k, Operand mask) {
        long past = (long) k.t() - q.t();
        if (mask == null) {
            return new AttentionMask(op.causal(), past, 0, false, null);
        }
        var layout = mask.layout().expand(Shape.of(q.b(), q.h(), q.t(), k.t()));
        var steps = layout.strides();
        for (int i = 0; i < steps.length; i++) {
            steps[i] *= mask.dtype().bytes();
        }
        return new AttentionMask(op.causal(), past, mask.address(), mask.dtype() == DType.BOOL, steps);
    }

    /// One more than the last key that queries before `end` may see.
    int keys(int all, int end) {
        return causal ? Math.clamp(end + past, 0, all) : all;
    }

    /// The first query that may see key `j`.
    int firstQuery(int all, int j) {
        return causal ? Math.clamp(j - past, 0, all) : 0;
    }

    /// Applies the mask to a block of scores, keys `[j, j + keys)` down, queries `[i, i + queries)` of a head across;
    /// `turned` is working memory for a block as large.
    void across(long s, int batch, int head, int j, int keys, int i, int queries, long turned) {
        if (address != 0) {
            long at = place(batch, head, i, j);
            if (steps[2] == 0) {
                AttentionScores.maskRows(s, keys, queries, at, steps[3], bool);
            } else {
                AttentionScores.turnMask(turned, keys, queries, at, steps[3], steps[2], bool);
                AttentionScores.mask(s, keys, queries, turned, Tiles.SCORES, bool);
            }
        }
        if (causal && j + keys - 1 > i + past) {
            AttentionScores.hideBefore(s, keys, queries, j - past - i);
        }
    }

    /// The same for queries down and keys across.
    void down(long s, int batch, int head, int j, int keys, int i, int queries, long turned) {
        if (address != 0) {
            long at = place(batch, head, i, j);
            if (steps[3] == 0) {
                AttentionScores.maskRows(s, queries, keys, at, steps[2], bool);
            } else if (bool || steps[3] != Float.BYTES) {
                boolean same = steps[2] == 0;
                AttentionScores.turnMask(turned, same ? 1 : queries, keys, at, steps[2], steps[3], bool);
                AttentionScores.mask(s, queries, keys, turned, same ? 0 : Tiles.SCORES, bool);
            } else {
                AttentionScores.mask(s, queries, keys, at, steps[2], false);
            }
        }
        if (causal && j + keys - 1 > i + past) {
            AttentionScores.hideAfter(s, queries, keys, i + past - j);
        }
    }

    private long place(int batch, int head, int i, int j) {
        return address + batch * steps[0] + head * steps[1] + i * steps[2] + j * steps[3];
    }
}
