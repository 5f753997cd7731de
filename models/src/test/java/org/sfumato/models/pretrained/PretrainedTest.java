package org.sfumato.models.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import org.sfumato.testing.TorchFile;

/// Networks that transformers has saved compute what it computes (make_pretrained.py).
class PretrainedTest {
    private static final double TOLERANCE = 1e-5;

    @TempDir
    Path temp;

    private static Path folder(String name) {
        return Path.of(URI.create(PretrainedTest.class.getResource(name).toString()));
    }

    /// The error at positions that are no padding.
    private static double error(Tensor actual, Tensor expected, Tensor mask) {
        var keep = mask.unsqueeze(-1);
        var zero = Tensor.full(expected.shape(), 0, expected.dtype(), expected.device());
        return TorchFile.error(keep.where(actual, zero), keep.where(expected, zero), 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "llama3", "mistral", "qwen2", "dream", "llada", "bert", "modernbert"})
    void logitsAreThoseOfTheOriginal(String family) throws IOException {
        try (var scope = Scope.open("test")) {
            var network = scope.call(() -> load(folder(family)));
            scope.run(() -> {
                var expected = new TorchFile(read(folder(family).resolve("expected.safetensors")));
                var ids = expected.get("ids");
                assertThat(TorchFile.error(network.forward(ids, Pass.INFERENCE), expected.get("logits"), 1))
                        .isLessThan(TOLERANCE);
                var masked = network.forward(new Input(ids, null, null, expected.get("mask")), Pass.INFERENCE);
                assertThat(error(masked, expected.get("logits.masked"), expected.get("mask"))).isLessThan(TOLERANCE);
                if (expected.tensors().containsKey("types")) {
                    var typed = network.forward(new Input(ids, expected.get("types"), null, null), Pass.INFERENCE);
                    assertThat(TorchFile.error(typed, expected.get("logits.typed"), 1)).isLessThan(TOLERANCE);
                }
            });
        }
    }

    private static org.sfumato.models.transformer.Transformer load(Path folder) {
        try {
            return Pretrained.load(folder);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Map<String, Tensor> read(Path file) {
        try {
            return Safetensors.read(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// As GPT-2's own files are: names without the prefix, and the masks of old versions.
    @Test
    void aNetworkSavedWithoutItsHeadIsReadToo() throws IOException {
        Files.copy(folder("gpt2").resolve("config.json"), temp.resolve("config.json"));
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var bare = new LinkedHashMap<String, Tensor>();
                read(folder("gpt2").resolve("model.safetensors"))
                        .forEach((name, tensor) -> bare.put(name.replaceFirst("^transformer\\.", ""), tensor));
                bare.put("h.0.attn.bias", Tensor.zeros(1, 1, 4, 4));
                try {
                    Safetensors.write(temp.resolve("model.safetensors"), bare, Map.of());
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                var expected = new TorchFile(read(folder("gpt2").resolve("expected.safetensors")));
                assertThat(TorchFile.error(load(temp).forward(expected.get("ids"), Pass.INFERENCE),
                        expected.get("logits"), 1)).isLessThan(TOLERANCE);
            });
        }
    }

    @Test
    void everyMissingUnexpectedOrMisshapenTensorIsNamedAndNothingKept() throws IOException {
        Files.copy(folder("llama").resolve("config.json"), temp.resolve("config.json"));
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var tensors = new LinkedHashMap<>(read(folder("llama").resolve("model.safetensors")));
                tensors.remove("model.layers.1.self_attn.k_proj.weight");
                tensors.put("model.layers.2.mlp.down_proj.weight", Tensor.zeros(16, 25));
                tensors.put("model.layers.3.extra", Tensor.zeros(2));
                try {
                    Safetensors.write(temp.resolve("model.safetensors"), tensors, Map.of());
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                var memory = Memory.current(Settings.current().device());
                long before = memory.live();
                assertThatThrownBy(() -> Pretrained.load(temp)).isInstanceOf(FormatException.class)
                        .hasMessageContaining("missing: model.layers.1.self_attn.k_proj.weight")
                        .hasMessageContaining("differs: model.layers.2.mlp.down_proj.weight makes (16, 25), "
                                + "needed (16, 24)")
                        .hasMessageContaining("unexpected: model.layers.3.extra (2,)");
                assertThat(memory.live()).isEqualTo(before);
            });
        }
    }

    @Test
    void aConfigurationThatCannotBeReadSaysWhy() throws IOException {
        var file = temp.resolve("config.json");
        assertThatThrownBy(() -> Pretrained.config(temp)).hasMessageContaining("there is no such file");
        refuses(file, "{", "is no JSON");
        refuses(file, "[]", "is no JSON object");
        refuses(file, "{\"model_type\": \"t5\"}", "model_type is \"t5\"\nhint: known are bert");
        refuses(file, "{\"model_type\": \"llama\"}", "field \"hidden_size\" is missing");
        refuses(file, "{\"model_type\": \"llama\", \"hidden_size\": \"wide\"}",
                "field \"hidden_size\" is not an integer");
        var good = Files.readString(folder("llama").resolve("config.json"));
        refuses(file, good.replace("\"default\"", "\"yarn\""), "\"rope_type\": yarn is not supported");
        refuses(file, good.replace("\"silu\"", "\"gelu\""), "\"hidden_act\": gelu is not supported");
        refuses(file, good.replace("\"num_attention_heads\": 4", "\"num_attention_heads\": 0"), "heads");
    }

    private void refuses(Path file, String text, String message) throws IOException {
        Files.writeString(file, text);
        assertThatThrownBy(() -> Pretrained.config(temp)).isInstanceOf(FormatException.class)
                .hasMessageContaining(message);
    }
}
