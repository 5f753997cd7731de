package org.sfumato.cli.latent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.cli.Cli;
import org.sfumato.cli.HubFolder;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;

/// `sfumato train latent` and `sfumato latent` on tiny latents.
class LatentCommandsTest {
    @TempDir
    static Path temp;

    private static Path data;

    @BeforeAll
    static void make() throws IOException {
        data = temp.resolve("data.safetensors");
        try (var scope = Scope.open("test")) {
            Safetensors.write(data, scope.call(() -> Map.of("latents", Tensor.normal(Shape.of(60, 1, 8), Rng.of(1)))),
                    Map.of());
        }
    }

    private static Cli train(Path out, String options) {
        return Cli.run((Object[]) ("train latent --data " + data + " --out " + out
                + " --batch 4 --warmup 2 --eval-every 2 --save-every 2 " + options).split(" "));
    }

    private static LatentTable read(Path file, Scope scope) throws IOException {
        return Scoped.call(scope, () -> LatentTable.read(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"reverse", "ldlm", "ldlm-context", "mlp-unet", "unet2d", "transformer"})
    void everyDenoiserIsTrainedGoesOnAndMakesLatents(String denoiser) throws IOException {
        var model = temp.resolve(denoiser);
        var recipe = "--denoiser " + denoiser + " --precision " + switch (denoiser) {
            case "unet2d", "ldlm" -> "bf16";
            case "ldlm-context", "reverse" -> "fp16";
            default -> "f32";
        };
        train(model, recipe + " --steps 2").succeeds();
        var result = train(model, recipe + " --steps 4 --resume --json").succeeds().json();
        assertThat(result.get("validationLoss").asDouble()).isBetween(1e-4, 1e4);
        assertThat(model.resolve("loss.svg")).content().contains("<svg");
        if (denoiser.startsWith("ldlm")) {                              // the rate of others follows the run's length
            var whole = temp.resolve(denoiser + "-whole");
            train(whole, recipe + " --steps 4").succeeds();
            Cli.requireSame(whole, model, 4);
        }
        var out = temp.resolve(denoiser + ".safetensors");
        Cli.run("latent", "generate", "--model", model, "--out", out, "--count", 3, "--sampler-steps", 3).succeeds();
        try (var scope = Scope.open("test")) {
            assertThat(read(out, scope).latents().shape()).isEqualTo(Shape.of(3, 1, 8));
            var after = Cli.run("latent", "generate", "--model", model, "--out", out, "--after", data, "--row", 5,
                    "--count", 2, "--spans", 3, "--sampler-steps", 2, "--solver", "ddim", "--eta", 1);
            if (!denoiser.startsWith("ldlm")) {
                after.fails(1, "was trained without those before");
            } else {
                after.succeeds();
                assertThat(read(out, scope).documents()).containsExactly(0, 0, 0, 1, 1, 1);
                Cli.run("latent", "generate", "--model", model, "--out", out, "--guidance", 2, "--sampler-steps", 2,
                        "--clip", 3, "--clip-quantile", ".9").succeeds();
            }
        }
    }

    /// Schedules that others are made of are kept, and noise is put on before steps.
    @Test
    void levelsMayBeLogNormalOrShifted() {
        for (var schedule : List.of("cosine --shift .5", "log-normal --predict edm")) {
            var out = temp.resolve(schedule.split(" ")[0]);
            train(out, "--steps 2 --schedule " + schedule).succeeds();
            Cli.run("latent", "generate", "--model", out, "--out", temp.resolve("made.safetensors"), "--count", 2,
                    "--solver", "heun", "--churn", 5, "--sampler-steps", 3).succeeds();
        }
    }

    @Test
    void howNearRestoredLatentsAreIsReported() {
        var model = temp.resolve("reported");
        train(model, "--steps 3").succeeds();
        var out = temp.resolve("report");
        var result = Cli.run("latent", "report", "--model", model, "--data", data, "--levels", "100,999", "--out", out,
                "--sampler-steps", 3, "--original", "--json").succeeds().json();
        assertThat(result.get("t100").get("z_t").get("centredCosine").asDouble()).isGreaterThan(.8);
        assertThat(result.get("original").get("mse").asDouble()).isPositive();
        assertThat(out.resolve("report.md")).content().contains("| 100 | 0.8942 | Wiener |", "| averaged | last |",
                "| Frechet distance | ", "error of the noise, u from 0.9");
        for (var weights : List.of("averaged", "last")) {
            assertThat(result.get(weights).get("frechet").asDouble()).isPositive();
            assertThat(result.get(weights).get("noiseErrors")).hasSize(10);
        }
        assertThat(out.resolve("centred.svg")).content().contains("one-shot");
    }

    @Test
    void aWayAndAMap() {
        var way = temp.resolve("way.safetensors");
        var result = Cli.run("latent", "interpolate", "--data", data, "--from", 3, "--to", 8, "--count", 5, "--out",
                way, "--json").succeeds().json();
        assertThat(result.get("nearest").get(0).asInt()).isEqualTo(3);
        assertThat(result.get("nearest").get(4).asInt()).isEqualTo(8);
        assertThat(result.get("distances").get(0).asDouble()).isLessThan(1e-5);
        var map = temp.resolve("map.svg");
        Cli.run("latent", "map", "--data", data, way, "--out", map).succeeds();
        assertThat(map).content().contains("data.safetensors", "way.safetensors", "principal");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tokens", "all"})
    void sentencesAreEncoded(String pooling) throws IOException {
        var folder = HubFolder.make(Files.createDirectory(temp.resolve("hub-" + pooling)), "gpt2");
        var text = Files.writeString(temp.resolve("text.txt"),
                "w5 w6 w7 w8 w9. W5 w6 w7 w8 w7 w6.\nw9 w8 w7 w6 w5 w5.");
        var out = temp.resolve(pooling + ".safetensors");
        var result = Cli.run("latent", "encode", "--encoder", folder.path(), "--data", text, "--out", out, "--least", 5,
                "--length", 12, "--pooling", pooling, "--json").succeeds().json();
        assertThat(result.get("sentences").asInt()).isEqualTo(3);
        try (var scope = Scope.open("test")) {
            assertThat(read(out, scope).documents()).containsExactly(0, 0, 1);
        }
        assertThat(temp.resolve(pooling + ".safetensors.txt")).content().startsWith("w5 w6 w7 w8 w9.\n");
    }

    @ParameterizedTest
    @CsvSource({
        "train latent --data DATA --out OUT --steps 0, 2, --steps must be at least 1",
        "train latent --data DATA --out OUT --lr 0, 2, --lr must be above 0",
        "train latent --data DATA --out OUT --held-out 1, 1, leave no two to train on",
        "train latent --data DATA --out OUT --context 1, 1, reads no latents before",
        "train latent --data DATA --out OUT --denoiser ldlm --self-condition, 1, reads a condition already",
        "train latent --data DATA --out OUT --denoiser other, 2, Invalid value for option '--denoiser'",
        "train latent --data DATA --out OUT --resume, 1, nothing to resume",
        "train latent --data TEMP/missing --out OUT, 1, no such file",
        "train latent --data TEMP/note.txt --out OUT, 1, safetensors",
        "latent, 2, name what to do",
        "latent generate --model TEMP/missing --out OUT, 1, there is no such folder",
        "latent generate --model TEMP --out OUT, 1, it holds no checkpoint",
        "latent generate --model TEMP --out OUT --clip-quantile .5, 1, needs a limit",
        "latent generate --model TEMP --out OUT --churn 1, 1, is for --solver euler and heun",
        "train latent --data DATA --out OUT --shift .5, 1, is of a continuous schedule",
        "train latent --data DATA --out OUT --shift 0, 2, --shift must be above 0",
        "latent interpolate --data DATA --from 0 --to 60 --out OUT, 1, --to 60 is no row",
        "latent interpolate --data DATA --from 0 --to 1 --count 1 --out OUT, 2, --count must be at least 2",
        "latent map --data TEMP/missing --out OUT, 1, no such file"})
    void whatIsWrongIsNamed(String line, int code, String message) throws IOException {
        Files.writeString(temp.resolve("note.txt"), "no latents");
        var out = temp.resolve("never");
        Cli.run((Object[]) line.replace("DATA", data.toString()).replace("OUT", out.toString())
                .replace("TEMP", temp.toString()).split(" ")).fails(code, message);
        assertThat(out).doesNotExist();
    }
}
