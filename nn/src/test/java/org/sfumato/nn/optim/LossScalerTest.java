package org.sfumato.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;

/// The scale of a loss against torch.amp.GradScaler (precision.safetensors, written by make_precision.py).
class LossScalerTest {
    @ParameterizedTest
    @CsvSource({"scaler, 65536, 3", "highest, 0x1p126, 1"})
    void theScaleIsThatOfPyTorch(String name, String initial, int interval) {
        Scope.temporary(() -> {
            var file = TorchFile.beside(LossScalerTest.class, "precision.safetensors");
            var overflows = file.get("overflows").toLongs();
            var scaler = new LossScaler(new LossScaler.Config(Double.parseDouble(initial), 2, .5, interval),
                    Device.CPU);
            var scales = new double[overflows.length + 1];
            var streaks = new double[scales.length];
            for (int i = 0; i < scales.length; i++) {
                scales[i] = scaler.state().get("scale").item();
                streaks[i] = scaler.state().get("streak").item();
                if (i < overflows.length) {
                    double norm = overflows[i] == 0 ? 3 : i % 2 == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
                    var inverse = scaler.inverse();
                    scaler.update(Tensor.full(Shape.SCALAR, norm, DType.F32, Device.CPU));
                    assertThat(inverse.item()).isEqualTo(1 / scales[i]);
                }
            }
            assertThat(scales).isEqualTo(file.get(name + "/scales").toDoubles());
            assertThat(streaks).isEqualTo(file.get(name + "/streaks").toDoubles());
        });
    }

    @Test
    void theDefaultIsThatOfPyTorch() {
        assertThat(LossScaler.Config.DEFAULT).isEqualTo(new LossScaler.Config(65536, 2, .5, 2000));
    }

    @Test
    void whatCannotRiseOrFallIsRefused() {
        assertThatThrownBy(() -> new LossScaler.Config(1, 1, .5, 10)).hasMessageContaining("growth 1.0 above 1");
        assertThatThrownBy(() -> new LossScaler.Config(1, 2, 1, 10)).hasMessageContaining("backoff 1.0 in (0, 1)");
    }
}
