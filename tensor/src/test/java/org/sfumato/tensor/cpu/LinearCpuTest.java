package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.spi.Operand;

/// The linear kernel against a plain sum in float64.
class LinearCpuTest {
    @ParameterizedTest
    @CsvSource({"1,1,1", "3,7,5", "8,16,32", "17,33,15", "100,64,207", "33,300,31", "65,128,128"})
    void rowsTimesWeights(int rows, int inputs, int outputs) {
        var x = Fixture.normal(1, rows * inputs, 0, 1);
        var w = Fixture.normal(2, outputs * inputs, 0, 1);
        var b = Fixture.normal(3, outputs, 0, 1);
        double bound = 4e-7 * inputs + 1e-6;
        for (boolean bias : new boolean[] {false, true}) {
            var y = expected(x, w, bias ? b : new double[outputs], rows, inputs, outputs);
            Operand[] in = {Fixture.f32(x, rows, inputs), Fixture.f32(w, outputs, inputs), Fixture.f32(b, outputs)};
            in = bias ? in : java.util.Arrays.copyOf(in, 2);
            Fixture.assertClose("linear", Fixture.run(new LinearOp(), in)[0], y, bound, 1e-6);
        }
    }

    @Test
    void viewsAreReadWhereTheyLie() {
        var x = Fixture.normal(1, 4 * 5 * 9, 0, 1);
        var w = Fixture.normal(2, 7 * 9, 0, 1);
        var b = Fixture.normal(3, 7, 0, 1);
        var y = expected(x, w, b, 20, 9, 7);
        var weight = Fixture.view(DType.F32, w, new int[] {1, 0}, 2, 7, 9);
        var bias = Fixture.view(DType.F32, b, new int[] {0}, 2, 7);
        for (int[] order : new int[][] {{0, 1, 2}, {1, 0, 2}, {2, 1, 0}}) {
            var in = Fixture.view(DType.F32, x, order, 1, 4, 5, 9);
            Fixture.assertClose("linear", Fixture.run(new LinearOp(), in, weight, bias)[0], y, 1e-5, 1e-6);
        }
    }

    @Test
    void noInputsGiveTheBias() {
        var y = Fixture.run(new LinearOp(), Fixture.f32(new double[0], 3, 0), Fixture.f32(new double[0], 2, 0),
                Fixture.f32(new double[] {1, 2}, 2))[0];
        assertThat(y).containsExactly(1, 2, 1, 2, 1, 2);
        assertThat(Fixture.run(new LinearOp(), Fixture.f32(new double[0], 0, 4), Fixture.f32(new double[8], 2,
                4))[0]).isEmpty();
    }

    private static double[] expected(double[] x, double[] w, double[] b, int rows, int inputs, int outputs) {
        var y = new double[rows * outputs];
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outputs; o++) {
                double sum = b[o];
                for (int i = 0; i < inputs; i++) {
                    sum += x[r * inputs + i] * w[o * inputs + i];
                }
                y[r * outputs + o] = sum;
            }
        }
        return y;
    }
}
