package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Stable sorting and selection along an axis. NaN is larger than every number; -0.0 equals 0.0.
///
/// Each element becomes a key, a whole number of the same order. Keys of 32 bits take the index along in the low half
/// of a `long`: no two are equal, so any sort of longs is stable. Wider keys are merged with their indices.
final class SortCpu {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long GRAIN = 4096;
    private static final int RUN = 16;              // sorted by insertion before merging begins

    private final HostPool pool;
    private final Operand in;
    private final Operand values;
    private final Operand indices;
    private final Lines lines;
    private final boolean descending;
    private final int n;
    private final int k;

    private SortCpu(HostPool pool, int axis, boolean descending, Operand in, Operand[] out) {
        this.pool = pool;
        this.in = in;
        this.descending = descending;
        values = out[0];
        indices = out[1];
        lines = new Lines(axis, in, values, indices);
        if (lines.size(0) > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("sort: an axis of 2^31 elements or more, " + in.spec());
        }
        n = (int) lines.size(0);
        k = (int) lines.size(1);
    }

    /// The first elements of each line in order, as many as the outputs have, and the indices they came from.
    static void run(HostPool pool, int axis, boolean descending, Operand in, Operand[] out) {
        if (out[0].shape().count() == 0) {
            return;
        }
        var sort = new SortCpu(pool, axis, descending, in, out);
        Parallel.grains(sort.lines.count, Math.max(1, GRAIN / sort.n), sort::lines);
    }

    private void lines(long r0, long r1) {
        var compute = in.dtype().compute();
        var buffer = pool.allocate((long) n * compute.bytes());
        boolean narrow = compute == DType.F32 || in.dtype() != DType.I64 && compute == DType.I64;
        var keys = new long[n];
        var spare = new long[narrow ? 0 : n];
        var order = new int[narrow ? 0 : n];
        var spareOrder = new int[narrow ? 0 : n];
        try {
            var line = buffer.host();
            var cursor = lines.from(r0);
            for (long r = r0; r < r1; r++) {
                Unpack.run(in.dtype(), in.segment(), cursor.at[0], lines.step(0), compute, line, 0, n);
                if (narrow) {
                    narrowKeys(compute, line, keys);
                    select(keys);
                    write(cursor.at, keys, null);
                } else {
                    wideKeys(compute, line, keys, order);
                    write(cursor.at, null, merge(keys, order, spare, spareOrder));
                }
                cursor.next();
            }
        } finally {
            pool.free(buffer);
        }
    }

    private void narrowKeys(DType compute, MemorySegment line, long[] keys) {
        for (int i = 0; i < n; i++) {
            int key = compute == DType.F32 ? key(line.get(Simd.FLOAT, 4L * i)) : (int) line.get(LONG, 8L * i);
            keys[i] = (long) (descending ? ~key : key) << 32 | i;
        }
    }

    private static int key(float x) {
        int bits = Float.floatToIntBits(x + 0f);                        // one NaN, one zero
        return bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
    }

    private void wideKeys(DType compute, MemorySegment line, long[] keys, int[] order) {
        for (int i = 0; i < n; i++) {
            long key = compute == DType.F64 ? key(line.get(Simd.DOUBLE, 8L * i)) : line.get(LONG, 8L * i);
            keys[i] = descending ? ~key : key;
            order[i] = i;
        }
    }

    private static long key(double x) {
        long bits = Double.doubleToLongBits(x + 0.0);
        return bits >= 0 ? bits : bits ^ Long.MAX_VALUE;
    }

    /// Brings the `k` smallest keys to the front, in order.
    private void select(long[] keys) {
        if (k < n / 8) {
            heapify(keys);
            long top = keys[0];
            for (int i = k; i < n; i++) {
                long key = keys[i];
                if (key < top) {
                    sink(keys, 0, key);
                    top = keys[0];
                }
            }
            Arrays.sort(keys, 0, k);
        } else {
            Arrays.sort(keys);
        }
    }

    /// Makes a heap of the first `k` keys, the largest on top.
    private void heapify(long[] keys) {
        for (int i = k / 2 - 1; i >= 0; i--) {
            sink(keys, i, keys[i]);
        }
    }

    private void sink(long[] heap, int from, long key) {
        int at = from;
        for (int child = 2 * at + 1; child < k; child = 2 * at + 1) {
            if (child + 1 < k && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= key) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = key;
    }

    /// Sorts keys and their indices together and returns the indices.
    private static int[] merge(long[] keys, int[] order, long[] spare, int[] spareOrder) {
        int n = keys.length;
        for (int from = 0; from < n; from += RUN) {
            insert(keys, order, from, Math.min(n - from, RUN) + from);
        }
        for (int run = RUN; run < n; run = run > n / 2 ? n : 2 * run) {
            for (long from = 0; from < n; from += 2L * run) {
                int middle = (int) Math.min(n, from + run);
                merge(keys, order, (int) from, middle, (int) Math.min(n, (long) middle + run), spare, spareOrder);
            }
            System.arraycopy(spare, 0, keys, 0, n);
            System.arraycopy(spareOrder, 0, order, 0, n);
        }
        return order;
    }

    private static void insert(long[] keys, int[] order, int from, int to) {
        for (int i = from + 1; i < to; i++) {
            long key = keys[i];
            int index = order[i];
            int j = i;
            for (; j > from && keys[j - 1] > key; j--) {
                keys[j] = keys[j - 1];
                order[j] = order[j - 1];
            }
            keys[j] = key;
            order[j] = index;
        }
    }

    private static void merge(long[] keys, int[] order, int from, int middle, int to, long[] spare, int[] spareOrder) {
        int a = from;
        int b = middle;
        for (int i = from; i < to; i++) {
            boolean first = b >= to || a < middle && keys[a] <= keys[b];
            int source = first ? a++ : b++;
            spare[i] = keys[source];
            spareOrder[i] = order[source];
        }
    }

    /// Writes the first `k` elements; the index of each is in the low half of its key or in `order`.
    private void write(long[] at, long[] keys, int[] order) {
        int width = in.dtype().bytes();
        var from = in.segment();
        var to = values.segment();
        for (int i = 0; i < k; i++) {
            int index = order == null ? (int) keys[i] : order[i];
            indices.segment().set(LONG, at[2] + i * lines.step(2), index);
            IndexCpu.move(width, from, at[0] + index * lines.step(0), to, at[1] + i * lines.step(1));
        }
    }
}
