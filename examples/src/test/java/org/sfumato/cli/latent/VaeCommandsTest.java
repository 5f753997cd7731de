package org.sfumato.cli.latent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.cli.Cli;
import org.sfumato.cli.HubFolder;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.io.Safetensors;

/// `sfumato train vae` and `sfumato embed`, on a small random GPT-2 and on none.
class VaeCommandsTest {
    private static final int WORDS = 400;
    private static final int LENGTH = 8;

    @TempDir
    static Path temp;

    private static Path model;
    private static Path text;

    @BeforeAll
    static void make() throws IOException {
        model = HubFolder.make(temp, "gpt2").path();
        text = Files.writeString(temp.resolve("words.txt"), IntStream.range(0, WORDS)
                .mapToObj(i -> "w" + (3 + Rng.of(1).below(i, 50))).collect(Collectors.joining(" ")));
    }

    private static Cli train(String kind, Path out, Object... more) {
        var options = new ArrayList<Object>(List.of("train", "vae", "--kind", kind, "--data", text, "--out", out,
                "--context", LENGTH, "--latent", 6, "--batch", 4, "--report-spans", 4));
        options.addAll(switch (kind) {
            case "lora" -> List.of("--rank", 2, "--model", model, "--precision", "bf16");
            case "adavae" -> List.of("--bottleneck", 4, "--model", model, "--precision", "fp16");
            default -> List.of("--width", 16, "--layers", 1, "--vectors", 2, "--tokenizer", model);
        });
        for (int at = more.length - 2; at >= 0; at--) {  // an option given again takes its place
            int place = options.indexOf(more[at]);
            if (place > 0 && more[at].toString().startsWith("--")) {
                options.subList(place, place + 2).clear();
            }
        }
        options.addAll(Arrays.asList(more));
        return Cli.run(options.toArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora", "adavae", "scratch"})
    void aTrainingThatIsTakenUpAgainEndsInTheSameBitsAndItsSpansBecomeLatents(String kind) throws IOException {
        var straight = temp.resolve(kind);
        var stopped = temp.resolve(kind + "-stopped");
        var result = train(kind, straight, "--steps", 4, "--save-every", 2, "--eval-every", 2, "--json").succeeds()
                .json();
        assertThat(result.get("steps").intValue()).isEqualTo(4);
        for (var field : List.of("trainLoss", "nllMean", "nllRight", "nllPrior", "nllWrong", "bound")) {
            assertThat(result.get(field).asDouble()).as(field).isBetween(1., 30.);
        }
        assertThat(result.get("accuracy8").asDouble()).isBetween(0., 1.);
        assertThat(result.get("bleu8").asDouble()).isBetween(0., 1.);
        assertThat(straight.resolve("log.csv")).isRegularFile();
        assertThat(straight.resolve("loss.svg")).content().contains("Text autoencoder");
        if (kind.equals("lora")) {
            for (var file : List.of("encoder/adapter_config.json", "decoder/adapter_model.safetensors",
                    "vae.safetensors", "state.json")) {
                assertThat(straight.resolve(file)).isRegularFile();
            }
        }
        copy(Cli.checkpoint(straight, 2), Cli.checkpoint(stopped, 2));
        assertThat(train(kind, stopped, "--steps", 4, "--resume").succeeds().out()).startsWith("done after 4 steps")
                .contains("z right", "KL ", "8 tokens: ");
        Cli.requireSame(straight, stopped, 4);
        embeds(kind, straight);
    }

    @Test
    void theOtherWaysIntoADecoderAreTrained() throws IOException {
        var memory = temp.resolve("memory");
        train("adavae", memory, "--injection", "memory", "--steps", 1).succeeds();
        var pooled = temp.resolve("pooled");
        var line = new Object[] {"train", "vae", "--kind", "pooled", "--model", model, "--data", text, "--out", pooled,
            "--context", LENGTH, "--batch", 4, "--report-spans", 4, "--soft-tokens", 2, "--hidden", 8, "--rank", 0,
            "--steps", 1, "--json"};
        assertThat(Cli.run(line).succeeds().json().get("nllMean").asDouble()).isBetween(1., 30.);
        for (var vae : List.of(memory, pooled)) {
            Cli.run("embed", "--vae", vae, "--data", text, "--out", temp.resolve("of.safetensors")).succeeds();
        }
    }

    private static void embeds(String kind, Path vae) throws IOException {
        var file = temp.resolve(kind + ".safetensors");
        var embedded = Cli.run("embed", "--vae", vae, "--data", text, text, "--out", file, "--json").succeeds().json();
        int spans = 2 * WORDS / LENGTH;
        assertThat(embedded.get("spans").intValue()).isEqualTo(spans);
        try (var stored = Safetensors.open(file)) {
            var latents = stored.names().contains("embeds") ? stored.shape("embeds") : stored.shape("latents");
            assertThat(latents).isEqualTo(kind.equals("scratch") ? Shape.of(spans, 2, 6) : Shape.of(spans, 6));
            assertThat(stored.shape("ids")).isEqualTo(Shape.of(spans, LENGTH));
            var documents = stored.tensor("documents").toLongs();
            assertThat(documents[spans / 2 - 1]).isZero();
            assertThat(documents[spans / 2]).isEqualTo(1);
        }
        Cli.run("train", "latent", "--data", file, "--out", temp.resolve(kind + "-latent"), "--denoiser",
                kind.equals("scratch") ? "reverse" : "ldlm", "--steps", 1, "--batch", 2).succeeds();
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (var file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        var out = temp.resolve("none");
        Cli.run("train", "vae", "--data", text, "--out", out).fails(2, "--kind lora needs a language model");
        train("scratch", out, "--model", model).fails(2, "not with --model");
        train("scratch", out, "--rank", 2).fails(2, "--rank is for --kind lora and pooled");
        train("lora", out, "--injection", "memory").fails(2, "--injection is for --kind adavae");
        train("adavae", out, "--injection", "osmosis").fails(2, "osmosis");
        train("adavae", out, "--noise", 1).fails(2, "--noise is for --kind pooled");
        train("lora", out, "--vectors", 2).fails(2, "--vectors is for --kind scratch");
        train("adavae", out, "--kl-steps", 2).fails(2, "--kl-steps is for --kind lora and scratch");
        train("lora", out, "--prefix", 2).fails(2, "--prefix must be at most 1");
        train("lora", out, "--kl", -1).fails(2, "--kl must be at least 0");
        train("lora", out, "--context", 20).fails(1, "two spans of 20 tokens at once; it has 32 places");
        train("adavae", out, "--encoder-layers", 4).fails(1, "have 4 layers");
        train("lora", out, "--resume").fails(1, "nothing to resume in " + out);
        train("lora", out, "--model", temp.resolve("nowhere")).fails(1, "there is no such file or folder");
        var llada = HubFolder.make(temp, "llada").path();
        Cli.run("train", "vae", "--model", llada, "--data", text, "--out", out, "--context", 8)
                .fails(1, "sees both ways");
        var few = Files.writeString(temp.resolve("few.txt"), "w5 w6 w7 w8");
        Cli.run("train", "vae", "--model", model, "--data", few, "--out", out, "--context", 8)
                .fails(1, "is shorter than a span of 8");
        Cli.run("embed", "--vae", out, "--data", text, "--out", temp.resolve("e.safetensors"))
                .fails(1, "no autoencoder in " + out);
        assertThat(out).doesNotExist();
        assertThat(train("scratch", temp.resolve("own"), "--steps", 1).succeeds().err()).contains("are trained");
        train("scratch", temp.resolve("own"), "--steps", 2).fails(1, "there is a training in");
        train("scratch", temp.resolve("own"), "--steps", 2, "--resume", "--lr", 1).fails(1, "has another recipe");
        Cli.run("embed", "--vae", temp.resolve("own"), "--model", model, "--data", text, "--out",
                temp.resolve("e.safetensors")).fails(1, "stands on no language model");
        Cli.run("embed", "--vae", temp.resolve("own"), "--data", text, "--out", temp.resolve("no/e.safetensors"))
                .fails(1, "there is no folder");
    }
}
