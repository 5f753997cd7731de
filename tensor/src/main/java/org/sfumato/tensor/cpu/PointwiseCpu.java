package org.sfumato.tensor.cpu;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Runs formulas over operands of any type and layout.
///
/// Where all operands are dense and of the type of arithmetic, the loop runs straight over them. Otherwise the elements
/// are cut into blocks ([PointwiseBlocks]).
final class PointwiseCpu {
    /// Work in one piece, and below which the other threads are left asleep.
    private static final long PIECE = 128 * 1024;
    private static final long ALONE = 4 * PIECE;

    private PointwiseCpu() { }

    /// `out_j = formula_j(in)`. An output may be an input, element upon the same element.
    static void run(HostPool pool, Pointwise op, Operand[] in, Operand[] out) {
        long count = out[0].shape().count();
        if (count == 0) {
            return;
        }
        var plan = PointwisePlan.of(op, promoted(in), in.length);
        long scalars = straight(plan.compute, in, out, count);
        if (scalars >= 0) {
            new Straight(plan, scalars, in, out).run(count);
        } else {
            var blocks = new PointwiseBlocks(pool, plan, in, out, Math.max(1, PIECE / plan.cost));
            if (plan.cost * count < ALONE) {
                blocks.run(0, blocks.count);
            } else {
                Parallel.grains(blocks.count, Math.max(1, PIECE / plan.cost / blocks.elements), blocks);
            }
        }
    }

    private static DType promoted(Operand[] in) {
        var type = DType.BOOL;
        for (var operand : in) {
            type = type.promote(operand.dtype());
        }
        return type;
    }

    /// The mask of the operands that are one element, or -1 if some operand must be cut into blocks.
    private static long straight(DType compute, Operand[] in, Operand[] out, long count) {
        for (var operand : out) {
            if (operand.dtype() != compute || !operand.layout().isDense()) {
                return -1;
            }
        }
        long scalars = 0;
        for (int k = 0; k < in.length; k++) {
            var operand = in[k];
            if (operand.dtype() != compute) {
                return -1;
            }
            long own = operand.shape().count();
            if (own == 1 && count != 1) {
                scalars |= 1L << k;
            } else if (own != count || !operand.layout().isDense()) {
                return -1;
            }
        }
        return scalars;
    }

    /// Dense operands, of one count or scalar.
    private static final class Straight implements Parallel.RowBody {
        private final PointwisePlan plan;
        private final long scalars;
        private final long[] from;
        private final long[] to;

        Straight(PointwisePlan plan, long scalars, Operand[] in, Operand[] out) {
            this.plan = plan;
            this.scalars = scalars;
            from = addresses(in);
            to = addresses(out);
        }

        void run(long count) {
            if (plan.cost * count < ALONE) {
                run(0, count);
            } else {
                Parallel.grains(count, Math.max(64, PIECE / plan.cost & -64), this);
            }
        }

        @Override
        public void run(long e0, long e1) {
            plan.loop(scalars).run(from, to, e0, e1);
        }

        private static long[] addresses(Operand[] operands) {
            var addresses = new long[operands.length];
            for (int i = 0; i < addresses.length; i++) {
                addresses[i] = operands[i].address();
            }
            return addresses;
        }
    }
}
