package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// What a file is, is found in its bytes; what a folder holds, by the hub's names; and reading converts.
class TensorFileTest {
    @TempDir
    private Path folder;

    private void refused(byte[] bytes, String why) throws IOException {
        var file = Files.write(folder.resolve("case"), bytes);
        assertThatThrownBy(() -> TensorFile.open(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining("case").hasMessageContaining(why);
    }

    @Test
    void whatIsNoFileOfTensorsIsSaidToBeWhatItIs() throws IOException {
        refused(new byte[0], "it is empty");
        refused(Fixtures.ascii("version https://git-lfs.github.com/spec/v1\noid"), "git lfs pull");
        refused(Fixtures.ascii("<!DOCTYPE html><html>"), "the download has failed");
        refused(Fixtures.ascii("\u0089HDF\r\n\032\n"), "it is HDF5");
        refused(Files.readAllBytes(Fixtures.file("f4.npy")), "Npy.read");
        refused(Fixtures.ascii("hello, world, this is text"), "it begins with 68 65 6c 6c 6f 2c 20 77");
        refused(Fixtures.ascii("{\"a\":1}"), "it has no weight_map");
        refused(new byte[4096], "it begins with 00 00");
        assertThatThrownBy(() -> TensorFile.open(folder.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aFolderIsSearchedByTheNamesOfTheHub() throws IOException {
        assertThatThrownBy(() -> TensorFile.open(folder)).hasMessageContaining("the folder has no tensors");
        var whole = Fixtures.file("whole.safetensors");
        Files.copy(whole, folder.resolve("x.safetensors"));
        assertThat(names()).hasSize(12);
        Files.copy(whole, folder.resolve("y.safetensors"));
        assertThatThrownBy(() -> TensorFile.open(folder)).hasMessageContaining("2 .safetensors files and no index");
        Files.copy(Fixtures.file("python.safetensors"), folder.resolve("model.safetensors"));
        assertThat(names()).hasSize(11);
    }

    private java.util.List<String> names() throws IOException {
        try (var file = TensorFile.open(folder)) {
            return file.names();
        }
    }

    /// Its length, 0x7B20, looks like the beginning of a JSON text.
    @Test
    void aHeaderMayBeAsLongAsItLikes() throws IOException {
        var json = "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}";
        var file = Files.write(folder.resolve("a"), Fixtures.put(Fixtures.bytes().putLong(0x7B20)
                .put(Fixtures.ascii(json + " ".repeat(0x7B20 - json.length()))).put((byte) -1).put((byte) 1)));
        assertThat(Fixtures.contents(() -> {
            try (var opened = TensorFile.open(file)) {
                return opened.tensors();
            }
        }).get("a")).isEqualTo(new Fixtures.Content("i32 (2,)",
                java.nio.ByteBuffer.wrap(new byte[] {-1, 0, 0, 0, 1, 0, 0, 0})));
    }

    @Test
    void valuesAreConvertedWhileTheyAreReadAsCastDoes() throws IOException {
        try (var scope = Scope.open("test")) {
            scope.run(() -> Fixtures.unchecked(() -> {
                var x = Tensor.normal(Shape.of(3, 100_001), Rng.of(3)).mul(100);         // more than two pieces
                Safetensors.write(folder.resolve("x"), Map.of("f32", x, "bf16", x.cast(DType.BF16),
                        "f16", x.cast(DType.F16)), Map.of());
                try (var file = TensorFile.open(folder.resolve("x"))) {
                    for (var device : new Device[] {Device.CPU, Device.REFERENCE}) {
                        for (var type : DType.values()) {
                            var expected = Fixtures.Content.of(x.cast(type).copy());
                            assertThat(Fixtures.Content.of(file.tensor("f32", type, device))).isEqualTo(expected);
                        }
                        assertThat(Fixtures.Content.of(file.tensor("bf16", DType.F32, device)))
                                .isEqualTo(Fixtures.Content.of(x.cast(DType.BF16).cast(DType.F32)));
                        assertThat(Fixtures.Content.of(file.tensor("f16", DType.F32, device)))
                                .isEqualTo(Fixtures.Content.of(x.cast(DType.F16).cast(DType.F32)));
                    }
                }
                return null;
            }).get());
        }
    }
}
