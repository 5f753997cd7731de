package org.sfumato.cli.train;

import org.sfumato.cli.shared.Common;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.TransformerConfig;
import picocli.CommandLine.Option;

/// The recipe of a training: a preset, and what differs from it.
public final class RecipeOptions {
    @Option(names = "--preset", defaultValue = "char-small",
            description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).",
            converter = PresetConverter.class, completionCandidates = PresetConverter.class)
    Preset preset;

    @Option(names = "--batch", paramLabel = "N", description = "Rows of a step.")
    Integer batch;

    @Option(names = "--length", paramLabel = "N", description = "Tokens of a row.")
    Integer window;

    @Option(names = "--lr", paramLabel = "X", description = "Learning rate of AdamW; Muon's follows.")
    Double rate;

    @Option(names = "--average", paramLabel = "P", description = "Decay of the averaged weights; 0 for none.")
    Double average;

    @Option(names = "--width", paramLabel = "N", description = "Width of the network, not of preset nanodllm.")
    Integer width;

    @Option(names = "--layers", paramLabel = "N", description = "Its layers.")
    Integer layers;

    @Option(names = "--heads", paramLabel = "N", description = "Its heads (default: as wide as the preset's).")
    Integer heads;

    @Option(names = "--context", paramLabel = "N", description = "The longest text that it takes.")
    Integer context;

    public void check(Common common) {
        common.atLeast(1, "--batch", batch);
        common.atLeast(1, "--length", window);
        common.positive("--lr", rate);
        common.atLeast(1, "--width", width);
        common.atLeast(1, "--layers", layers);
        common.atLeast(1, "--heads", heads);
        common.atLeast(1, "--context", context);
    }

    /// The recipe of a network of `vocabulary` ids, not yet adapted to what it is to learn.
    public TrainingConfig config(int vocabulary, long seed) {
        var config = preset.config(vocabulary, seed);
        if (width != null || layers != null || heads != null || context != null) {
            var model = model(config.model());
            config = config.withLength(Math.min(config.length(), model.length())).withModel(model);
        }
        config = window == null ? config : config.withLength(window);
        config = batch == null ? config : config.withBatch(batch);
        config = average == null ? config : config.withAverage(average);
        return rate == null ? config : config.withLearningRate(rate);
    }

    private TransformerConfig model(TransformerConfig usual) {
        if (preset == Preset.NANODLLM) {
            throw new IllegalArgumentException("--width, --layers, --heads and --context do not go with preset "
                    + preset + "\nhint: another --preset");
        }
        int wide = width == null ? usual.width() : width;
        return TransformerConfig.modern(usual.vocabulary(), context == null ? usual.length() : context, wide,
                layers == null ? usual.layers() : layers,
                heads == null ? Math.max(1, wide / usual.heads().size()) : heads);
    }
}
