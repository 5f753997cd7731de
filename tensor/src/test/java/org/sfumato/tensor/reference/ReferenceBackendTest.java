package org.sfumato.tensor.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Source;

class ReferenceBackendTest {
    private static final Device REFERENCE = Device.REFERENCE;

    private static Tensor range(long... sizes) {
        var shape = Shape.of(sizes);
        return Tensor.arange(0, 1, new Spec(shape, DType.F64), REFERENCE);
    }

    @Test
    void aMatrixProductOfViews() {
        var a = range(2, 3);
        assertThat(a.matmul(a.t()).toDoubles()).containsExactly(5, 14, 14, 50);
        assertThat(a.flip(1).matmul(a.t()).toDoubles()).containsExactly(1, 10, 10, 46);
    }

    @Test
    void wholeNumbersAreExactBeyondDoubles() {
        var big = Tensor.full(Shape.SCALAR, 0x1p53, DType.I64, REFERENCE).add(1);
        assertThat(big.mul(3).sub(2).toLongs()).containsExactly(((1L << 53) + 1) * 3 - 2);
        assertThat(big.add(1).eq(big).toLongs()).containsExactly(0);
    }

    @Test
    void anIndexOutsideIsFoundBeforeAnythingIsWritten() {
        var x = range(4, 2);
        var index = Tensor.arange(3, REFERENCE).mul(2);
        assertThatThrownBy(() -> x.indexSelect(0, index)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("indexSelect: index 4 at position 2 is outside [0, 4)");
    }

    @Test
    void randomElementsAreThoseOfTheDefinition() {
        var rng = Rng.of(7).fold(3);
        var normal = Tensor.random(new Source.Distribution.Normal(), new Spec(Shape.of(207), DType.F32), rng,
                REFERENCE).toFloats();
        var below = Tensor.random(new Source.Distribution.Integers(1000), new Spec(Shape.of(207), DType.I64), rng,
                REFERENCE).toLongs();
        for (int i = 0; i < normal.length; i++) {
            assertThat(normal[i]).isEqualTo(rng.normalFloat(i));
            assertThat(below[i]).isEqualTo(rng.below(i, 1000));
        }
    }

    /// Against exact decimal arithmetic: the result is next to the value, and even where two are equally near.
    @Test
    void halvesAreRoundedToNearestEvenInOneStep() {
        var rng = Rng.of(11);
        for (int i = 0; i < 20_000; i++) {
            double value = Math.scalb(rng.normal(i), (int) rng.below(i, 40) - 28);
            short base = Half.f16(value);
            requireNearest(value, Half::f16, bits -> Half.fromF16((short) bits), 0x7C00);
            double tie = (Half.fromF16(base) + Half.fromF16((short) (base + 1))) / 2;
            requireNearest(tie, Half::f16, bits -> Half.fromF16((short) bits), 0x7C00);
            requireNearest(Math.nextUp(tie), Half::f16, bits -> Half.fromF16((short) bits), 0x7C00);
            requireNearest(Math.nextDown(tie), Half::f16, bits -> Half.fromF16((short) bits), 0x7C00);
            double other = (Half.fromBf16(base) + Half.fromBf16((short) (base + 1))) / 2;
            requireNearest(other, Half::bf16, bits -> Half.fromBf16((short) bits), 0x7F80);
            requireNearest(Math.nextUp(other), Half::bf16, bits -> Half.fromBf16((short) bits), 0x7F80);
            requireNearest(Math.nextDown(other), Half::bf16, bits -> Half.fromBf16((short) bits), 0x7F80);
        }
        // the tie above the largest number goes to infinity
        assertThat(Half.f16(65520)).isEqualTo((short) 0x7C00);
        assertThat(Half.f16(Math.nextDown(65520.0))).isEqualTo((short) 0x7BFF);
        assertThat(Half.bf16(Double.MAX_VALUE)).isEqualTo((short) 0x7F80);
        assertThat(Half.f16(0x1p-25)).isEqualTo((short) 0);
        assertThat(Half.f16(Math.nextUp(0x1p-25))).isEqualTo((short) 1);
        assertThat(Half.fromBf16(Half.bf16(Double.NaN))).isNaN();
        assertThat(Half.fromF16(Half.f16(Double.NaN))).isNaN();
    }

    private interface ToBits {
        short of(double value);
    }

    private static void requireNearest(double value, ToBits round, DoubleUnaryOperator of, int infinity) {
        int bits = round.of(value);
        if ((bits & infinity) == infinity || (bits & ~0x8000) == 0 || Double.isInfinite(value) || Double.isNaN(value)) {
            // the neighbours of zero and infinity are tested by name
            return;
        }
        var here = distance(value, of.applyAsDouble(bits));
        for (int neighbour : new int[] {bits - 1, bits + 1}) {
            double there = of.applyAsDouble(neighbour);
            if (!Double.isInfinite(there) && !Double.isNaN(there)) {
                int order = here.compareTo(distance(value, there));
                assertThat(order < 0 || order == 0 && (bits & 1) == 0).as("%s -> %x", value, bits).isTrue();
            }
        }
    }

    private static BigDecimal distance(double a, double b) {
        return new BigDecimal(a).subtract(new BigDecimal(b)).abs();
    }
}
