package org.sfumato.tensor.expr;

import static org.assertj.core.api.Assertions.assertThat;

import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/// The exponential of a softmax against the library's in float64.
class ExpBelowTest {
    private static final double ULPS = 1.05;

    @Test
    void isAccurateWhereItsResultIsNormal() {
        for (int bits = 0; bits <= Float.floatToRawIntBits(88f); bits += 61) {
            check(Float.intBitsToFloat(bits));
            check(Math.max(-87.33f, -Float.intBitsToFloat(bits)));
        }
    }

    private static void check(float x) {
        double right = Math.exp(x);
        double error = Math.abs(at(x) - right) / Math.ulp((float) right);
        if (!(error <= ULPS)) { // assertThat itself is too slow for each of so many
            assertThat(error).as("expBelow(%s) = %s", x, at(x)).isLessThanOrEqualTo(ULPS);
        }
    }

    @Test
    void isRightAtTheEdges() {
        assertThat(at(0)).isEqualTo(1);
        assertThat(at(-88)).isZero();
        assertThat(at(-1e30f)).isZero();
        assertThat(at(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(at(Float.NaN)).isNaN();
    }

    private static float at(float x) {
        return VectorMath.expBelow(FloatVector.broadcast(VectorMath.SPECIES, x)).lane(0);
    }
}
