package org.sfumato.models.vae;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.models.pretrained.Peft;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Linear;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.AtomicFile;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// A [LoraVae] in a folder as LDLM writes it: the adapters `encoder` and `decoder` as PEFT saves them,
/// `vae.safetensors` with the weights and biases of f, w_e and w_d, and `state.json` with the step and the weight of
/// the divergence.
public final class LdlmFolder {
    private static final String VAE = "vae.safetensors";
    private static final String STATE = "state.json";
    private static final String[] MAPS = {"f", "w_e", "w_d"};

    private LdlmFolder() { }

    /// Writes `vae` to `folder`, which is made if it is not there.
    ///
    /// @param peft of its base
    /// @throws IOException if that fails
    public static void save(LoraVae vae, Peft peft, Path folder, long step, double klWeight) throws IOException {
        Files.createDirectories(folder);
        peft.save(vae.encoder(), folder.resolve("encoder"));
        peft.save(vae.decoder(), folder.resolve("decoder"));
        var tensors = new LinkedHashMap<String, Tensor>();
        var maps = new Linear[] {vae.f(), vae.wE(), vae.wD()};
        for (int i = 0; i < maps.length; i++) {
            tensors.put(MAPS[i] + ".weight", maps[i].weight());
            tensors.put(MAPS[i] + ".bias", maps[i].bias());
        }
        Safetensors.write(folder.resolve(VAE), tensors, Map.of("format", "pt"));
        var state = JsonNodeFactory.instance.objectNode().put("step", step).put("last_kl_weight", klWeight);
        AtomicFile.write("vae", folder.resolve(STATE), JsonMapper.shared().writeValueAsString(state) + "\n");
    }

    /// The autoencoder in `folder`, on `base`, in the current scope.
    ///
    /// @param length the tokens of a span, which the files do not tell
    /// @throws FormatException if a file is damaged or does not fit the base
    /// @throws IOException if one cannot be read
    public static LoraVae load(Path folder, Transformer base, Peft peft, int length) throws IOException {
        var tensors = Safetensors.read(folder.resolve(VAE));
        var maps = new Linear[MAPS.length];
        for (int i = 0; i < maps.length; i++) {
            var weight = tensors.get(MAPS[i] + ".weight");
            var bias = tensors.get(MAPS[i] + ".bias");
            if (weight == null || bias == null) {
                throw new FormatException("vae", folder.resolve(VAE), "there is no weight or bias of " + MAPS[i]);
            }
            maps[i] = new Linear(weight, bias);
        }
        int width = base.config().width();
        long latent = maps[1].out();
        if (maps[0].in() != width || maps[0].out() != 1 || maps[1].in() != width || maps[2].in() != latent
                || maps[2].out() != width) {
            throw new FormatException("vae", folder.resolve(VAE), "the maps do not fit a language model " + width
                    + " wide: f " + maps[0].weight().shape() + ", w_e " + maps[1].weight().shape() + ", w_d "
                    + maps[2].weight().shape());
        }
        var encoder = peft.load(folder.resolve("encoder"));
        var config = new VaeConfig.Lora(length, Math.toIntExact(latent), encoder.config().rank(),
                encoder.config().alpha(), encoder.config().dropout());
        return new LoraVae(config, base, encoder, peft.load(folder.resolve("decoder")), maps[0], maps[1], maps[2]);
    }

    /// Steps of the training that wrote `folder`.
    ///
    /// @throws IOException if it cannot be read
    public static long step(Path folder) throws IOException {
        return JsonMapper.shared().readTree(Files.readString(folder.resolve(STATE), StandardCharsets.UTF_8))
                .path("step").asLong();
    }
}
