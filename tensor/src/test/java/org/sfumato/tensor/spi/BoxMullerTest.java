package org.sfumato.tensor.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/// The fixed operations against StrictMath's logarithm, sine and cosine.
class BoxMullerTest {
    private static final int N = 200_000;

    @Test
    void singlePrecisionIsNearTheExactFormula() {
        double worstRadius = 0;
        double worstTurn = 0;
        for (long i = 0; i < N; i++) {
            int w = Philox.word(7, 0, i);
            double r = StrictMath.sqrt(-2 * StrictMath.log((float) (w >>> 1 | 1) * 0x1p-31));
            double angle = 2 * StrictMath.PI * ((w & 0xFFFF_FFFFL) * 0x1p-32);
            worstRadius = Math.max(worstRadius, Math.abs(BoxMuller.radius(w) - r) / Math.max(r, 1e-30));
            worstTurn = Math.max(worstTurn, Math.abs(BoxMuller.cosTurn(w) - StrictMath.cos(angle)));
            worstTurn = Math.max(worstTurn, Math.abs(BoxMuller.sinTurn(w) - StrictMath.sin(angle)));
        }
        assertThat(worstRadius).isLessThan(2e-7);
        assertThat(worstTurn).isLessThan(1e-7);
    }

    @Test
    void doublePrecisionIsNearTheExactFormula() {
        double worstRadius = 0;
        double worstTurn = 0;
        for (long i = 0; i < N; i++) {
            long bits = Philox.bits(7, 0, i);
            double r = StrictMath.sqrt(-2 * StrictMath.log(((bits >>> 12) + 0.5) * 0x1p-52));
            double angle = 2 * StrictMath.PI * ((bits >> 11) * 0x1p-53);        // in [-pi, pi): small, hence exact
            worstRadius = Math.max(worstRadius, Math.abs(BoxMuller.radius(bits) - r) / r);
            worstTurn = Math.max(worstTurn, Math.abs(BoxMuller.cosTurn(bits) - StrictMath.cos(angle)));
            worstTurn = Math.max(worstTurn, Math.abs(BoxMuller.sinTurn(bits) - StrictMath.sin(angle)));
        }
        assertThat(worstRadius).isLessThan(1e-15);
        assertThat(worstTurn).isLessThan(2e-15);
    }

    @Test
    void theEndsOfTheRangeAreFiniteAndAsStated() {
        assertThat(BoxMuller.radius(0)).isCloseTo((float) Math.sqrt(62 * Math.log(2)), within(1e-6f));
        assertThat(BoxMuller.radius(-1)).isZero();
        assertThat(BoxMuller.radius(0L)).isCloseTo(Math.sqrt(106 * Math.log(2)), within(1e-14));
        assertThat(BoxMuller.radius(-1L)).isBetween(1e-8, 2e-8);                // sqrt(2^-52)
        assertThat(BoxMuller.cosTurn(0)).isEqualTo(1f);
        assertThat(BoxMuller.sinTurn(0)).isEqualTo(0f);
        assertThat(BoxMuller.cosTurn(1 << 30)).isEqualTo(-0f);
        assertThat(BoxMuller.sinTurn(1 << 30)).isEqualTo(1f);
        assertThat(BoxMuller.cosTurn(1 << 31)).isEqualTo(-1f);
        assertThat(BoxMuller.sinTurn(3 << 30)).isEqualTo(-1f);
        assertThat(BoxMuller.cosTurn(1L << 63)).isEqualTo(-1.0);
        assertThat(BoxMuller.sinTurn(1L << 62)).isEqualTo(1.0);
        assertThat(BoxMuller.sinTurn(3L << 62)).isEqualTo(-1.0);
    }
}
