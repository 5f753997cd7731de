package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.sfumato.tensor.expr.ExprLoop;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// A pointwise operation cut into blocks: a stretch of one axis with all axes inside it, some thousand elements.
///
/// In a block an operand is read where it lies if it is contiguous there, or one element for all; otherwise it is first
/// gathered and converted into scratch memory. An operand that is the same in all blocks, such as a bias, is gathered
/// once. So short rows cost no more than long ones: many of them make a block.
final class PointwiseBlocks implements Parallel.RowBody {
    private static final long STAGED = 2048;        // elements; of f32, 8 KiB for each operand
    private static final long SHORT_ROW = 256;

    /// The number of blocks.
    final long count;

    /// Elements in a block, the last ones excepted.
    final long elements;

    private final HostPool pool;
    private final ExprLoop loop;
    private final org.sfumato.tensor.DType compute;
    private final int width;
    private final Operand[] operands;               // inputs, then outputs
    private final int inputs;
    private final Walk walk;
    private final int axis;
    private final long[] below;                     // elements in one step of each axis
    private final long chunk;
    private final long chunks;
    private final boolean[] staged;
    private final boolean[] repeats;
    private final boolean[] single;
    private final int slots;

    /// `longest` bounds the elements of a block in which nothing is staged.
    PointwiseBlocks(HostPool pool, PointwisePlan plan, Operand[] in, Operand[] out, long longest) {
        this.pool = pool;
        compute = plan.compute;
        width = compute.bytes();
        inputs = in.length;
        operands = Arrays.copyOf(in, in.length + out.length);
        System.arraycopy(out, 0, operands, in.length, out.length);
        walk = Walk.of(out[0].shape(), operands);
        below = new long[walk.rank];
        axis = split();
        staged = new boolean[operands.length];
        repeats = new boolean[operands.length];
        single = new boolean[operands.length];
        long mask = 0;
        int used = 0;
        for (int k = 0; k < operands.length; k++) {
            boolean same = operands[k].dtype() == compute;
            single[k] = k < inputs && isSingle(k);
            mask |= single[k] ? 1L << k : 0;
            staged[k] = !same || !single[k] && !isContiguous(k, axis);
            used += staged[k] ? 1 : 0;
        }
        slots = used;
        loop = plan.loop(mask);
        chunk = Math.clamp(even((slots > 0 ? STAGED : Math.max(STAGED, longest)) / below[axis]), 1, walk.sizes[axis]);
        chunks = (walk.sizes[axis] + chunk - 1) / chunk;
        elements = chunk * below[axis];
        count = walk.countBefore(axis) * chunks;
        for (int k = 0; k < inputs; k++) {
            repeats[k] = staged[k] && isRepeated(k);
        }
    }

    /// The outermost axis of a block.
    private int split() {
        int axis = walk.rank - 1;
        below[axis] = 1;
        while (axis > 0 && walk.sizes[axis] * below[axis] < SHORT_ROW) {
            below[axis - 1] = below[axis] * walk.sizes[axis];
            axis--;
        }
        return axis;
    }

    /// A multiple of 16 near `steps`: blocks of so many rows begin at the start of a cache line where the first does,
    /// and vectors do not lie across two of them.
    private static long even(long steps) {
        return steps < 8 ? steps : (steps + 8) / 16 * 16;
    }

    private boolean isSingle(int k) {
        for (int i = axis; i < walk.rank; i++) {
            if (walk.strides[k][i] != 0 && walk.sizes[i] != 1) {
                return false;
            }
        }
        return walk.rank > 1 || walk.sizes[0] > 1;
    }

    private boolean isContiguous(int k, int from) {
        for (int i = from; i < walk.rank; i++) {
            if (walk.strides[k][i] != below[i] * operands[k].dtype().bytes()) {
                return false;
            }
        }
        return true;
    }

    private boolean isRepeated(int k) {
        for (int i = 0; i < axis; i++) {
            if (walk.strides[k][i] != 0) {
                return false;
            }
        }
        return chunks == 1 || walk.strides[k][axis] == 0;
    }

