package org.sfumato.cuda.libcuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import org.junit.jupiter.api.Test;

class NativeLibraryTest {
    @Test
    void functionsOfTheCLibraryCanBeCalled() {
        var found = NativeLibrary.open(List.of("libc.so.6"), List.of());
        assumeTrue(found.isPresent(), "no libc.so.6: not Linux");
        var library = found.orElseThrow();
        assertThat(library.function("abs", "I").call(-5)).isEqualTo(5);
        try (var arena = Arena.ofConfined()) {
            var text = arena.allocateFrom("12");
            assertThat(library.function("atoi", "L").call(text.address())).isEqualTo(12);
            var copy = arena.allocate(3);
            library.function("memcpy", "LLL").call(copy.address(), text.address(), 3L);
            assertThat(copy.getString(0)).isEqualTo("12");
            library.function("memset", "LIL");
            assertThat(library.function("memcmp", "LLL").call(copy.address(), text.address(), 3L)).isZero();
        }
        assertThatThrownBy(() -> library.function("cuNothing", "I").call(1))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("libc.so.6 has no function cuNothing").hasMessageContaining("hint:");
    }

    @Test
    void aLibraryIsLookedForInFoldersToo() {
        assertThat(NativeLibrary.open(List.of("libnothing.so.1"), List.of(Path.of("nowhere")))).isEmpty();
    }

    /// JCuda's enumerations are made from NVIDIA's header file.
    @Test
    void constantsAreThoseOfTheHeader() throws ReflectiveOperationException {
        var ours = Map.ofEntries(
                Map.entry("CUDA_ERROR_OUT_OF_MEMORY", CUresult.class),
                Map.entry("CU_STREAM_NON_BLOCKING", CUstream_flags.class),
                Map.entry("CU_STREAM_CAPTURE_MODE_RELAXED", CUstreamCaptureMode.class),
                Map.entry("CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT", CUdevice_attribute.class),
                Map.entry("CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR", CUdevice_attribute.class),
                Map.entry("CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR", CUdevice_attribute.class),
                Map.entry("CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN", CUdevice_attribute.class),
                Map.entry("CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES", CUfunction_attribute.class),
                Map.entry("CU_JIT_ERROR_LOG_BUFFER", CUjit_option.class),
                Map.entry("CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES", CUjit_option.class));
        for (var constant : ours.entrySet()) {
            var field = LibCuda.class.getDeclaredField(constant.getKey());
            field.setAccessible(true);
            assertThat(field.getInt(null)).as(constant.getKey())
                    .isEqualTo(constant.getValue().getField(constant.getKey()).getInt(null));
        }
        assertThat(Arrays.stream(LibCuda.class.getDeclaredFields()).filter(f -> f.getName().startsWith("CU"))
                .filter(f -> f.getType() == int.class)).hasSameSizeAs(ours.keySet());
        assertThat(ValueLayout.ADDRESS.byteSize()).isEqualTo(Long.BYTES);
    }
}
