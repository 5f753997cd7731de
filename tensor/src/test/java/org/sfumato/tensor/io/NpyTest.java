package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.SharedData;

/// Arrays out of and into npy files. The fixtures were written by NumPy (make_fixtures.py).
class NpyTest {
    @TempDir
    private Path folder;

    private static void with(Path path, java.util.function.Consumer<Tensor> check) {
        Scope.temporary(() -> {
            try {
                check.accept(Npy.read(path));
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private Path file(String header, int dataBytes) throws IOException {
        var text = header.getBytes(StandardCharsets.ISO_8859_1);
        var bytes = ByteBuffer.allocate(10 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}).putShort((short) text.length).put(text);
        return Files.write(folder.resolve("case.npy"), bytes.array());
    }

    @ParameterizedTest
    @CsvSource({"f4,f32", "f4_version2,f32", "f4_version3,f32", "f4_big,f32", "f8_fortran,f64", "f2_big_fortran,f16"})
    void floatingArraysOfNumpyAreRead(String name, String dtype) {
        with(SafetensorsTest.fixture(name + ".npy"), x -> {
            assertThat(x.spec()).hasToString(dtype + " (2, 3)");
            assertThat(x.toDoubles()).containsExactly(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5);
            assertThat(x.layout().isDense()).isTrue();
        });
    }

    @ParameterizedTest
    @CsvSource({"i8,i64", "i4_big,i32"})
    void wholeNumbersOfNumpyAreRead(String name, String dtype) {
        with(SafetensorsTest.fixture(name + ".npy"), x -> {
            assertThat(x.spec()).hasToString(dtype + " (2, 3)");
            assertThat(x.toLongs()).containsExactly(-2, -1, 0, 1, 2, 3);
        });
    }

    @Test
    void truthScalarsAndEmptyArraysOfNumpyAreRead() {
        with(SafetensorsTest.fixture("b1.npy"), x -> assertThat(x.toLongs()).containsExactly(0, 1, 0, 1, 0, 1));
        with(SafetensorsTest.fixture("scalar.npy"), x -> assertThat(x.item()).isEqualTo(1.5));
        with(SafetensorsTest.fixture("empty.npy"), x -> assertThat(x.spec()).hasToString("f32 (0, 4)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"f4", "i8", "b1", "scalar", "row", "empty"})
    void weWriteByteForByteWhatNumpyWrites(String name) throws IOException {
        var copy = folder.resolve("copy.npy");
        with(SafetensorsTest.fixture(name + ".npy"), x -> {
            try {
                Npy.write(copy, x);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        assertThat(copy).hasSameBinaryContentAs(SafetensorsTest.fixture(name + ".npy"));
    }

    @Test
    void typesWithoutCounterpartAreNamed() {
        assertThatThrownBy(() -> Npy.read(SafetensorsTest.fixture("u1.npy"))).isInstanceOf(FormatException.class)
                .hasMessageContaining("u1.npy: dtype '|u1' has no counterpart here");
        assertThatThrownBy(() -> Npy.read(SafetensorsTest.fixture("record.npy"))).isInstanceOf(FormatException.class)
                .hasMessageContaining("structured arrays");
        Scope.temporary(() -> {
            var half = Tensor.of(1f).cast(org.sfumato.tensor.DType.BF16);
            assertThatThrownBy(() -> Npy.write(folder.resolve("x.npy"), half))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("NumPy has no bf16");
        });
        assertThat(folder.resolve("x.npy")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', value = {
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}             ; 8 ; object arrays",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}            ; 4 ; needs 8 bytes, there are 4",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}            ; 12 ; needs 8 bytes, there are 12",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}           ; 8 ; something else than a literal",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}          ; 8 ; lacks a comma",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}             ; 8 ; not a tuple",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}         ; 4 ; whole numbers",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296)} ; 4 ; too many elements",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)} ; 4 ; something else",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)} ; 4 ; too large",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)} ; 0 ; overflows",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}                ; 4 ; fortran_order",
        "{'descr': '<f4', 'fortran_order': False}                           ; 4 ; has the keys",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}    ; 4 ; has the keys",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)} ; 4 ; 'descr' twice",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)} ; 4 ; something else than a literal",
        "{'descr': ((((((((((1,),),),),),),),),),), 'shape': ()}            ; 4 ; nested too deeply",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x          ; 4 ; text follows",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)             ; 4 ; lacks",
        "{'descr': '<f4                                                     ; 4 ; without end",
        "{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}            ; 4 ; '|f4' has no counterpart"})
    void aBrokenHeaderIsNamed(String header, int dataBytes, String why) throws IOException {
        var path = file(header, dataBytes);
        assertThatThrownBy(() -> Npy.read(path)).isInstanceOf(FormatException.class)
                .hasMessageContaining("case.npy").hasMessageContaining(why);
    }

    @Test
    void aTruncatedFileIsRefusedWhereverItEnds() throws IOException {
        var whole = Files.readAllBytes(SafetensorsTest.fixture("f4.npy"));
        var path = folder.resolve("cut.npy");
        for (int length = 0; length < whole.length; length++) {
            Files.write(path, java.util.Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Npy.read(path)).as("%d bytes", length).isInstanceOf(FormatException.class);
        }
    }

    @Test
    void aHeaderOfPythonTwoIsRead() throws IOException {
        with(file("{'descr': '<f4', 'fortran_order': False, 'shape': (1L, 2L,), }\r\n", 8),
                x -> assertThat(x.spec()).hasToString("f32 (1, 2)"));
    }

    @Test
    void filesFromTheFieldAreReadOrRefused() {
        var files = SharedData.require("fmt-npy");
        with(files.resolve("candle-test.npy"),
                x -> assertThat(x.toLongs()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        with(files.resolve("ndarray-npy-array.npy"), x -> assertThat(x.toLongs()).containsExactly(0, 1, 2, 3, 4, 5));
        with(files.resolve("npy-win64python2.npy"), x -> assertThat(x.toDoubles()).containsExactly(1, 1));
        with(files.resolve("ndarray-npy-example_bool_standard.npy"), x -> assertThat(x.toLongs()).hasSize(24));
        for (var name : new String[] {"big_endian_fortran", "big_endian_standard",
            "little_endian_fortran", "little_endian_standard"}) {
            with(files.resolve("ndarray-npy-example_f64_" + name + ".npy"), x -> {
                assertThat(x.spec()).hasToString("f64 (2, 3, 4)");
                assertThat(x.toDoubles()).containsExactly(IntStream.range(0, 24).asDoubleStream().toArray());
            });
        }
        for (var name : new String[] {"ndarray-npy-example_bool_bad_value",
            "ndarray-npy-example_c64_big_endian_standard",
            "npy-overflow", "numpy-py2-np0-objarr", "numpy-py2-objarr", "numpy-py3-objarr"}) {
            assertThatThrownBy(() -> Npy.read(files.resolve(name + ".npy"))).as(name)
                    .isInstanceOf(FormatException.class);
        }
    }
}
