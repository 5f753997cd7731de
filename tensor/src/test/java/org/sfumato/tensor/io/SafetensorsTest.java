package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.SharedData;

/// Tensors out of and into safetensors files. `python.safetensors` was written by the reference library
/// (make_fixtures.py).
class SafetensorsTest {
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

    static Path fixture(String name) {
        return Path.of(java.net.URI.create(SafetensorsTest.class.getResource(name).toString()));
    }

    private Map<String, Tensor> read(Path path) {
        return scope.call(() -> {
            try {
                return Safetensors.read(path);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    @Test
    void whatPythonWroteIsReadInEveryType() {
        var tensors = read(fixture("python.safetensors"));
        assertThat(tensors.keySet()).containsExactly("x.int64", "x.float64", "a", "empty", "x.float32", "é😀", "\uffff",
                "x.int32", "x.bfloat16", "x.float16", "x.bool");
        for (var name : new String[] {"float64", "float32", "bfloat16", "float16"}) {
            assertThat(tensors.get("x." + name).toDoubles()).as(name).containsExactly(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5);
            assertThat(tensors.get("x." + name).shape()).isEqualTo(Shape.of(2, 3));
        }
        assertThat(tensors.get("x.bfloat16").dtype()).isEqualTo(DType.BF16);
        assertThat(tensors.get("x.float16").dtype()).isEqualTo(DType.F16);
        assertThat(tensors.get("x.int64").toLongs()).containsExactly(-2, -1, 0, 1, 2, 3);
        assertThat(tensors.get("x.int32").toLongs()).containsExactly(-2, -1, 0, 1, 2, 3);
        assertThat(tensors.get("x.bool").toLongs()).containsExactly(0, 1, 0, 1, 0, 1);
        assertThat(tensors.get("a").item()).isEqualTo(1.5);
        assertThat(tensors.get("empty").spec()).isEqualTo(new Spec(Shape.of(0, 4), DType.F32));
    }

    @Test
    void bytesOfAnyTypeAreWrittenAsTheyAre() throws IOException {
        var path = folder.resolve("raw.safetensors");
        var raw = new LinkedHashMap<String, Safetensors.Raw>();
        var longs = MemorySegment.ofArray(new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        var shorts = MemorySegment.ofArray(new byte[] {1, 0, -1, -1, 0, 2});
        raw.put("long", new Safetensors.Raw("I64", Shape.of(1), longs));
        raw.put("short", new Safetensors.Raw("U16", Shape.of(3), shorts));
        Safetensors.writeRaw(path, raw, Map.of("a", "b"));
        try (var file = Safetensors.open(path)) {
            assertThat(file.names()).containsExactly("long", "short");
            assertThat(file.metadata()).containsExactly(Map.entry("a", "b"));
            assertThat(scope.call(() -> tensor(file, "short").toLongs())).containsExactly(1, 65_535, 512);
        }
        raw.put("short", new Safetensors.Raw("U16", Shape.of(4), shorts));
        assertThatThrownBy(() -> Safetensors.writeRaw(path, raw, Map.of())).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("safetensors: short: U16 (4,) is not 6 bytes");
        raw.put("short", new Safetensors.Raw("U17", Shape.of(3), shorts));
        assertThatThrownBy(() -> Safetensors.writeRaw(path, raw, Map.of())).hasMessageContaining("no type 'U17'");
        try (var file = Safetensors.open(path)) {
            assertThat(file.names()).hasSize(2);
        }
    }

    private static Tensor tensor(Safetensors file, String name) {
        try {
            return file.tensor(name);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void weWriteWhatPythonWritesButForThePadding() throws IOException {
        var tensors = new LinkedHashMap<String, Tensor>();
        read(fixture("python.safetensors")).entrySet().stream()
                .sorted(Map.Entry.<String, Tensor>comparingByKey().reversed())
                .forEach(e -> tensors.put(e.getKey(), e.getValue()));
        var path = folder.resolve("x.safetensors");
        Safetensors.write(path, tensors, Map.of("format", "pt"));
        assertThat(parts(path)).containsExactly(parts(fixture("python.safetensors")));
        assertThat(headerLength(path) % 64).isEqualTo(64 - 8);
    }

    private static String[] parts(Path path) throws IOException {
        var bytes = Files.readAllBytes(path);
        int end = 8 + headerLength(path);
        return new String[] {new String(bytes, 8, end - 8, StandardCharsets.UTF_8).stripTrailing(),
            Arrays.toString(Arrays.copyOfRange(bytes, end, bytes.length))};
    }

    private static int headerLength(Path path) throws IOException {
        return java.nio.ByteBuffer.wrap(Files.readAllBytes(path)).order(java.nio.ByteOrder.LITTLE_ENDIAN).getInt();
    }

    @Test
    void whatIsWrittenComesBackBitByBit() throws IOException {
        var path = folder.resolve("x.safetensors");
        float[] values = {Float.intBitsToFloat(0x7fc00123), -0f, Float.MIN_VALUE, Float.NEGATIVE_INFINITY};
        var odd = scope.call(() -> Tensor.of(values));
        var view = scope.call(() -> Tensor.of(new long[] {1, 2, 3, 4, 5, 6}, 2, 3).t());
        Safetensors.write(path, Map.of("o\"d\\d\n", odd, "view", view), Map.of());
        Safetensors.write(path, read(path), Map.of("k", "v\u0001"));            // over itself, mapped when it was read
        var back = read(path);
        assertThat(back.get("o\"d\\d\n").toFloats()).usingComparator((a, b) -> Arrays.equals(bits(a), bits(b)) ? 0 : 1)
                .isEqualTo(values);
        assertThat(back.get("view").shape()).isEqualTo(Shape.of(3, 2));
        assertThat(back.get("view").toLongs()).containsExactly(1, 4, 2, 5, 3, 6);
        try (var file = Safetensors.open(path)) {
            assertThat(file.metadata()).isEqualTo(Map.of("k", "v\u0001"));
        }
    }

    private static int[] bits(float[] values) {
        var bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    @Test
    void aFileWithoutTensorsIsAFile() throws IOException {
        var path = folder.resolve("x.safetensors");
        Safetensors.write(path, Map.of(), Map.of());
        assertThat(read(path)).isEmpty();
        assertThat(Files.size(path)).isEqualTo(64);
    }

    @Test
    void aTensorOutlivesItsFile() throws IOException {
        Tensor tensor;
        try (var file = Safetensors.open(fixture("python.safetensors"))) {
            tensor = file.tensor("x.float32");
        }
        assertThat(tensor.toFloats()).hasSize(6);
        tensor.close();
    }

    @Test
    void whatCannotBeWrittenIsRefusedBeforeTheFileIsTouched() throws IOException {
        var path = Files.writeString(folder.resolve("x.safetensors"), "old");
        var good = scope.call(() -> Tensor.of(1f));
        var freed = Tensor.of(1f);
        freed.close();
        assertThatThrownBy(() -> Safetensors.write(path, Map.of("a", freed), Map.of()))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Safetensors.write(path, Map.of("__metadata__", good), Map.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Safetensors.write(path, Map.of("\ud800", good), Map.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Safetensors.write(path, Map.of(), Map.of("k", "\udc00")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Safetensors.write(folder.resolve("none/x"), Map.of("a", good), Map.of()))
                .isInstanceOf(IOException.class).hasMessageContaining("there is no such folder");
        assertThat(path).hasContent("old");
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void aTruthValueMustBeZeroOrOne() throws IOException {
        var path = folder.resolve("x.safetensors");
        var mask = scope.call(() -> Tensor.of(new boolean[] {true, false, true}, 3));
        Safetensors.write(path, Map.of("m", mask), Map.of());
        var bytes = Files.readAllBytes(path);
        bytes[bytes.length - 2] = 2;
        Files.write(path, bytes);
        assertThatThrownBy(() -> Safetensors.read(path)).isInstanceOf(FormatException.class)
                .hasMessageContaining("tensor 'm': element 1 is neither 0 nor 1");
    }

    @Test
    void anUnknownTypeIsRefusedByName() {
        var path = SharedData.require("fmt-safetensors").resolve("own_all_dtypes.safetensors");
        assertThatThrownBy(() -> Safetensors.read(path)).isInstanceOf(FormatException.class)
                .hasMessageContaining("tensor 't_U64' is U64");
    }

    @Test
    void realWeightsAreReadWhole() {
        var cases = SharedData.require("fmt-safetensors");
        var mel = read(cases.resolve("candle_mel_filters.safetensors")).get("mel_80");
        double sum = 0;
        for (float value : mel.toFloats()) {
            assertThat(value).isBetween(0f, 1f);
            sum += value;
        }
        assertThat(sum).isCloseTo(1.999024092387117, Offset.offset(1e-12));         // PyTorch, summed in float64
        assertThat(read(cases.resolve("candle_jfk-codes.safetensors")).get("codes").dtype()).isEqualTo(DType.I64);
    }
}
