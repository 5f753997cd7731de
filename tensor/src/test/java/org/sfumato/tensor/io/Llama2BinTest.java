package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.Scope;
import org.sfumato.testing.SharedData;

/// The trained models of `shared/data`, and a file by hand whose elements are their own numbers.
class Llama2BinTest {
    @TempDir
    private Path folder;

    /// Two files of one model, exported by two programs in the two layouts.
    @Test
    void bothVersionsGiveTheSameTensors() throws IOException {
        var folder = SharedData.require("w-stories260K");
        var legacy = Fixtures.contents(folder.resolve("stories260K.bin"));
        assertThat(legacy).hasSize(2 + 9 * 5).isEqualTo(Fixtures.contents(folder.resolve("checkpoint_v1.bin")));
        try (var file = TensorFile.open(folder.resolve("stories260K.bin"))) {
            assertThat(file.spec("model.layers.4.self_attn.k_proj.weight")).hasToString("f32 (32, 64)");
            assertThat(file.spec("model.layers.0.mlp.down_proj.weight")).hasToString("f32 (64, 172)");
            assertThat(file.metadata()).containsEntry("num_key_value_heads", "4").containsEntry("vocab_size", "512")
                    .containsEntry("tie_word_embeddings", "true");
        }
        try (var file = TensorFile.open(SharedData.require("w-babyllama105").resolve("model5000.bin"))) {
            assertThat(file.spec("model.embed_tokens.weight")).hasToString("f32 (105, 128)");
        }
    }

    /// d 4, hidden 1, 1 layer, 1 head, 1 of keys, vocabulary 2, 1 position, an output of its own.
    static ByteBuffer byHand() {
        var bytes = ByteBuffer.allocate(28 + 4 * (8 + 4 + 4 * 16 + 4 + 3 * 4 + 4 + 4 + 8));
        bytes.order(ByteOrder.LITTLE_ENDIAN);
        for (int size : new int[] {4, 1, 1, 1, 1, -2, 1}) {
            bytes.putInt(size);
        }
        for (int i = 0; bytes.hasRemaining(); i++) {
            bytes.putFloat(i);
        }
        return bytes.flip();
    }

    private float[] read(Path path, String name) throws IOException {
        try (var file = TensorFile.open(path); var scope = Scope.open("test")) {
            return scope.call(Fixtures.unchecked(() -> file.tensor(name))).toFloats();
        }
    }

    /// Rows 0 1 2 3 of a head, rotated in the pairs (0, 1) and (2, 3), are rows 0 2 1 3 of transformers, which rotates
    /// (0, 2) and (1, 3). Source: transformers, `convert_llama_weights_to_hf.py`, `permute`.
    @Test
    void theRowsOfQueriesAndKeysAreThoseOfTransformers() throws IOException {
        var path = Files.write(folder.resolve("a"), byHand().array());
        assertThat(read(path, "model.embed_tokens.weight")).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
        assertThat(read(path, "model.layers.0.input_layernorm.weight")).containsExactly(8, 9, 10, 11);
        assertThat(read(path, "model.layers.0.self_attn.q_proj.weight")).containsExactly(
                12, 13, 14, 15, 20, 21, 22, 23, 16, 17, 18, 19, 24, 25, 26, 27);
        assertThat(read(path, "model.layers.0.self_attn.v_proj.weight")).startsWith(44, 45, 46, 47, 48);
        assertThat(read(path, "model.norm.weight")).containsExactly(92, 93, 94, 95);
        assertThat(read(path, "lm_head.weight")).containsExactly(100, 101, 102, 103, 104, 105, 106, 107);
    }

    @Test
    void sizesMustMakeTheFile() throws IOException {
        var longer = Files.write(folder.resolve("b"), java.util.Arrays.copyOf(byHand().array(), 1000));
        assertThatThrownBy(() -> TensorFile.open(longer)).isInstanceOf(FormatException.class)
                .hasMessageContaining("it is no file of tensors");
        assertThatThrownBy(() -> Llama2Bin.open(longer)).isInstanceOf(FormatException.class)
                .hasMessageContaining("its sizes do not make 1000 bytes");
        var two = Files.write(folder.resolve("c"), ByteBuffer.allocate(300).order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x616b3432).putInt(2).array());
        assertThatThrownBy(() -> TensorFile.open(two)).isInstanceOf(FormatException.class)
                .hasMessageContaining("version 2, versions 0 and 1");
    }
}
