package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;

/// `all.gguf` and its values were made by the package `gguf` (make_gguf.py); the rules are checked on files by hand.
class GgufTest {
    @TempDir
    private Path folder;

    @Test
    void everyTypeHasTheValuesOfTheReference() throws IOException {
        var expected = Fixtures.contents(() -> Npz.read(Fixtures.file("gguf_expected.npz")));
        assertThat(expected).hasSize(9);
        try (var file = TensorFile.open(Fixtures.file("all.gguf"))) {
            assertThat(file.names()).hasSize(10);
            var actual = Fixtures.contents(() -> {
                var tensors = new java.util.HashMap<String, org.sfumato.tensor.Tensor>();
                for (var name : expected.keySet()) {
                    tensors.put(name, name.equals("bf16") ? file.tensor(name, DType.F32) : file.tensor(name));
                }
                return tensors;
            });
            assertThat(actual).isEqualTo(expected);
            assertThat(file.spec("bf16")).hasToString("bf16 (2, 3, 5)");
            assertThat(file.storedAs("q4_k")).isEqualTo("Q4_K");
            assertThat(file.bytes("q4_k")).isEqualTo(4 * 144);
            assertThat(file.storedAs("q5_k")).isEqualTo("Q5_K");
            assertThat(file.shape("q5_k")).hasToString("(256,)");
            assertThatThrownBy(() -> file.tensor("q5_k")).isInstanceOf(FormatException.class)
                    .hasMessageContaining("tensor 'q5_k' is Q5_K, which has no counterpart here");
        }
    }

    @Test
    void metadataOfEveryTypeAreTexts() throws IOException {
        try (var file = TensorFile.open(Fixtures.file("all.gguf"))) {
            assertThat(file.metadata()).containsEntry("general.architecture", "llama").containsEntry("m.u8", "255")
                    .containsEntry("m.i8", "-128").containsEntry("m.u16", "65535").containsEntry("m.i16", "-32768")
                    .containsEntry("m.u32", "4294967295").containsEntry("m.i32", "-2147483648")
                    .containsEntry("m.f32", "1.0E-5").containsEntry("m.bool", "true")
                    .containsEntry("m.text", "café 😀").containsEntry("m.u64", "18446744073709551615")
                    .containsEntry("m.i64", "-9223372036854775808").containsEntry("m.f64", "0.1")
                    .containsEntry("m.texts", "[\"a\",\"\\\"b\\\"\",\"▁c\"]").containsEntry("m.numbers", "[1,-2,3]")
                    .containsEntry("m.floats", "[0.5,-1.25]").containsEntry("m.truths", "[true,false]").hasSize(17);
        }
    }

    @Test
    void versionTwoIsReadAndOthersAreNamed() throws IOException {
        var bytes = Files.readAllBytes(Fixtures.file("all.gguf"));
        bytes[4] = 2;
        assertThat(Fixtures.contents(() -> {
            try (var file = TensorFile.open(Files.write(folder.resolve("two"), bytes))) {
                return java.util.Map.of("i8", file.tensor("i8"));
            }
        })).hasSize(1);
        bytes[4] = 1;
        refused(bytes, "version 1, versions 2 and 3 are read");
        bytes[4] = 0;
        bytes[7] = 3;
        refused(bytes, "it is big-endian");
    }

    private void refused(byte[] bytes, String why) throws IOException {
        var file = Files.write(folder.resolve("case"), bytes);
        assertThatThrownBy(() -> Gguf.open(file)).isInstanceOf(FormatException.class).hasMessageContaining(why)
                .hasMessageContaining("case");
    }

    private static ByteBuffer text(ByteBuffer to, String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        return to.putLong(bytes.length).put(bytes);
    }

    private static ByteBuffer head(long tensors, long pairs) {
        return Fixtures.bytes().put(Fixtures.ascii("GGUF")).putInt(3).putLong(tensors).putLong(pairs);
    }

    /// What a file says of a tensor.
    private record Info(String name, int type, long offset, long... sizes) { }

    private static Info tensor(String name, int type, long offset, long... sizes) {
        return new Info(name, type, offset, sizes);
    }

