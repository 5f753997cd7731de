package org.sfumato.tensor.reference;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.spi.Operand;

/// Operations without inputs. Random elements are those of [org.sfumato.tensor.Rng], one call for each.
final class SourceLoops {
    private SourceLoops() { }

    static void run(Source op, Operand out) {
        var y = new Elements(out);
        switch (op) {
            case Source.Fill f -> {
                for (long i = 0; i < y.count(); i++) {
                    y.put(i, f.value());
                }
            }
            case Source.Arange a -> {
                for (long i = 0; i < y.count(); i++) {
                    if (y.type().isFloating()) {
                        y.put(i, a.start() + i * a.step());
                    } else {
                        y.put(i, (long) a.start() + i * (long) a.step());
                    }
                }
            }
            case Source.Random r -> random(r, y);
        }
    }

    private static void random(Source.Random op, Elements y) {
        var rng = op.rng();
        for (long i = 0; i < y.count(); i++) {
            switch (op.distribution()) {
                case Source.Distribution.Uniform _ -> y.put(i, y.type() == DType.F64 ? rng.uniformDouble(i)
                        : rng.uniform(i));
                case Source.Distribution.Normal _ -> y.put(i, y.type() == DType.F64 ? rng.normal(i)
                        : rng.normalFloat(i));
                case Source.Distribution.Bernoulli(double p) -> y.put(i, rng.bernoulli(i, p) ? 1L : 0L);
                case Source.Distribution.Integers(long bound) -> y.put(i, rng.below(i, bound));
            }
        }
    }
}
