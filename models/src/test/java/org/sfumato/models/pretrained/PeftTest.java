package org.sfumato.models.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.autograd.Tape;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Pass;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Targets;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import org.sfumato.testing.TorchFile;

/// Adapters that PEFT has saved compute what it computes, and are written as it writes them (make_peft.py).
class PeftTest {
    private static final double TOLERANCE = 1e-5;

    @TempDir
    Path temp;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Path folder(String name) {
        return Path.of(URI.create(PeftTest.class.getResource(name).toString()));
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    private <T> T in(Reading<T> reading) {
        return scope.call(() -> {
            try {
                return reading.read();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /// A network, the names of its layers, and what PEFT computes.
    private record Case(Transformer network, Peft peft, Tensor ids, Map<String, Tensor> expected) { }

    private Case open(String name) {
        var family = folder(name.replaceFirst("-.*", ""));
        return in(() -> {
            var network = Pretrained.load(family);
            return new Case(network, Peft.of(family, network),
                    Safetensors.read(family.resolve("expected.safetensors")).get("ids").slice(0, 0, 1),
                    Safetensors.read(folder("adapters/" + name).resolve("expected.safetensors")));
        });
    }

    private void assertLogits(Transformer network, Tensor ids, Tensor expected) {
        scope.run(() -> assertThat(TorchFile.error(network.forward(ids, Pass.INFERENCE), expected, 1))
                .isLessThan(TOLERANCE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-attention", "llama-all", "llama-expression", "gpt2-attention", "gpt2-all",
            "bert-all", "modernbert-all"})
    void logitsAreThoseOfPeftBesideAndWithinTheNetwork(String name) throws IOException {
        var one = open(name);
        var lora = in(() -> one.peft.load(folder("adapters/" + name)));
        var before = scope.call(() -> one.network.forward(one.ids, Pass.INFERENCE));
        assertLogits(lora.on(one.network), one.ids, one.expected.get("logits"));
        assertLogits(scope.call(() -> lora.merge(one.network)), one.ids, one.expected.get("logits.merged"));
        assertThat(scope.call(() -> one.network.forward(one.ids, Pass.INFERENCE)).toFloats())
                .as("the network itself is as it was").containsExactly(before.toFloats());
        var out = System.getProperty("peft.out") == null ? temp : Path.of(System.getProperty("peft.out"));
        one.peft.save(lora, out.resolve(name));
        isWrittenAsBy(folder("adapters/" + name), out.resolve(name));
        var again = in(() -> one.peft.load(out.resolve(name)));
        assertThat(again.config()).isEqualTo(lora.config());
    }

    /// Names, shapes and bytes, but for the copy of the head that PEFT adds.
    private void isWrittenAsBy(Path theirs, Path ours) throws IOException {
        try (var expected = Safetensors.open(theirs.resolve("adapter_model.safetensors"));
                var actual = Safetensors.open(ours.resolve("adapter_model.safetensors"))) {
            assertThat(actual.names()).containsExactlyInAnyOrderElementsOf(
                    expected.names().stream().filter(name -> !name.contains("base_layer")).toList());
            for (var name : actual.names()) {
                assertThat(actual.entry(name).dtype()).isEqualTo(expected.entry(name).dtype());
                assertThat(actual.shape(name)).isEqualTo(expected.shape(name));
                assertThat(actual.segment(name).mismatch(expected.segment(name))).as(name).isEqualTo(-1);
            }
        }
        var config = ConfigJson.read(theirs.resolve("adapter_config.json")).tree();
        for (var field : ConfigJson.read(ours.resolve("adapter_config.json")).tree().properties()) {
            switch (field.getKey()) {
                case "base_model_name_or_path" -> assertThat(field.getValue().stringValue()).endsWith(
                        config.get(field.getKey()).stringValue());
                case "task_type" -> { }                                 // theirs has one only if the user gives it
                default -> assertThat(field.getValue()).as(field.getKey()).isEqualTo(config.get(field.getKey()));
            }
        }
    }

    @Test
    void twoAdaptersServeOneNetworkInTurnAndTogether() {
        var one = open("llama-attention");
        var two = open("llama-expression");
        var first = in(() -> one.peft.load(folder("adapters/llama-attention")));
        var second = in(() -> one.peft.load(folder("adapters/llama-expression")));
        assertLogits(first.on(one.network), one.ids, one.expected.get("logits"));
        assertLogits(second.on(one.network), one.ids, two.expected.get("logits"));
        assertLogits(first.on(one.network), one.ids, one.expected.get("logits"));
        var both = in(() -> Safetensors.read(folder("adapters").resolve("both.safetensors"))).get("logits");
        assertLogits(second.on(first.on(one.network)), one.ids, both);
        assertLogits(scope.call(() -> second.merge(first.merge(one.network))), one.ids, both);
    }

    @Test
    void namesWithoutThePrefixOfTheTrunkAreReadToo() throws IOException {
        var one = open("llama-attention");
        damaged("llama-attention", tensors -> {
            var bare = new LinkedHashMap<String, Tensor>();
            tensors.forEach((name, t) -> bare.put(name.replaceFirst("model\\.model\\.", "model."), t));
            tensors.clear();
            tensors.putAll(bare);
        });
        var lora = in(() -> one.peft.load(temp));
        assertLogits(lora.on(one.network), one.ids, one.expected.get("logits"));
        one.peft.save(lora, temp.resolve("again"));
        try (var file = Safetensors.open(temp.resolve("again/adapter_model.safetensors"))) {
            assertThat(file.names()).contains("base_model.model.layers.0.self_attn.q_proj.lora_A.weight");
        }
    }

    /// The adapter `name` in the temporary folder, with other tensors.
    private void damaged(String name, Consumer<Map<String, Tensor>> change) throws IOException {
        var from = folder("adapters/" + name);
        Files.copy(from.resolve("adapter_config.json"), temp.resolve("adapter_config.json"));
        in(() -> {
            var tensors = new LinkedHashMap<>(Safetensors.read(from.resolve("adapter_model.safetensors")));
            change.accept(tensors);
            Safetensors.write(temp.resolve("adapter_model.safetensors"), tensors, Map.of());
            return null;
        });
    }

    @Test
    void everyMissingUnexpectedOrMisshapenTensorIsNamedAndNothingKept() throws IOException {
        var one = open("llama-expression");
        var layer = "base_model.model.model.layers.2.self_attn.q_proj";
        damaged("llama-expression", tensors -> {
            tensors.remove(layer + ".lora_A.weight");
            tensors.put(layer + ".lora_B.weight", Tensor.zeros(16, 3));
            tensors.put(layer + ".lora_magnitude_vector", Tensor.zeros(16));
            tensors.put("base_model.model.lm_head.base_layer.weight", Tensor.zeros(61, 16));
        });
        var memory = Memory.current(Settings.current().device());
        long before = memory.live();
        assertThatThrownBy(() -> one.peft.load(temp)).isInstanceOf(FormatException.class)
                .hasMessageContaining("missing: " + layer + ".lora_A.weight")
                .hasMessageContaining("differs: " + layer + ".lora_B.weight is (16, 3), needed (16, 2)")
                .hasMessageContaining("unexpected: " + layer + ".lora_magnitude_vector (16,)")
                .hasMessageContaining("lm_head.base_layer.weight is not the matrix of the network");
        assertThat(memory.live()).isEqualTo(before);
    }

    @Test
    void whatIsNotSupportedIsRefused() throws IOException {
        var one = open("llama-attention");
        assertThatThrownBy(() -> one.peft.load(temp)).hasMessageContaining("there is no such file");
        damaged("llama-attention", _ -> { });
        refuses(one, "\"use_dora\": false", "\"use_dora\": true", "\"use_dora\": true is not supported");
        refuses(one, "\"lora_bias\": false", "\"lora_bias\": true", "\"lora_bias\": true is not supported");
        refuses(one, "\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "\"peft_type\": \"IA3\" is not supported");
        refuses(one, "\"bias\": \"none\"", "\"bias\": \"all\"", "\"bias\": \"all\" is not supported");
        refuses(one, "\"modules_to_save\": null", "\"modules_to_save\": [\"lm_head\"]", "\"modules_to_save\"");
        refuses(one, "\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa\"", "pissa is not supported");
        refuses(one, "\"layers_to_transform\": null", "\"layers_to_transform\": 1", "\"layers_to_transform\": 1");
        refuses(one, "\"r\": 4", "\"r\": 0", "rank 0");
        refuses(one, "\"r\": 4", "\"r\": 5", "needed (5, 16)");
        refuses(one, "\"v_proj\"", "\"c_attn\"", "no linear layer is called \"c_attn\"\nhint: there are q_proj, k");
        refuses(one, "\"target_modules\": [", "\"target_modules\": \"(\", \"exclude_modules\": [",
                "\"exclude_modules\"");
        refuses(one, "\"rank_pattern\": {}", "\"rank_pattern\": [3]", "\"rank_pattern\" is not an object");
        refuses(one, "\"alpha_pattern\": {}", "\"alpha_pattern\": {\"(\": 3}", "\"(\" is no regular expression");
        refuses(one, "\"lora_dropout\": 0.1", "\"lora_dropout\": 1.0", "dropout 1.0");
    }

    private void refuses(Case one, String from, String to, String message) throws IOException {
        var good = Files.readString(folder("adapters/llama-attention").resolve("adapter_config.json"));
        assertThat(good).contains(from);
        Files.writeString(temp.resolve("adapter_config.json"), good.replace(from, to));
        assertThatThrownBy(() -> one.peft.load(temp)).isInstanceOf(FormatException.class)
                .hasMessageContaining(message);
    }

    @Test
    void trainingTakesTheStepsOfPeft() {
        var one = open("llama-all");
        var lora = in(() -> one.peft.load(folder("adapters/llama-all")));
        var expected = in(() -> Safetensors.read(folder("adapters").resolve("training.safetensors")));
        var before = new LinkedHashMap<String, float[]>();
        one.network.parameters().forEach((name, p) -> before.put(name, p.toFloats()));
        scope.run(() -> {
            var parameters = lora.parameters();
            var optimizer = new AdamW(parameters, AdamW.Config.of(.01));
            long last = one.ids.size(1) - 1;
            var losses = new double[10];
            for (int i = 0; i < losses.length; i++) {
                try (var tape = Tape.record(() -> lora.on(one.network).forward(one.ids, Pass.INFERENCE)
                        .slice(1, 0, last).crossEntropy(one.ids.slice(1, 1, last + 1)).mean())) {
                    losses[i] = tape.value().item();
                    var all = tape.gradients(parameters.values());
                    var gradients = new LinkedHashMap<String, Tensor>();
                    parameters.forEach((name, p) -> gradients.put(name, all.of(p)));
                    optimizer.step(gradients, 1);
                }
            }
            assertThat(losses).containsExactly(expected.get("losses").toDoubles(), within(1e-4));
            lora.updates().forEach((name, update) -> {
                var theirs = "base_model.model." + name + ".lora_";
                assertThat(TorchFile.error(update.a(), expected.get(theirs + "A.weight"), 1)).as(name).isLessThan(1e-3);
                assertThat(TorchFile.error(update.b(), expected.get(theirs + "B.weight"), 1)).as(name).isLessThan(1e-3);
            });
        });
        one.network.parameters().forEach((name, p) -> assertThat(p.toFloats()).containsExactly(before.get(name)));
    }

    /// Each layer draws what it drops from the pass: it reaches every one of them.
    @ParameterizedTest
    @ValueSource(strings = {"llama-all", "modernbert-all"})
    void inTrainingEveryAdaptedLayerDropsInputs(String name) {
        var one = open(name);
        scope.run(() -> {
            for (var place : one.peft.places()) {
                if (place.name().matches(".*layers\\.[02]\\..*")) {
                    continue;                                           // as layer 1
                }
                var lora = one.peft.init(LoraConfig.of(2, 4, Targets.named(place.name())).withDropout(.5), Rng.of(1));
                var b = lora.updates().get(place.name()).b();
                b.assign(Tensor.normal(b.shape(), Rng.of(2)));
                var network = lora.on(one.network);
                var dropped = network.forward(one.ids, Pass.training(Rng.of(3)));
                assertThat(TorchFile.error(dropped, network.forward(one.ids, Pass.INFERENCE), 1)).as(place.name())
                        .isGreaterThan(1e-3);
                assertThat(dropped.toFloats())
                        .containsExactly(network.forward(one.ids, Pass.training(Rng.of(3))).toFloats());
            }
        });
    }

    @Test
    void aNewAdapterChangesNothingAndAnotherNetworksIsNotSaved() throws IOException {
        var one = open("llama-attention");
        var lora = scope.call(() -> one.peft.init(LoraConfig.of(4, 8, Targets.ALL_LINEAR), Rng.of(1)));
        assertThat(lora.updates().keySet()).hasSize(21).doesNotContain("lm_head");
        assertLogits(lora.on(one.network), one.ids, scope.call(() -> one.network.forward(one.ids, Pass.INFERENCE)));
        Lora other = scope.call(() -> open("gpt2-all").peft.init(lora.config(), Rng.of(1)));
        assertThatThrownBy(() -> one.peft.save(other, temp.resolve("no"))).hasMessageContaining("no layer of this");
        assertThat(temp.resolve("no")).doesNotExist();
    }
}
