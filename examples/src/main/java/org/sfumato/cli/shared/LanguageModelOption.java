package org.sfumato.cli.shared;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tokenizers.Tokenizer;
import picocli.CommandLine.Option;

/// `--model`, `--tokenizer` and `--adapter`: a model as the hub gives it, or one that `sfumato train` made to write
/// from left to right.
public final class LanguageModelOption {
    @Option(names = "--model", required = true, paramLabel = "DIR",
            description = "A folder as downloaded from the Hugging Face hub, a file of llama2.c, or what `sfumato "
                    + "train` made of the kind `ar`.")
    Path folder;

    @Option(names = "--tokenizer", paramLabel = "PATH",
            description = "Folder or file of the tokenizer (default: the folder of the model).")
    Path tokenizer;

    @Option(names = "--adapter", paramLabel = "DIR",
            description = "A LoRA adapter of the model, as PEFT saves it; several add up.")
    List<Path> adapters = List.of();

    @Option(names = "--weights", paramLabel = "FORMAT",
            description = "bf16, q8, q4 or nf4: hold the matrices of a model of the hub in fewer bits.")
    WeightFormat weights;

    /// What the options say, given by another command.
    ///
    /// @param tokenizer or `null`
    /// @param weights or `null`
    public static LanguageModelOption of(Path folder, Path tokenizer, WeightFormat weights) {
        var option = new LanguageModelOption();
        option.folder = folder;
        option.tokenizer = tokenizer;
        option.weights = weights;
        return option;
    }

    /// Where the model lies.
    public Path folder() {
        return folder;
    }

    private boolean isOurs() {
        if (!Files.exists(folder)) {
            throw new IllegalArgumentException("no model in " + folder + ": there is no such file or folder"
                    + "\nhint: load one: sfumato hub get REPO");
        }
        return Files.isDirectory(folder.resolve("checkpoints")) || Files.exists(folder.resolve("manifest.json"));
    }

    /// What is to be trained further.
    public record Base(Transformer network, Tokenizer tokenizer) { }

    /// The network as it was trained, in the current scope, its head not barred from the token that begins a text.
    public Base base(Common common) throws IOException {
        if (weights != null) {
            throw new IllegalArgumentException("--weights: what is trained must be in f32");
        }
        if (isOurs() && adapters.isEmpty()) {
            var trained = ModelOption.load(folder, common);
            return new Base(trained.network(), trained.tokenizer());
        }
        var model = load(common);
        return new Base(model.network(), model.tokenizer().tokenizer());
    }

    /// The model, in the current scope.
    public LanguageModel load(Common common) throws IOException {
        if (!isOurs()) {
            if (weights != null && !adapters.isEmpty()) {
                throw new IllegalArgumentException("--weights: an adapter is merged into matrices of f32 only"
                        + "\nhint: leave one of --weights and --adapter away");
            }
            var model = LanguageModel.load(folder, Optional.ofNullable(tokenizer), Optional.ofNullable(weights));
            for (var adapter : adapters) {
                model = model.merge(folder, adapter);
            }
            return model;
        }
        if (!adapters.isEmpty()) {
            throw new IllegalArgumentException("--adapter: " + folder + " is no folder of the hub"
                    + "\nhint: name the model that the adapter was trained for");
        }
        var trained = ModelOption.load(folder, common);
        if (!(trained.objective() instanceof Autoregression objective)) {
            throw new IllegalArgumentException("the model in " + folder + " does not write from left to right"
                    + "\nhint: sfumato generate --model " + folder);
        }
        return LanguageModel.begun(objective.writer(trained.network()), trained.tokenizer(), objective.start(),
                Set.of());
    }
}
