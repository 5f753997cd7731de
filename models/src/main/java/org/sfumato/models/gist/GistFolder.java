package org.sfumato.models.gist;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.sfumato.models.pretrained.Pretrained;
import org.sfumato.models.pretrained.Saving;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.io.AtomicFile;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// A gist autoencoder as latent-llm lays it out on the hub: in `encoder` a language model with
/// `latent_tokens.safetensors` {gist_tokens, ae_tokens} and `latent_config.json` {n_gist_tokens, n_ae_tokens,
/// block_size, use_lora} beside it, in `decoder` another, which the original does not keep. An adapter is merged into
/// the weights.
public final class GistFolder {
    private static final String TOKENS = "latent_tokens.safetensors";
    private static final String CONFIG = "latent_config.json";
    private static final String ENCODER = "encoder";
    private static final String DECODER = "decoder";

    private GistFolder() { }

    /// Writes `autoencoder` to `folder`.
    ///
    /// @param like the folder that its language model was loaded from
    /// @throws IOException if a file cannot be read or written
    /// @throws IllegalArgumentException if the networks are not of that configuration
    public static void save(GistAutoencoder autoencoder, Path like, Path folder) throws IOException {
        var encoder = autoencoder.encoder();
        if (encoder.lora() == null) {
            Saving.save(encoder.network(), like, folder.resolve(ENCODER));
        } else {
            try (var scope = Scope.open("merge")) {
                Saving.save(scope.call(() -> encoder.lora().merge(encoder.network())), like, folder.resolve(ENCODER));
            }
        }
        Saving.save(autoencoder.decoder(), like, folder.resolve(DECODER));
        Safetensors.write(folder.resolve(ENCODER).resolve(TOKENS), Map.of("gist_tokens", encoder.gistTokens(),
                "ae_tokens", encoder.aeTokens()), Map.of("format", "pt"));
        var config = JsonNodeFactory.instance.objectNode().put("n_gist_tokens", encoder.gistTokens().size(0))
                .put("n_ae_tokens", encoder.aeTokens().size(0)).put("block_size", encoder.block())
                .put("use_lora", false);
        AtomicFile.write("gist", folder.resolve(ENCODER).resolve(CONFIG), config.toPrettyString() + "\n");
    }

    /// The autoencoder in `folder`, in the current scope; where there is no `decoder`, the language model `base` is it.
    ///
    /// @throws FormatException if a file is damaged, does not fit the others, or holds an adapter
    /// @throws IOException if one cannot be read
    public static GistAutoencoder load(Path folder, Path base) throws IOException {
        var own = Files.isDirectory(folder.resolve(ENCODER)) ? folder.resolve(ENCODER) : folder;
        var file = own.resolve(CONFIG);
        int block;
        try {
            var config = JsonMapper.shared().readTree(Files.readString(file));
            if (config.path("use_lora").asBoolean(false)) {
                throw new FormatException("gist", file, "use_lora is true: the weights are those of an adapter"
                        + "\nhint: merge it into the language model first");
            }
            block = config.path("block_size").asInt(0);
        } catch (JacksonException e) {
            throw new FormatException("gist", file, "it is no JSON: " + e.getOriginalMessage(), e);
        }
        var tokens = Safetensors.read(own.resolve(TOKENS));
        if (!tokens.containsKey("gist_tokens") || !tokens.containsKey("ae_tokens")) {
            throw new FormatException("gist", own.resolve(TOKENS), "it holds " + tokens.keySet()
                    + ", not gist_tokens and ae_tokens");
        }
        Transformer decoder = Pretrained.load(Files.isDirectory(folder.resolve(DECODER)) ? folder.resolve(DECODER)
                : base);
        try {
            return new GistAutoencoder(new GistEncoder(Pretrained.load(own), null, tokens.get("gist_tokens"),
                    tokens.get("ae_tokens"), block), decoder);
        } catch (IllegalArgumentException e) {
            throw new FormatException("gist", file, e.getMessage(), e);
        }
    }
}
