package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.SharedData;

/// Archives out of and into npz files. The fixtures were written by NumPy (make_fixtures.py).
class NpzTest {
    @TempDir
    private Path folder;
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Map<String, Tensor> read(Path path) {
        return scope.call(() -> {
            try {
                return Npz.read(path);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    @Test
    void archivesOfNumpyAreRead() {
        var stored = read(SafetensorsTest.fixture("stored.npz"));
        assertThat(stored.keySet()).containsExactly("a", "b");
        assertThat(stored.get("a").toDoubles()).containsExactly(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5);
        assertThat(stored.get("b").toLongs()).containsExactly(0, 1, 0, 1, 0, 1);
        var deflated = read(SafetensorsTest.fixture("deflated.npz"));
        assertThat(deflated.get("a").toDoubles()).containsExactly(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5);
        assertThat(deflated.get("b").toLongs()).hasSize(1000).containsOnly(0);
    }

    @Test
    void whatIsWrittenComesBackAndDependsOnTheArraysOnly() throws IOException {
        var tensors = new LinkedHashMap<String, Tensor>();
        tensors.put("z é", scope.call(() -> Tensor.of(new float[100_000], 100, 1000)));
        tensors.put("a", scope.call(() -> Tensor.of(new long[] {1, 2, 3, 4, 5, 6}, 2, 3).t()));
        var stored = folder.resolve("stored.npz");
        var deflated = folder.resolve("deflated.npz");
        Npz.write(stored, tensors);
        Npz.writeCompressed(deflated, tensors);
        assertThat(Files.size(stored)).isGreaterThan(400_000);
        assertThat(Files.size(deflated)).isLessThan(4_000);
        for (var path : new Path[] {stored, deflated}) {
            var back = read(path);
            assertThat(back.keySet()).containsExactly("z é", "a");
            assertThat(back.get("z é").spec()).hasToString("f32 (100, 1000)");
            assertThat(back.get("a").toLongs()).containsExactly(1, 4, 2, 5, 3, 6);
        }
        var first = Files.readAllBytes(deflated);
        Npz.writeCompressed(deflated, tensors);
        assertThat(Files.readAllBytes(deflated)).isEqualTo(first);
    }

    @Test
    void oneArrayIsReadThoughAnotherHasNoCounterpart() throws IOException {
        var path = SharedData.require("fmt-npy").resolve("npy-example.npz");
        assertThatThrownBy(() -> Npz.read(path)).isInstanceOf(FormatException.class)
                .hasMessageContaining("array 'x_i1': dtype '|i1' has no counterpart");
        try (var file = Npz.open(path)) {
            assertThat(file.names()).contains("x_f8", "x_S3");
            try (var arrays = Scope.open("arrays")) {
                var x = arrays.call(() -> {
                    try {
                        return file.tensor("x_f8");
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
                assertThat(x.toDoubles()).containsExactly(1, 2, 3, 4);
            }
            assertThatThrownBy(() -> file.tensor("y")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no array 'y'");
        }
    }

    @Test
    void damageIsRefused() throws IOException {
        var bytes = Files.readAllBytes(SafetensorsTest.fixture("stored.npz"));
        var path = folder.resolve("x.npz");
        bytes[30 + "a.npy".length() + 20 + 128 + 3] ^= 1;                                  // an element of `a`
        Files.write(path, bytes);
        assertThatThrownBy(() -> Npz.read(path)).isInstanceOf(FormatException.class)
                .hasMessageContaining("array 'a'").hasMessageContaining("checksum");
        Files.write(path, java.util.Arrays.copyOf(bytes, bytes.length - 30));
        assertThatThrownBy(() -> Npz.read(path)).isInstanceOf(FormatException.class);
        Files.write(path, new byte[0]);
        assertThatThrownBy(() -> Npz.read(path)).isInstanceOf(FormatException.class);
        assertThatThrownBy(() -> Npz.read(folder.resolve("none.npz"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aClaimBeyondWhatDeflateCanDoIsRefusedBeforeMemoryIsTaken() throws IOException {
        var bytes = Files.readAllBytes(SafetensorsTest.fixture("deflated.npz"));
        int central = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("PK\u0001\u0002");
        java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).putInt(central + 24, 0x7fff_ffff);
        var path = Files.write(folder.resolve("x.npz"), bytes);
        assertThatThrownBy(() -> Npz.read(path)).isInstanceOf(FormatException.class)
                .hasMessageContaining("claims 2147483647 bytes");
    }

    @Test
    void whatIsNoArrayIsRefused() throws IOException {
        var path = folder.resolve("x.npz");
        try (var zip = new ZipOutputStream(Files.newOutputStream(path))) {
            zip.putNextEntry(new ZipEntry("readme.txt"));
        }
        assertThatThrownBy(() -> Npz.open(path)).isInstanceOf(FormatException.class)
                .hasMessageContaining("'readme.txt' is no npy");
        var objects = SharedData.require("fmt-npy").resolve("numpy-py3-objarr.npz");
        assertThatThrownBy(() -> Npz.read(objects)).isInstanceOf(FormatException.class)
                .hasMessageContaining("object arrays");
    }
}
