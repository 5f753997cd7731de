package org.sfumato.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Scope;
import org.sfumato.testing.TorchFile;

/// The average of parameters against k-diffusion's formula (optimizers.safetensors).
class EmaTest {
    @Test
    void warmUpAndAverage() {
        Scope.temporary(() -> {
            var file = TorchFile.beside(EmaTest.class, "optimizers.safetensors");
            for (var path : new String[] {"ema1", "ema2"}) {
                var p = file.get("start/wide").copy();
                var ema = new Ema(Map.of("wide", p),
                        path.equals("ema1") ? new Ema.Config(.9999, 1, 2.0 / 3) : new Ema.Config(.6, 5, .75));
                var decays = file.get(path + "/decay").toDoubles();
                for (int s = 0; s < decays.length; s++) {
                    p.assign(p.sub(file.get("grads/wide").select(0, s)));
                    ema.update(s);
                    assertThat(ema.decay(s)).isCloseTo(decays[s], within(1e-12));
                    assertThat(TorchFile.error(ema.averages().get("wide"), file.get(path + "/wide").select(0, s), 1))
                            .as(path + " after step " + s).isLessThan(1e-6);
                }
            }
        });
    }

    @Test
    void itStartsAsACopy() {
        Scope.temporary(() -> {
            var p = org.sfumato.tensor.Tensor.of(1f, 2f);
            var ema = new Ema(Map.of("p", p), new Ema.Config(.9, 1, 2.0 / 3));
            p.assign(p.mul(3));
            assertThat(ema.averages().get("p").toFloats()).containsExactly(1, 2);
            ema.update(0);
            assertThat(ema.averages().get("p").toFloats()).as("decay 0 at the first update").containsExactly(3, 6);
        });
    }
}
