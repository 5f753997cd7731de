package org.sfumato.cli;

import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.tokenizers.Tokenizer;

/// What a network can be trained for by `sfumato train`.
enum Kind {
    /// To predict hidden tokens.
    MASKED,
    /// To predict replaced tokens.
    UNIFORM,
    /// To predict the next token.
    AUTOREGRESSIVE;

    /// The ids that the network knows: those of the text, and one more for [MASK] or for what begins a text.
    int vocabulary(Tokenizer tokenizer) {
        return tokenizer.vocabularySize() + (this == UNIFORM ? 0 : 1);
    }

    Objective objective(Tokenizer tokenizer) {
        int size = tokenizer.vocabularySize();
        return switch (this) {
            case MASKED -> MaskedProcess.of(size);
            case UNIFORM -> UniformProcess.of(size);
            case AUTOREGRESSIVE -> new Autoregression(size);
        };
    }

    /// The recipe with the attention that the objective needs.
    TrainingConfig adapted(TrainingConfig config) {
        return this == AUTOREGRESSIVE ? config.withModel(config.model().withPattern(Pattern.CAUSAL)) : config;
    }
}
