package org.sfumato.autograd;

import java.util.Arrays;
import java.util.function.Function;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Compares gradients with finite differences in float64: `df/dx_i = (f(x + h e_i) - f(x - h e_i)) / 2h`, for a
/// weighted sum `f` of all results.
public final class GradCheck {
    /// The largest error found: relative to `max(1, |gradient|)`, at element `element` of input `input`.
    ///
    /// @param gradient what the tape says there
    /// @param difference what finite differences say there
    public record Report(double error, int input, int element, double gradient, double difference) {
        /// True if the error is at most `tolerance`; false if it is NaN.
        public boolean passes(double tolerance) {
            return error <= tolerance;
        }

        @Override
        public String toString() {
            return "gradcheck: error %.3g at element %d of input %d: gradient %.12g, finite difference %.12g"
                    .formatted(error, element, input, gradient, difference);
        }
    }

    private GradCheck() { }

    /// Checks the gradients of `function` by all of `inputs`, f64 tensors, with steps of 1e-6.
    ///
    /// @throws IllegalArgumentException if an input is not f64
    public static Report of(Function<Tensor[], Tensor> function, Tensor... inputs) {
        return of(function, 1e-6, inputs);
    }

    /// Checks the gradients of `function` by all of `inputs`, f64 tensors, with steps of `h`.
    ///
    /// @throws IllegalArgumentException if an input is not f64
    public static Report of(Function<Tensor[], Tensor> function, double h, Tensor... inputs) {
        for (var input : inputs) {
            if (input.dtype() != DType.F64) {
                throw new IllegalArgumentException("gradcheck: needs f64 inputs, got " + input.spec()
                        + "\nhint: cast(DType.F64)");
            }
        }
        var exact = new double[inputs.length][];
        try (var tape = Tape.record(() -> weighted(function.apply(inputs)))) {
            var gradients = tape.gradients(inputs);
            for (int k = 0; k < inputs.length; k++) {
                exact[k] = gradients.of(inputs[k]).toDoubles();
            }
        }
        var worst = new Report(0, 0, 0, 0, 0);
        for (int k = 0; k < inputs.length; k++) {
            for (int i = 0; i < exact[k].length; i++) {
                double difference = (shifted(function, inputs, k, i, h) - shifted(function, inputs, k, i,
                        -h)) / (2 * h);
                double error = Math.abs(exact[k][i] - difference) / Math.max(1, Math.abs(difference));
                if (!Double.isNaN(worst.error) && !(error <= worst.error)) {           // a NaN is the worst
                    worst = new Report(error, k, i, exact[k][i], difference);
                }
            }
        }
        return worst;
    }

    private static double shifted(Function<Tensor[], Tensor> function, Tensor[] inputs, int k, int i, double by) {
        try (var scope = Scope.open("gradcheck")) {
            return scope.call(() -> {
                var data = inputs[k].toDoubles();
                data[i] += by;
                var moved = Arrays.copyOf(inputs, inputs.length);
                moved[k] = Tensor.of(data, inputs[k].shape().sizes()).to(inputs[k].device());
                return weighted(function.apply(moved)).item();
            });
        }
    }

    /// The sum of all elements, each with a weight of its own, so that no error cancels.
    private static Tensor weighted(Tensor y) {
        long n = y.shape().count();
        var weights = Tensor.arange(n, y.device()).cast(DType.F64).mul(.7).add(.3).sin().add(1.5).reshape(y.shape());
        return y.mul(weights).sum();
    }
}