    /// Blocks [b0, b1).
    @Override
    public void run(long b0, long b1) {
        long slot = (elements * width + 63) / 64 * 64;
        var buffer = slots == 0 ? null : pool.allocate(slots * slot);
        try {
            new Pass(buffer == null ? MemorySegment.NULL : buffer.host(), slot).run(b0, b1);
        } finally {
            if (buffer != null) {
                pool.free(buffer);
            }
        }
    }

    /// Some blocks, one after another, with scratch memory of their own.
    private final class Pass {
        private final MemorySegment scratch;
        private final long[] shifts = new long[operands.length];
        private final long[] ins = new long[inputs];
        private final long[] outs = new long[operands.length - inputs];
        private final long[] filled = new long[inputs];
        private final long[] places = new long[operands.length];

        Pass(MemorySegment scratch, long slot) {
            this.scratch = scratch;
            int next = 0;
            for (int k = 0; k < operands.length; k++) {
                places[k] = staged[k] ? slot * next++ : 0;
                shifts[k] = staged[k] ? scratch.address() : operands[k].address() - operands[k].byteOffset();
            }
        }

        void run(long b0, long b1) {
            var cursor = new Walk.Cursor(walk, axis, b0 / chunks);
            long c = b0 % chunks;
            for (long b = b0; b < b1; b++) {
                long start = c * chunk;
                block(cursor.at, start, Math.min(chunk, walk.sizes[axis] - start));
                if (++c == chunks) {
                    c = 0;
                    cursor.next();
                }
            }
        }

        private void block(long[] at, long start, long length) {
            long n = length * below[axis];
            for (int k = 0; k < inputs; k++) {
                long place = at[k] + start * walk.strides[k][axis];
                ins[k] = shifts[k] + (staged[k] ? places[k] : place);
                if (staged[k] && !(repeats[k] && filled[k] >= n)) {
                    filled[k] = n;
                    gather(k, place, length);
                }
            }
            for (int k = inputs; k < operands.length; k++) {
                outs[k - inputs] = shifts[k] + (staged[k] ? places[k] : at[k] + start * walk.strides[k][axis]);
            }
            loop.run(ins, outs, 0, n);
            for (int k = inputs; k < operands.length; k++) {
                if (staged[k]) {
                    scatter(k, axis, at[k] + start * walk.strides[k][axis], places[k], length);
                }
            }
        }

        private void gather(int k, long at, long length) {
            if (single[k]) {
                Unpack.run(operands[k].dtype(), from(k), at, 0, compute, scratch, places[k], 1);
            } else {
                gather(k, axis, at, places[k], length);
            }
        }

        private MemorySegment from(int k) {
            return operands[k].segment();
        }

        private void gather(int k, int i, long at, long to, long length) {
            long stride = walk.strides[k][i];
            var type = operands[k].dtype();
            if (i == walk.rank - 1) {
                Unpack.run(type, from(k), at, stride, compute, scratch, to, length);
            } else if (isContiguous(k, i)) {
                Unpack.run(type, from(k), at, type.bytes(), compute, scratch, to, length * below[i]);
            } else {
                for (long j = 0; j < length; j++) {
                    gather(k, i + 1, at + j * stride, to + j * below[i] * width, walk.sizes[i + 1]);
                }
            }
        }

        private void scatter(int k, int i, long at, long from, long length) {
            long stride = walk.strides[k][i];
            var type = operands[k].dtype();
            if (i == walk.rank - 1) {
                Pack.run(compute, scratch, from, type, operands[k].segment(), at, stride, length);
            } else if (isContiguous(k, i)) {
                Pack.run(compute, scratch, from, type, operands[k].segment(), at, type.bytes(), length * below[i]);
            } else {
                for (long j = 0; j < length; j++) {
                    scatter(k, i + 1, at + j * stride, from + j * below[i] * width, walk.sizes[i + 1]);
                }
            }
        }
    }
}
