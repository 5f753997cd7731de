package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.spi.Operand;

/// Which keys a query sees: all, the past, or what a mask says, which is read where it lies, broadcast by strides of
/// zero.
///
/// @param past S - T with `causal`: query `i` sees the keys up to `i + past`
record AttentionMask(boolean causal, long past, MemorySegment segment, boolean bool, long base, long[] steps) {
    static AttentionMask of(AttentionOp op, Heads q, Heads k, Operand mask) {
        long past = (long) k.t() - q.t();
        if (mask == null) {
            return new AttentionMask(op.causal(), past, null, false, 0, null);
        }
        var layout = mask.layout().expand(Shape.of(q.b(), q.h(), q.t(), k.t()));
        var steps = layout.strides();
        for (int i = 0; i < steps.length; i++) {
            steps[i] *= mask.dtype().bytes();
        }
        return new AttentionMask(op.causal(), past, mask.segment(), mask.dtype() == DType.BOOL, mask.byteOffset(),
                steps);
    }

    /// One more than the last key that queries before `end` may see.
    int keys(int all, int end) {
        return causal ? Math.clamp(end + past, 0, all) : all;
    }

    /// Applies the mask to the scores of keys `[j, j + keys)` and queries `[i, i + queries)` of a head.
    void apply(MemorySegment s, int batch, int head, int j, int keys, int i, int queries) {
        if (segment != null) {
            long at = base + batch * steps[0] + head * steps[1] + i * steps[2] + j * steps[3];
            AttentionTile.mask(s, keys, queries, segment, at, steps[2], steps[3], bool);
        }
        if (causal && j + keys - 1 > i + past) {
            AttentionTile.causal(s, keys, queries, j - past - i);
        }
    }
}
