package org.sfumato.tensor.reference;

import org.sfumato.tensor.op.Concat;
import org.sfumato.tensor.op.Triangle;
import org.sfumato.tensor.op.Unslice;
import org.sfumato.tensor.spi.Operand;

/// Copies, casts, and copies with zeros.
final class MovementLoops {
    private MovementLoops() { }

    /// Copy and cast: the types of the operands say which.
    static void copy(Operand in, Operand out) {
        var x = new Elements(in);
        var y = new Elements(out);
        for (long i = 0; i < x.count(); i++) {
            y.put(i, x, i);
        }
    }

    static void run(Concat op, Operand[] in, Operand out) {
        var y = new Elements(out);
        var to = Axis.of(out.shape(), op.axis());
        long start = 0;
        for (var operand : in) {
            var x = new Elements(operand);
            var from = Axis.of(operand.shape(), op.axis());
            for (long o = 0; o < from.outer(); o++) {
                for (long k = 0; k < from.size(); k++) {
                    for (long i = 0; i < from.inner(); i++) {
                        y.put(to.at(o, start + k, i), x, from.at(o, k, i));
                    }
                }
            }
            start += from.size();
        }
    }

    static void run(Unslice op, Operand in, Operand out) {
        var x = new Elements(in);
        var y = new Elements(out);
        var slice = op.slice();
        var from = Axis.of(in.shape(), slice.axis());
        var to = Axis.of(out.shape(), slice.axis());
        for (long i = 0; i < y.count(); i++) {
            y.put(i, 0L);
        }
        for (long o = 0; o < from.outer(); o++) {
            for (long k = 0; k < from.size(); k++) {
                for (long i = 0; i < from.inner(); i++) {
                    y.put(to.at(o, slice.start() + k * slice.step(), i), x, from.at(o, k, i));
                }
            }
        }
    }

    static void run(Triangle op, Operand in, Operand out) {
        var x = new Elements(in);
        var y = new Elements(out);
        long rows = in.shape().size(-2);
        long columns = in.shape().size(-1);
        for (long i = 0; i < x.count(); i++) {
            long above = i % columns - i / columns % rows;          // how far above the main diagonal
            if (op.lower() ? above <= op.diagonal() : above >= op.diagonal()) {
                y.put(i, x, i);
            } else {
                y.put(i, 0L);
            }
        }
    }
}
