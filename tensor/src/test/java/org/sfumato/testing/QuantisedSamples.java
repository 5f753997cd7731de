package org.sfumato.testing;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.op.DequantiseOp;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.quantised.WeightFormat;

/// Samples of the operations on stored matrices: rows that fill their blocks and such that do not, one row of x, few
/// and many.
final class QuantisedSamples {
    private static final long[][] SIZES = {{1, 1, 1}, {1, 64, 7}, {3, 7, 5}, {2, 96, 33}, {9, 207, 130}, {0, 5, 3},
        {4, 33, 0}, {65, 64, 17}};

    private QuantisedSamples() { }

    /// The parts of a matrix of normal numbers.
    private static List<Input> parts(WeightFormat format, long rows, long columns) {
        var parts = new ArrayList<Input>();
        Scope.temporary(() -> {
            var matrix = Input.normal(1, rows, columns).on(DType.F32, Device.CPU);
            for (var part : format.quantise(matrix)) {
                parts.add(Input.of(part.toDoubles(), part.shape().sizes()).as(part.dtype()));
            }
        });
        return parts;
    }

    static List<Sample> dequantise() {
        var samples = new ArrayList<Sample>();
        for (var format : WeightFormat.values()) {
            for (var s : SIZES) {
                samples.addAll(new Sample(new DequantiseOp(format, s[1]), parts(format, s[2], s[1]), Sample.FIXED, 0)
                        .forms());
            }
        }
        return samples;
    }

    static List<Sample> linear() {
        var samples = new ArrayList<Sample>();
        for (var format : WeightFormat.values()) {
            var op = new QuantisedLinearOp(format);
            for (var s : SIZES) {
                var in = parts(format, s[2], s[1]);
                in.addFirst(Input.normal(0, s[0], s[1]));
                samples.addAll(new Sample(op, in, Sample.FLOATING, Math.sqrt(s[1] + 1)).forms());
                in.add(Input.normal(2, s[2]));
                samples.add(new Sample(op, List.copyOf(in), Sample.FLOATING, Math.sqrt(s[1] + 1)));
            }
            var in = parts(format, 5, 40);
            in.addFirst(Input.normal(0, 2, 1, 40));
            in.add(Input.normal(2, 5));
            samples.addAll(new Sample(op, in, Sample.FLOATING, 7).forms());
        }
        return samples;
    }
}
