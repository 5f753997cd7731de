package org.sfumato.tensor.reference;

import java.util.Comparator;
import java.util.stream.LongStream;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.TopK;
import org.sfumato.tensor.spi.Operand;

/// Sorting along an axis: equal elements keep their order, NaN is largest, -0.0 equals 0.0.
final class OrderLoops {
    private OrderLoops() { }

    static void run(Sort op, Operand in, Operand[] out) {
        sort(in, op.axis(), op.descending(), in.shape().size(op.axis()), out);
    }

    static void run(TopK op, Operand in, Operand[] out) {
        sort(in, op.axis(), true, op.k(), out);
    }

    private static void sort(Operand in, int along, boolean descending, long keep, Operand[] out) {
        var x = new Elements(in);
        var values = new Elements(out[0]);
        var indices = new Elements(out[1]);
        var axis = Axis.of(in.shape(), along);
        var kept = Axis.of(out[0].shape(), along);
        for (long o = 0; o < axis.outer(); o++) {
            for (long i = 0; i < axis.inner(); i++) {
                long row = o;
                long column = i;
                Comparator<Long> rising = (a, b) -> compare(x, axis.at(row, a, column), axis.at(row, b, column));
                var order = LongStream.range(0, axis.size()).boxed()
                        .sorted(descending ? rising.reversed() : rising).mapToLong(Long::longValue).toArray();
                for (int k = 0; k < keep; k++) {
                    values.put(kept.at(o, k, i), x, axis.at(o, order[k], i));
                    indices.put(kept.at(o, k, i), order[k]);
                }
            }
        }
    }

    private static int compare(Elements x, long a, long b) {
        if (!x.type().isFloating()) {
            return Long.compare(x.whole(a), x.whole(b));
        }
        double p = x.real(a);
        double q = x.real(b);
        return p == q ? 0 : Double.compare(p, q);           // Double.compare puts NaN last
    }
}
