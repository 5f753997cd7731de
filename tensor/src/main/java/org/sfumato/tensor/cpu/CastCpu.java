package org.sfumato.tensor.cpu;

import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// The same values in another type: read into the type of arithmetic of the source, which holds them exactly, and
/// rounded once.
final class CastCpu {
    private static final long PIECE = 2048;
    private static final long GRAIN = 32 * 1024;

    private CastCpu() { }

    /// `out = in`, of any layouts.
    static void run(HostPool pool, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        if (in.dtype() == out.dtype()) {
            CopyCpu.copy(in, out);
            return;
        }
        in.address();                               // both lie in their buffers: Convert does not look
        out.address();
        var walk = Walk.of(out.shape(), in, out);
        int last = walk.rank - 1;
        long length = walk.sizes[last];
        long pieces = (length + PIECE - 1) / PIECE;
        long count = walk.countBefore(last) * pieces;
        Parallel.grains(count, Math.max(1, GRAIN / Math.min(length, PIECE)), (p0, p1) -> {
            var buffer = pool.allocate(8 * PIECE);
            try {
                var cursor = new Walk.Cursor(walk, last, p0 / pieces);
                for (long p = p0; p < p1; p++) {
                    long i = p % pieces * PIECE;
                    piece(in, cursor.at[0] + i * walk.strides[0][last], walk.strides[0][last], out,
                            cursor.at[1] + i * walk.strides[1][last], walk.strides[1][last],
                            Math.min(PIECE, length - i), buffer.host());
                    if ((p + 1) % pieces == 0) {
                        cursor.next();
                    }
                }
            } finally {
                pool.free(buffer);
            }
        });
    }

    private static void piece(Operand in, long at, long step, Operand out, long to, long toStep, long n,
            java.lang.foreign.MemorySegment scratch) {
        var compute = in.dtype().compute();
        boolean dense = step == in.dtype().bytes() && toStep == out.dtype().bytes();
        long done = !dense ? 0 : Convert.run(in.dtype(), in.segment().address() + at, out.dtype(),
                out.segment().address() + to, n);
        long from = at + done * step;
        long there = to + done * toStep;
        if (in.dtype() == compute && step == compute.bytes()) {
            Pack.run(compute, in.segment(), from, out.dtype(), out.segment(), there, toStep, n - done);
        } else {
            Unpack.run(in.dtype(), in.segment(), from, step, compute, scratch, 0, n - done);
            Pack.run(compute, scratch, 0, out.dtype(), out.segment(), there, toStep, n - done);
        }
    }
}
