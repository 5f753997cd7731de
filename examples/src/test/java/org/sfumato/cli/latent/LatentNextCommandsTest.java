package org.sfumato.cli.latent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cli.Cli;
import org.sfumato.cli.HubFolder;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;

/// `sfumato latent continue` and `score`: an autoencoder on a small random GPT-2, its spans, a denoiser of them.
class LatentNextCommandsTest {
    @TempDir
    static Path temp;

    private static Path vae;
    private static Path spans;
    private static Path model;

    @BeforeAll
    static void make() throws IOException {
        var base = HubFolder.make(temp, "gpt2").path();
        var text = Files.writeString(temp.resolve("words.txt"), IntStream.range(0, 600)
                .mapToObj(i -> "w" + (3 + Rng.of(1).below(i, 50))).collect(Collectors.joining(" ")));
        vae = temp.resolve("vae");
        spans = temp.resolve("spans.safetensors");
        model = temp.resolve("model");
        Cli.run("train", "vae", "--kind", "lora", "--model", base, "--data", text, "--out", vae, "--context", 8,
                "--latent", 6, "--rank", 2, "--batch", 4, "--report-spans", 4, "--steps", 1).succeeds();
        Cli.run("embed", "--vae", vae, "--data", text, "--out", spans).succeeds();
        Cli.run("train", "latent", "--data", spans, "--out", model, "--denoiser", "ldlm", "--steps", 2, "--batch", 4)
                .succeeds();
    }

    @Test
    void aTextIsWrittenOnSpanBySpan() {
        var result = Cli.run("latent", "continue", "--model", model, "--vae", vae, "--prompt", "w5 w6 w7", "--spans", 2,
                "--sampler-steps", 2, "--json").succeeds().json();
        assertThat(result.get("spans").size()).isEqualTo(2);
        var again = Cli.run("latent", "continue", "--model", model, "--vae", vae, "--prompt", "w5 w6 w7", "--spans", 2,
                "--sampler-steps", 2).succeeds().out().strip();
        assertThat(again).isEqualTo("w5 w6 w7 | " + result.get("spans").get(0).asString() + " | "
                + result.get("spans").get(1).asString());
    }

    @Test
    void nextSpansAreScored() {
        var result = Cli.run("latent", "score", "--model", model, "--vae", vae, "--data", spans, "--samples", 2,
                "--rows", 4, "--sampler-steps", 2, "--guidances", "1,2", "--json").succeeds().json();
        assertThat(result.size()).isEqualTo(2);
        result.forEach(row -> {
            assertThat(row.get("spans").asInt()).isEqualTo(4);
            assertThat(row.at("/read/given").asDouble()).isBetween(1.0, 20.0);
            assertThat(row.get("given").asDouble()).isBetween(-1.0, 1.0);
        });
        assertThat(Cli.run("latent", "score", "--model", model, "--vae", vae, "--data", spans, "--samples", 1,
                "--rows", 2, "--sampler-steps", 2).succeeds().out()).startsWith("| sampler | mean of 1 given |");
    }

    @Test
    void whatIsWrongIsNamed() throws IOException {
        Cli.run("latent", "continue", "--model", model, "--vae", temp.resolve("none"), "--prompt", "w5")
                .fails(1, "no autoencoder in");
        Cli.run("latent", "continue", "--model", model, "--vae", vae, "--prompt", "").fails(1, "no text");
        Cli.run("latent", "score", "--model", model, "--vae", vae, "--data", spans, "--samples", 0)
                .fails(2, "--samples must be at least 1");
        var bare = temp.resolve("bare.safetensors");
        try (var scope = Scope.open("test")) {
            Safetensors.write(bare, scope.call(() -> Map.of("latents", Tensor.normal(Shape.of(20, 1, 6), Rng.of(1)))),
                    Map.of());
        }
        Cli.run("latent", "score", "--model", model, "--vae", vae, "--data", bare)
                .fails(1, "holds no tensor 'ids'");
    }
}
