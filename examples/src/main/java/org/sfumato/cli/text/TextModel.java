package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.ModelOption;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.FixedMasking;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.pretrained.MaskedModel;
import org.sfumato.models.training.Trained;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tokenizers.Tokenizer;

/// A model that writes: one that `sfumato train` made, or a masked one of the hub.
///
/// @param objective what it was trained for
/// @param network for samplers that keep keys and values
/// @param denoiser what predicts tokens with it: the network itself, but for a model whose outputs stand elsewhere
/// @param frame what it reads around a text
/// @param end the token that ends a text, of a model of the hub
/// @param rules that it needs
record TextModel(Objective<? super Transformer> objective, Transformer network, Denoiser denoiser, Tokenizer tokenizer,
        Diffusion.Frame frame, OptionalInt end, List<LogitRule> rules) {
    static TextModel of(Trained trained) {
        Objective<? super Transformer> objective = trained.objective();
        if (objective instanceof FixedMasking(MaskedProcess process, _)) {
            objective = process;
        }
        return new TextModel(objective, trained.network(), trained.network(), trained.tokenizer(), Diffusion.Frame.NONE,
                OptionalInt.empty(), List.of());
    }

    /// What lies in `folder`, in the current scope.
    static TextModel load(Path folder, Common common) throws IOException {
        if (!isOfHub(folder)) {
            return of(ModelOption.load(folder, common));
        }
        var masked = MaskedModel.of(LanguageModel.load(folder, Optional.empty(), Optional.empty()), folder);
        return new TextModel(masked.process(), masked.model().network(), masked.denoiser(),
                masked.model().tokenizer().tokenizer(), masked.frame(), masked.end(), List.of(masked.textOnly()));
    }

    private static boolean isOfHub(Path folder) {
        return Files.exists(folder.resolve("config.json")) && !Files.exists(folder.resolve("manifest.json"))
                && !Files.isDirectory(folder.resolve("checkpoints"));
    }

    /// The longest canvas.
    int length() {
        return network.config().length();
    }

    /// What writes with it through `sampler`.
    Diffusion diffusion(Sampler sampler) {
        return new Diffusion(sampler, tokenizer, length(), frame);
    }
}
