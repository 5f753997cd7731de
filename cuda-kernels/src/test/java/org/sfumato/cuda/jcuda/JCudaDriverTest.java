package org.sfumato.cuda.jcuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sfumato.cuda.libcuda.CudaPlatform;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.spi.Platform.Presence;

class JCudaDriverTest {
    /// Without a driver JCuda's library does not load, with a driver and no device it does not start: both are said.
    @Test
    void aDeviceIsOpenedOrTheReasonIsSaid() {
        switch (new CudaPlatform().look()) {
            case Presence.Present _ -> {
                try (var driver = JCudaDriver.open(0)) {
                    assertThat(driver.properties().multiprocessors()).isPositive();
                    long address = driver.allocate(1 << 20);
                    driver.fill(address, (byte) 7, 1 << 20);
                    driver.free(address);
                }
            }
            case Presence.Absent _ -> assertThatThrownBy(() -> JCudaDriver.open(0))
                    .isInstanceOf(IllegalStateException.class).hasMessageStartingWith("cuda: ");
        }
    }

    @Test
    void tensorsElsewhereHaveNoPointer() {
        var x = Tensor.of(1f, 2f);
        assertThatThrownBy(() -> JCudaTensors.pointer(x)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'cpu' is no CUDA device").hasMessageContaining("hint:");
        assertThatThrownBy(() -> JCudaTensors.ready(Device.CPU)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void addressesArePointers() {
        assertThat(JCudaDriver.device(0x7000_0000_1000L).withByteOffset(16))
                .hasToString(JCudaDriver.device(0x7000_0000_1010L).toString());
    }
}
