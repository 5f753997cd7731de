package org.sfumato.cli.latent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;

/// `sfumato train gist`, `latent-llm`, `experiment gist` and `hub push`, on a tiny model that was trained here.
class GistCommandsTest {
    @TempDir
    static Path temp;

    private static Path text;
    private static Path base;
    private static Path gist;

    @BeforeAll
    static void make() throws IOException {
        text = temp.resolve("text.txt");
        Files.writeString(text, "abcdefgh hgfedcba aabbccdd dcbaabcd ".repeat(24));
        base = temp.resolve("base");
        run("train ar --data " + text + " --out " + base + " --width 16 --layers 1 --heads 2 --length 32 --batch 2 "
                + "--steps 2").succeeds();
        gist = temp.resolve("gist");
        train(gist, "--steps 4 --json").succeeds();
    }

    private static Cli run(String line) {
        return Cli.run((Object[]) line.split(" "));
    }

    private static Cli train(Path out, String options) {
        return run("train gist --model " + base + " --data " + text + " --out " + out
                + " --gists 2 --block 8 --batch 2 --lr 1e-3 --eval-every 2 --save-every 2 --precision bf16 " + options);
    }

    @Test
    void aGistAutoencoderIsTrainedAndGoesOn() throws IOException {
        var stopped = temp.resolve("stopped");
        train(stopped, "--steps 2").succeeds();
        var result = train(stopped, "--steps 4 --resume --json").succeeds().json();
        assertThat(result.get("accuracy").asDouble()).isBetween(0., 1.);
        assertThat(result.get("validationLoss").asDouble()).isBetween(.1, 10.);
        assertThat(stopped.resolve("loss.svg")).content().contains("<svg");
        assertThat(train(stopped, "--steps 4").err()).contains("already").contains("--resume");
        assertThat(train(stopped, "--steps 4 --resume --seed 5").err()).contains("another recipe");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--use_hf_unet"})
    void latentLlmTrainsAndWrites(String network) throws IOException {
        var out = temp.resolve("ddpm" + network);
        var json = run(("latent-llm train --encoder_model_id " + gist + " --output_dir " + out + " --dataset_path "
                + text + " --num_epochs 2 --batch_size 16 --gradient_accumulation_steps 2 --lr_warmup_steps 1 "
                + "--save_image_epochs 2 --save_image_steps 5 --save_model_epochs 1 --small --json " + network).strip())
                .succeeds().json();
        assertThat(json.get("steps").asInt()).isEqualTo(2 * Math.ceilDiv(24 * 36 / 8, 32));
        assertThat(out.resolve("checkpoints")).isDirectory();
        assertThat(out.resolve("tensorboard")).isNotEmptyDirectory();
        if (network.isEmpty()) {
            goesOn(out);
        }
        try (var scope = Scope.open("test")) {
            var samples = Scoped.call(scope, () -> LatentTable.read(out.resolve("latents-2.safetensors")));
            assertThat(samples.latents().shape()).isEqualTo(Shape.of(4, 2, 16));
        }
        var generate = "latent-llm generate --diffusion_model_path " + out + " --decoder_model_id " + gist
                + " --num_samples 2 --num_inference_steps 5 --max_new_tokens 6 --json " + network;
        var texts = run(generate.strip()).succeeds().json();
        assertThat(texts.get("texts")).hasSize(2);
        assertThat(run(generate.strip()).succeeds().json()).isEqualTo(texts);
        if (network.isEmpty()) {
            assertThat(run(generate + "--use_hf_unet").err()).contains("the model in").contains("MlpUnet");
        }
    }

    /// From the checkpoint after the first epoch to the bits of the run that was never stopped.
    private static void goesOn(Path straight) throws IOException {
        var stopped = temp.resolve("stopped-ddpm");
        var line = "latent-llm train --encoder_model_id " + gist + " --output_dir " + stopped + " --dataset_path "
                + text + " --num_epochs 2 --batch_size 16 --gradient_accumulation_steps 2 --lr_warmup_steps 1 "
                + "--save_image_steps 5 --small";
        assertThat(run(line + " --resume").err()).contains("nothing to resume in " + stopped);
        assertThat(stopped).doesNotExist();
        Files.createDirectories(Cli.checkpoint(stopped, 4));
        try (var files = Files.list(Cli.checkpoint(straight, 4))) {
            for (var file : files.toList()) {
                Files.copy(file, Cli.checkpoint(stopped, 4).resolve(file.getFileName()));
            }
        }
        assertThat(run(line).err()).contains("already").contains("--resume");
        assertThat(run(line + " --resume --learning_rate 1").err()).contains("another recipe");
        assertThat(run(line + " --resume --json").succeeds().json().get("steps").asInt()).isEqualTo(8);
        Cli.requireSame(straight, stopped, 8);
    }

    @Test
    void anAutoencoderOfTheHubGoesBackThere() throws IOException {
        var like = HubFolder.make(temp, "llama").path();
        var words = temp.resolve("words.txt");
        Files.writeString(words, "w1 w2 w3 w4 w5 w6 w7 w8 w9 ".repeat(60));
        var made = temp.resolve("hub-gist");
        run("train gist --model " + like + " --data " + words + " --out " + made
                + " --gists 2 --constants 1 --block 8 --batch 2 --steps 1").succeeds();
        var out = temp.resolve("export");
        run("latent-llm export --autoencoder " + made + " --like " + like + " --out " + out).succeeds();
        assertThat(out.resolve("encoder/latent_config.json")).content().contains("\"n_gist_tokens\" : 2");
        assertThat(out.resolve("decoder/model.safetensors")).isNotEmptyFile();
        assertThat(run("latent-llm export --autoencoder " + gist + " --like " + like + " --out " + out).err())
                .contains("the network is not one of");
    }

    @Test
    void theExperimentWritesItsTableAndGoesOn() throws IOException {
        var out = temp.resolve("experiment");
        var line = "experiment gist --model " + base + " --autoencoder " + gist + " --data " + text + " --out " + out
                + " --texts 60 --steps 2 --samples 4 --strides 3,2 --json";
        var json = run(line).succeeds().json();
        assertThat(json.get("rows").asInt()).isEqualTo(3 + 3 * (2 * 3 + 2));
        var table = Files.readString(out.resolve("gist.md"));
        assertThat(table).contains("Gaussian", "MLP-UNet", "UNet2D", "transformer", "ddim 2", "distinct 2",
                "MLP-UNet, no average", "error of the noise");
        run(line).succeeds();
        assertThat(out.resolve("gist.md")).content().isEqualTo(table);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--mixed_precision fp8 | expected one of [FP16, BF16, NO]",
        "--push_to_hub | --hub_model_id",
        "--push_to_hub --hub_model_id a..b | no name of a repository",
        "--num_epochs 0 | at least 1",
        "--learning_rate 0 | above 0"})
    void whatCannotBeIsRefusedBeforeAnyWork(String options, String message) {
        var out = temp.resolve("refused");
        var cli = run("latent-llm train --encoder_model_id " + gist + " --output_dir " + out + " --dataset_path " + text
                + " " + options);
        assertThat(cli.code()).isNotZero();
        assertThat(cli.err()).contains(message);
        assertThat(out).doesNotExist();
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThat(run("latent-llm generate --diffusion_model_path " + temp.resolve("none") + " --decoder_model_id "
                + gist).err()).contains("no model in");
        assertThat(run("latent-llm generate --diffusion_model_path x --decoder_model_id " + temp.resolve("none")).err())
                .contains("no autoencoder in").contains("train gist");
        assertThat(run("latent-llm generate --diffusion_model_path x --decoder_model_id " + gist + " --device moon")
                .err()).contains("SFUMATO_DEVICE=moon");
        assertThat(run("hub push " + temp.resolve("none") + " owner/name").err()).contains("there is no folder");
        assertThat(run("latent-llm").err()).contains("train, generate or export");
    }
}
