package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Printable;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.gaussian.Clipping;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gist.UNet2d;
import org.sfumato.models.training.LatentCheckpoint;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato latent-llm generate`: texts from noise.
@Command(name = "generate", description = "Latents from noise, and the texts that the decoder writes for them.")
final class LatentLlmGeneration implements Callable<Integer> {
    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--diffusion_model_path", required = true, paramLabel = "DIR",
            description = "What latent-llm train has made, or train latent.")
    Path diffusion;

    @Option(names = "--decoder_model_id", required = true, paramLabel = "DIR",
            description = "What train gist has made.")
    Path decoder;

    @Option(names = "--num_samples", defaultValue = "5", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    int count;

    @Option(names = "--num_inference_steps", defaultValue = "1000", paramLabel = "N",
            description = "Steps of the sampler, evenly among those of the training (default ${DEFAULT-VALUE}).")
    int steps;

    @Option(names = "--max_new_tokens", defaultValue = "100", paramLabel = "N",
            description = "Of a text; at most what the decoder reads (default ${DEFAULT-VALUE}).")
    int tokens;

    @Option(names = "--temperature", defaultValue = "0.7", paramLabel = "T",
            description = "Of the decoder, 0 for the likeliest tokens (default ${DEFAULT-VALUE}).")
    double temperature;

    @Option(names = "--seed", defaultValue = "42", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--use_hf_unet", description = "The model is a UNet2D; it is checked.")
    boolean unet;

    @Option(names = "--device", paramLabel = "NAME",
            description = "Default: SFUMATO_DEVICE or the first that is there. Another needs that setting.")
    String device;

    @Option(names = "--solver", defaultValue = "ddpm",
            description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
    LatentModelOption.Kind solver;

    @Option(names = "--eta", defaultValue = "0", paramLabel = "X",
            description = "Fresh noise in the steps of ddim and dpm (default ${DEFAULT-VALUE}).")
    double eta;

    @Option(names = "--clip", paramLabel = "X",
            description = "Limit of predicted standardised latents; the original clips at 1 (default: none).")
    Double clip;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--num_samples", count);
        common.atLeast(2, "--num_inference_steps", steps);
        common.atLeast(1, "--max_new_tokens", tokens);
        common.notNegative("--temperature", temperature);
        common.notNegative("--eta", eta);
        common.positive("--clip", clip);
        requireDevice();
        try (var scope = Scope.open("latent-llm generate")) {
            return Scoped.call(scope, this::generate);
        }
    }

    private void requireDevice() {
        var here = Settings.current().device();
        if (device != null && !device.equals(here.toString())
                && !(device.equals("cuda") && here.toString().startsWith("cuda"))) {
            throw new IllegalArgumentException("--device " + device + ": tensors are on " + here + ", there are "
                    + Backends.devices().stream().map(Device::toString).toList()
                    + "\nhint: start with SFUMATO_DEVICE=" + device);
        }
    }

    private LatentModel model() throws IOException {
        var path = diffusion;
        for (var name : new String[] {"final_model", "checkpoints"}) {
            path = path == diffusion && Files.isDirectory(diffusion.resolve(name)) ? diffusion.resolve(name) : path;
        }
        if (!Files.isDirectory(path)) {
            throw new IllegalArgumentException("no model in " + diffusion + ": there is no such folder"
                    + "\nhint: train one: sfumato latent-llm train --output_dir " + diffusion);
        }
        var stored = Checkpoints.open(path);
        stored.warnings().forEach(warning -> common.err().println("sfumato: " + warning));
        return LatentCheckpoint.load(stored);
    }

    private Integer generate() throws IOException {
        var gists = Gists.load(decoder, common);
        var model = model();
        if (unet && !(model.network() instanceof UNet2d)) {
            throw new IllegalArgumentException("--use_hf_unet: the model in " + diffusion + " is a "
                    + model.network().getClass().getSimpleName());
        }
        long n = model.statistics().mean().size(0);
        long d = model.statistics().mean().size(1);
        if (n != gists.autoencoder().vectors() || d != gists.autoencoder().width()) {
            throw new IllegalArgumentException("latent-llm: the model makes " + n + " vectors of " + d
                    + ", the decoder reads " + gists.autoencoder().vectors() + " of " + gists.autoencoder().width()
                    + "\nhint: name the autoencoder whose latents it was trained on");
        }
        var sampler = model.sampler(model.path(steps), solver.of(eta),
                clip == null ? new Clipping.Off() : new Clipping.Fixed(clip), 1);
        var rng = Rng.of(seed);
        var latents = model.sample(sampler, count, rng.fold(0), LatentObserver.NONE);
        var texts = new ArrayList<String>();
        for (var ids : gists.write(latents, tokens, temperature, rng.fold(1))) {
            texts.add(gists.tokenizer().decode(ids));
        }
        if (!common.json()) {
            texts.forEach(text -> common.out().println(Printable.of(text)));
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("texts", texts);
        common.result(fields);
        return ExitCode.OK;
    }
}