    /// A file of tensors with 64 bytes of data.
    private static byte[] tensors(Info... tensors) {
        var to = head(tensors.length, 0);
        for (var tensor : tensors) {
            text(to, tensor.name).putInt(tensor.sizes.length);
            for (long size : tensor.sizes) {
                to.putLong(size);
            }
            to.putInt(tensor.type).putLong(tensor.offset);
        }
        while (to.position() % 32 != 0) {
            to.put((byte) 0);
        }
        return Fixtures.put(to.put(new byte[64]));
    }

    @Test
    void tensorsMustLieInTheFileOneAfterAnother() throws IOException {
        var fine = Files.write(folder.resolve("fine"), tensors(tensor("b", 0, 32, 2, 3), tensor("a", 1, 0, 16),
                tensor("scalar", 24, 32 + 32 - 32, 0)));
        try (var file = Gguf.open(fine); var scope = Scope.open("test")) {
            assertThat(file.names()).containsExactly("b", "a", "scalar");
            assertThat(file.shape("b")).hasToString("(3, 2)");
            assertThat(scope.call(Fixtures.unchecked(() -> file.tensor("b"))).toFloats()).containsOnly(0);
        }
        refused(tensors(tensor("a", 0, 0, 17)), "'a' has 68 bytes at 0, the data have 64");
        refused(tensors(tensor("a", 0, 96, 1)), "'a' has 4 bytes at 96, the data have 64");
        refused(tensors(tensor("a", 0, 4, 1)), "'a' begins at 4, no multiple of 32");
        refused(tensors(tensor("a", 0, -32, 1)), "'a' begins at -32");
        refused(tensors(tensor("a", 0, 0, 9), tensor("b", 0, 32, 1)), "'b' begins at 32, the tensor before it ends at");
        refused(tensors(tensor("a", 0, 0, 1), tensor("a", 0, 32, 1)), "the tensor 'a' stands twice");
        refused(tensors(tensor("a", 0, 0, 1L << 40, 1L << 40)), "too many elements");
        refused(tensors(tensor("a", 0, 0, 1L << 62)), "is no shape");
        refused(tensors(tensor("a", 0, 0, -1)), "negative size");
        refused(tensors(tensor("a", 12, 0, 255)), "rows of 255 elements are no whole blocks of 256");
        refused(tensors(tensor("a", 4, 0, 1)), "'a' has the unknown type 4");
        refused(tensors(tensor("a", 0, 0, 1, 1, 1, 1, 1)), "'a' has 5 axes, at most 4");
    }

    @Test
    void theHeadIsChecked() throws IOException {
        refused(Fixtures.ascii("GGUF"), "the version at byte 4 needs 4 bytes, 0 are left");
        refused(Fixtures.ascii("GGU"), "the magic number at byte 0 needs 4 bytes");
        refused(Fixtures.put(head(1L << 60, 0)), "tensors cannot be in the 0 bytes");
        refused(Fixtures.put(head(-1, 0)), "18446744073709551615 tensors cannot be");
        refused(Fixtures.put(head(0, 1L << 40)), "1099511627776 metadata cannot be");
        refused(Fixtures.put(head(0, 1).putLong(1L << 40).put(new byte[20])), "a key at byte 32 needs 1099511627776");
        refused(Fixtures.put(text(head(0, 1), "k").putInt(13)), "'k' has the unknown type 13");
        refused(Fixtures.put(text(head(0, 1), "k").putInt(7).put((byte) 2)), "'k' is 2, which is no truth value");
        refused(Fixtures.put(text(head(0, 1), "k").putInt(9).putInt(8).putLong(1L << 33).putInt(0)),
                "8589934592 values of 'k' cannot be");
        refused(Fixtures.put(text(text(head(0, 2), "k").putInt(0).put((byte) 1), "k").putInt(0).put((byte) 1)),
                "the key 'k' stands twice");
        refused(Fixtures.put(text(head(0, 1), "general.alignment").putInt(4).putInt(48)), "no power of two");
        refused(Fixtures.put(text(head(0, 1), "general.alignment").putInt(4).putInt(0)), "no power of two");
        refused(Fixtures.put(text(head(0, 1), "general.alignment").putInt(5).putInt(32)), "is no u32");
        refused(Fixtures.put(head(0, 1).putLong(1).put((byte) 0xff).put(new byte[20])), "byte 32 is not UTF-8");
        var deep = text(head(0, 1), "k").putInt(9);
        for (int i = 0; i < 1000; i++) {
            deep.putInt(9).putLong(1);
        }
        refused(Fixtures.put(deep), "more than 8 deep");
    }
}
