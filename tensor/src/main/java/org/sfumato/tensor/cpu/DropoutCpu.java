package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.op.DropoutOp;
import org.sfumato.tensor.spi.Operand;

/// [DropoutOp]: the random words are drawn into the output, piece by piece, and there replaced by the result.
final class DropoutCpu {
    private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
    private static final int LANES = Simd.F32_LANES;
    /// Elements in a piece: 16 KiB.
    private static final int PIECE = 4096;

    private DropoutCpu() { }

    /// [DropoutOp].
    static void drop(DropoutOp op, Operand in, Operand out) {
        try (var x = Rows.flat(in); var y = Rows.flat(out)) {
            long n = in.shape().count();
            int limit = (int) Math.ceil((1 - op.p()) * 0x1p24);     // kept below it, as Rng.bernoulli draws
            float scale = (float) (1 / (1 - op.p()));
            Parallel.grains(n, PIECE, (from, to) -> {
                RandomCpu.bitsI32(op.rng().seed(), op.rng().stream(), y.segment, y.element(0), from, to);
                keep(x.segment, x.element(from), (int) (to - from), limit, scale, y.segment, y.element(from));
            });
        }
    }

    /// `y_i = x_i * [word_i below limit] * scale`, where word `i` lies in the place of `y_i`. A product, not a choice:
    /// NaN stays NaN.
    private static void keep(MemorySegment x, long xo, int n, int limit, float scale, MemorySegment y, long yo) {
        var zero = FloatVector.zero(Simd.F32);
        var one = FloatVector.broadcast(Simd.F32, 1);
        int i = 0;
        for (; i <= n - LANES; i += LANES) {
            var word = IntVector.fromMemorySegment(I, y, yo + 4L * i, Simd.ORDER);
            var kept = zero.blend(one, word.lanewise(LSHR, 8).compare(LT, limit).cast(Simd.F32));
            Simd.store(y, yo + 4L * i, Simd.loadF32(x, xo + 4L * i).mul(kept).mul(scale));
        }
        for (; i < n; i++) {
            int word = y.get(ValueLayout.JAVA_INT_UNALIGNED, yo + 4L * i);
            float kept = word >>> 8 < limit ? 1 : 0;
            y.set(Simd.FLOAT, yo + 4L * i, x.get(Simd.FLOAT, xo + 4L * i) * kept * scale);
        }
    }
}
