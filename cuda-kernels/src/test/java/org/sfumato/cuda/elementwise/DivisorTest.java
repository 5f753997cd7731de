package org.sfumato.cuda.elementwise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class DivisorTest {
    @Test
    void quotientsAreExact() {
        var random = new Random(1);
        for (int k = 0; k < 3000; k++) {
            int d = k < 1000 ? k + 1 : random.nextInt(Integer.MAX_VALUE) + 1 >>> random.nextInt(31);
            d = Math.max(1, d);
            var divisor = Divisor.of(d);
            for (int i = 0; i < 50; i++) {
                int n = random.nextInt(Integer.MAX_VALUE) >>> random.nextInt(31);
                int multiple = (int) Math.min(Integer.MAX_VALUE, (long) n / d * d);
                assertThat(divisor.divide(n)).as("%d / %d", n, d).isEqualTo(n / d);
                assertThat(divisor.divide(multiple)).as("%d / %d", multiple, d).isEqualTo(multiple / d);
                assertThat(divisor.divide(Math.max(0, multiple - 1))).isEqualTo(Math.max(0, multiple - 1) / d);
            }
            assertThat(divisor.divide(Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE / d);
        }
    }
}
