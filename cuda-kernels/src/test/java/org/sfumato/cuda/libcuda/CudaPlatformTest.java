package org.sfumato.cuda.libcuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.cuda.Driver;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.spi.Platform.Presence;

/// Each way in which a device can be missing is said, and the processor goes on working.
class CudaPlatformTest {
    /// A driver that gives fixed answers.
    private record Fixed(int init, int version, int devices) implements CudaPlatform.Probe {
        @Override
        public String describe(int result) {
            return "error " + result;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "100, 12020, 0, 'the NVIDIA driver (for CUDA 12.2) sees no device'",
        "0,   13000, 0, 'the NVIDIA driver (for CUDA 13.0) sees no device'",
        "803, 12020, 0, 'the NVIDIA driver does not start: error 803'",
        "0,   10020, 1, 'the NVIDIA driver is too old: it supports CUDA 10.2, needed is 11.0'"})
    void aDriverWithoutAUsableDeviceSaysWhy(int init, int version, int devices, String why) {
        var presence = CudaPlatform.presence(() -> Optional.of(new Fixed(init, version, devices)));
        assertThat(presence).isInstanceOfSatisfying(Presence.Absent.class,
                absent -> assertThat(absent.why()).startsWith(why));
    }

    @Test
    void noDriverIsSaid() {
        assertThat(CudaPlatform.presence(Optional::empty))
                .isEqualTo(new Presence.Absent("no NVIDIA driver was found (libcuda.so.1)"));
    }

    @Test
    void forbiddenNativeAccessIsSaid() {
        assertThat(CudaPlatform.presence(() -> {
            throw new IllegalCallerException("Illegal native access");
        })).isInstanceOfSatisfying(Presence.Absent.class,
                absent -> assertThat(absent.why()).contains("hint:").contains("--enable-native-access"));
    }

    @Test
    void devicesAreCounted() {
        assertThat(CudaPlatform.presence(() -> Optional.of(new Fixed(0, 11000, 2)))).isEqualTo(new Presence.Present(2));
    }

    @Test
    void aDeviceTooOldForOurKernelsIsRefused() {
        LibCuda.requireNewEnough(new Driver.Properties("T4", 7, 5, 40, 1L << 34, 65536));
        LibCuda.requireNewEnough(new Driver.Properties("A100", 8, 0, 108, 1L << 36, 166912));
        assertThatThrownBy(() -> LibCuda.requireNewEnough(new Driver.Properties("V100", 7, 0, 80, 1L << 34, 98304)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("V100 has compute capability 7.0, needed is 7.5").hasMessageContaining("hint:");
    }

    /// On a machine with a device this finds it; on any other the reason reaches who asks for it.
    @Test
    void whoAsksForTheDeviceIsToldWhyThereIsNone() {
        var presence = new CudaPlatform().look();
        if (presence instanceof Presence.Absent(String why)) {
            assertThat(Backends.absent()).containsEntry("cuda", why);
            assertThat(Backends.devices()).contains(Device.CPU).doesNotContain(Device.of("cuda"));
            assertThatThrownBy(() -> Backends.of(Device.of("cuda"))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("device: 'cuda' is not available: " + why);
        } else {
            assertThat(Backends.devices()).contains(Device.of("cuda"));
        }
    }
}
