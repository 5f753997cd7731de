package org.sfumato.cli.train;

import org.sfumato.models.training.TrainingConfig;

/// The recipes that `--preset` names.
enum Preset {
    NANODLLM("nanodllm"), CHAR_SMALL("char-small"), CHAR_MEDIUM("char-medium"), CHAR_BASE("char-base");

    private final String label;

    Preset(String label) {
        this.label = label;
    }

    TrainingConfig config(int vocabulary, long seed) {
        return switch (this) {
            case NANODLLM -> TrainingConfig.nanodllm(vocabulary, seed);
            case CHAR_SMALL -> TrainingConfig.charSmall(vocabulary, seed);
            case CHAR_MEDIUM -> TrainingConfig.charMedium(vocabulary, seed);
            case CHAR_BASE -> TrainingConfig.charBase(vocabulary, seed);
        };
    }

    @Override
    public String toString() {
        return label;
    }
}
