package org.sfumato.tensor.reference;

import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.spi.Operand;

/// Reading and adding at indices. All indices are checked before anything is written; sums are rounded once at the end.
final class IndexLoops {
    private IndexLoops() { }

    static void run(Index op, Operand[] in, Operand out) {
        var x = new Elements(in[0]);
        var index = new Elements(in[1]);
        var y = new Elements(out);
        switch (op) {
            case Index.Gather g -> {
                requireInside(op, index, in[0].shape().size(g.axis()));
                gather(x, Axis.of(in[0].shape(), g.axis()), index, Axis.of(out.shape(), g.axis()), y);
            }
            case Index.ScatterAdd s -> {
                requireInside(op, index, in[0].shape().size(s.axis()));
                scatterAdd(x, Axis.of(in[0].shape(), s.axis()), index, Axis.of(in[1].shape(), s.axis()),
                        new Elements(in[2]), y);
            }
            case Index.IndexSelect s -> {
                requireInside(op, index, in[0].shape().size(s.axis()));
                indexSelect(x, Axis.of(in[0].shape(), s.axis()), index, Axis.of(out.shape(), s.axis()), y);
            }
            case Index.IndexAdd a -> {
                requireInside(op, index, a.size());
                indexAdd(x, Axis.of(in[0].shape(), a.axis()), index, Axis.of(out.shape(), a.axis()), y);
            }
        }
    }

    private static void requireInside(Index op, Elements index, long bound) {
        for (long i = 0; i < index.count(); i++) {
            long value = index.whole(i);
            if (value < 0 || value >= bound) {
                throw new IndexOutOfBoundsException(op.name() + ": index " + value + " at position " + i
                        + " is outside [0, " + bound + ")");
            }
        }
    }

    private static void gather(Elements x, Axis from, Elements index, Axis to, Elements y) {
        for (long o = 0; o < to.outer(); o++) {
            for (long k = 0; k < to.size(); k++) {
                for (long i = 0; i < to.inner(); i++) {
                    y.put(to.at(o, k, i), x, from.at(o, index.whole(to.at(o, k, i)), i));
                }
            }
        }
    }

    private static void indexSelect(Elements x, Axis from, Elements index, Axis to, Elements y) {
        for (long o = 0; o < to.outer(); o++) {
            for (long k = 0; k < to.size(); k++) {
                for (long i = 0; i < to.inner(); i++) {
                    y.put(to.at(o, k, i), x, from.at(o, index.whole(k), i));
                }
            }
        }
    }

    private static void scatterAdd(Elements x, Axis to, Elements index, Axis from, Elements source, Elements y) {
        var sums = new Sums(y);
        sums.start(x);
        for (long o = 0; o < from.outer(); o++) {
            for (long k = 0; k < from.size(); k++) {
                for (long i = 0; i < from.inner(); i++) {
                    long at = from.at(o, k, i);
                    sums.add(to.at(o, index.whole(at), i), source, at);
                }
            }
        }
        sums.store();
    }

    private static void indexAdd(Elements source, Axis from, Elements index, Axis to, Elements y) {
        var sums = new Sums(y);
        for (long o = 0; o < from.outer(); o++) {
            for (long k = 0; k < from.size(); k++) {
                for (long i = 0; i < from.inner(); i++) {
                    sums.add(to.at(o, index.whole(k), i), source, from.at(o, k, i));
                }
            }
        }
        sums.store();
    }

    /// Sums in float64 or in 64-bit integers.
    private static final class Sums {
        private final Elements target;
        private final double[] reals;
        private final long[] wholes;

        Sums(Elements target) {
            this.target = target;
            this.reals = new double[target.type().isFloating() ? Math.toIntExact(target.count()) : 0];
            this.wholes = new long[target.type().isFloating() ? 0 : Math.toIntExact(target.count())];
        }

        void start(Elements x) {
            for (long i = 0; i < x.count(); i++) {
                add(i, x, i);
            }
        }

        void add(long at, Elements from, long i) {
            if (target.type().isFloating()) {
                reals[(int) at] += from.real(i);
            } else {
                wholes[(int) at] += from.whole(i);
            }
        }

        void store() {
            target.put(reals);
            target.put(wholes);
        }
    }
}
