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

    private static final int CONDITIONING = 64;

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

    /// The recipe with the network that the objective needs: noisy tokens look like clean ones, so a network must be
    /// told how many there are; masks tell it themselves.
    TrainingConfig adapted(TrainingConfig config) {
        return switch (this) {
            case MASKED -> config;
            case UNIFORM -> config.withModel(config.model().withConditioning(CONDITIONING));
            case AUTOREGRESSIVE -> config.withModel(config.model().withPattern(Pattern.CAUSAL));
        };
    }
}
