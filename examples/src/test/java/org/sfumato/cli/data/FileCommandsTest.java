package org.sfumato.cli.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.cli.Cli;
import org.sfumato.cli.HubFolder;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Npz;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `sfumato inspect` and `sfumato tokenize`.
class FileCommandsTest {
    @TempDir
    static Path temp;

    private static HubFolder gpt2;
    private static Path odd;

    @BeforeAll
    static void make() throws IOException {
        gpt2 = HubFolder.make(temp, "gpt2");
        odd = temp.resolve("odd.safetensors");
        try (var scope = Scope.open("test")) {
            Scoped.call(scope, () -> {
                var tensors = new LinkedHashMap<String, Tensor>();
                tensors.put("a/odd\u001B[2J", Tensor.of(
                        new double[] {1, Double.NaN, -3, Double.POSITIVE_INFINITY}, 2, 2));
                tensors.put("b.none", Tensor.zeros(0, 3));
                tensors.put("c.ids", Tensor.of(new long[] {7, 9}, 2));
                Safetensors.write(odd, tensors, Map.of("note", "line\n" + "x".repeat(200)));
                Npz.write(temp.resolve("arrays.npz"), Map.of("x", Tensor.of(new float[] {.5f, 2}, 2)));
                return tensors;
            });
        }
    }

    @Test
    void tensorsAreListedWithTypesAndSizes() {
        var json = Cli.run("inspect", gpt2.path(), "--json").succeeds().json();
        assertThat(json.get("count").intValue()).isEqualTo(40);         // three blocks of 12, two tables, a norm
        assertThat(json.get("elements").longValue()).isEqualTo(61 * 16 + 32 * 16 + 2 * 16 + 3 * 3280);
        assertThat(json.get("bytes").longValue()).isEqualTo(4 * json.get("elements").longValue());
        assertThat(json.get("metadata").get("format").stringValue()).isEqualTo("pt");
        var shown = Cli.run("inspect", gpt2.path(), "--match", "*.wte.*").succeeds();
        assertThat(shown.out().lines()).containsExactly(
                "F32       (61, 16)                3.8 KiB  transformer.wte.weight", "format: pt",
                "1 tensors (1 F32), 976 elements, 3.8 KiB");
    }

    @Test
    void valuesAreReadAndNothingReachesTheTerminal() {
        var json = Cli.run("inspect", odd, "--stats", "--json").succeeds().json();
        var byName = new HashMap<String, JsonNode>();
        json.get("tensors").values().forEach(tensor -> byName.put(tensor.get("name").stringValue(), tensor));
        assertThat(byName.get("a/odd\u001B[2J")).isEqualTo(JsonMapper.shared().readTree("""
                {"name": "a/odd\\u001b[2J", "type": "F64", "shape": [2, 2], "bytes": 32, "min": -3.0, "max": 1.0,
                 "mean": -1.0, "nan": 1, "infinite": 1}"""));
        assertThat(byName.get("b.none").get("min").isNull()).isTrue();
        assertThat(byName.get("c.ids").get("mean").doubleValue()).isEqualTo(8);
        var shown = Cli.run("inspect", odd, "--stats").succeeds();
        assertThat(shown.out()).doesNotContain("\u001B").contains("a/odd\\u001b[2J", "1 NaN, 1 infinite",
                "note: line\\nxxx", "...", "3 tensors (1 F32, 1 F64, 1 I64), 6 elements, 48 B");
        assertThat(Cli.run("inspect", odd, "--metadata").out()).contains("x".repeat(200));
    }

    @Test
    void arraysOfNumpyAndCheckpointsAreFilesOfTensorsToo() throws IOException {
        var arrays = Cli.run("inspect", temp.resolve("arrays.npz"), "--stats", "--json").succeeds().json();
        assertThat(arrays.get("tensors").get(0).get("mean").doubleValue()).isEqualTo(1.25);
        var run = temp.resolve("run");
        Cli.begin(run, Cli.text(temp, 500));
        var json = Cli.run("inspect", run, "--match", "weights/*", "--json").succeeds().json();
        assertThat(json.get("metadata").get("step").stringValue()).isEqualTo("0");
        assertThat(json.get("tensors").valueStream().map(t -> t.get("name").stringValue()))
                .contains("weights/token.weight").allMatch(name -> name.startsWith("weights/"));
        assertThat(Cli.run("inspect", Cli.checkpoint(run, 0)).succeeds().out()).contains("optimizer/", "step: 0");
    }

    @Test
    void textIsCutAndPutTogether() throws IOException {
        var json = Cli.run("tokenize", "--tokenizer", gpt2.path(), "w3  w17 huh", "--json").succeeds().json();
        assertThat(json).isEqualTo(JsonMapper.shared().readTree("""
                {"ids": [3, 17, 0], "tokens": ["w3", "w17", "w0"], "starts": [0, 4, 8],
                 "ends": [2, 7, 11], "count": 3}"""));
        assertThat(Cli.run("tokenize", "--tokenizer", gpt2.path(), "w3 w17").out().lines())
                .containsExactly("      3  0-2         w3", "     17  3-6         w17");
        assertThat(Cli.run("tokenize", "--tokenizer", gpt2.path(), "--decode", "3,17", 4).succeeds().out().strip())
                .isEqualTo("w3 w17 w4");
        var file = Files.writeString(temp.resolve("text"), "w1 w2 w3 \u00E9");
        assertThat(Cli.run("tokenize", "--tokenizer", gpt2.path(), "--count", "--file", file).succeeds().out().strip())
                .isEqualTo("4 tokens for 10 characters, 11 bytes: 2.750 bytes/token");
        var before = System.in;
        try {
            System.setIn(new ByteArrayInputStream("w5".getBytes(StandardCharsets.UTF_8)));
            assertThat(Cli.run("tokenize", "--tokenizer", gpt2.path(), "--json").json().get("ids").get(0).intValue())
                    .isEqualTo(5);
        } finally {
            System.setIn(before);
        }
    }

    @ParameterizedTest
    @CsvSource({"inspect TEMP/none, 1, no such file", "inspect TEMP/text.txt, 1, it is no file of tensors",
        "inspect, 2, Missing required parameter", "inspect TEMP/odd.safetensors --match [, 2, --match",
        "tokenize --tokenizer TEMP/none w1, 1, no such file", "tokenize w1, 2, Missing required option",
        "tokenize --tokenizer GPT2 --decode 99, 1, 99", "tokenize --tokenizer GPT2 w1 --decode 3, 2, exclusive",
        "tokenize --tokenizer GPT2 --decode x, 2, Invalid value"})
    void whatIsWrongIsSaid(String line, int code, String message) throws IOException {
        Cli.text(temp, 100);
        Cli.run((Object[]) line.replace("TEMP", temp.toString()).replace("GPT2", gpt2.path().toString()).split(" "))
                .fails(code, message);
    }
}
