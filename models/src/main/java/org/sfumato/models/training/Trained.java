package org.sfumato.models.training;

import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.diffusion.VariationalBound;
import org.sfumato.models.masked.MaskedDiffusion;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tokenizers.Tokenizer;

/// A model as it comes out of training.
///
/// @param config the recipe
/// @param objective what was minimised
public record Trained(TrainingConfig config, Objective<? super Transformer> objective, Transformer network,
        Tokenizer tokenizer) {
    /// Masked diffusion with this network.
    ///
    /// @throws IllegalArgumentException if it was trained for something else
    public MaskedDiffusion masked() {
        if (!(objective instanceof MaskedProcess process)) {
            throw new IllegalArgumentException("trained: the model was not trained to remove masks, its objective is a "
                    + objective.getClass().getSimpleName());
        }
        return new MaskedDiffusion(network, process, tokenizer, config.model().length());
    }

    /// The bound by which its likelihood is estimated, that of least variance.
    ///
    /// @throws IllegalArgumentException if its objective bounds no likelihood
    public VariationalBound<? super Transformer> bound() {
        return bound(objective);
    }

    /// The same of any objective.
    @SuppressWarnings("unchecked")                                      // a bound is an objective of the same networks
    public static VariationalBound<? super Transformer> bound(Objective<? super Transformer> objective) {
        return switch (objective) {
            case MaskedProcess process -> process.fixedCount();
            case VariationalBound<?> bound -> (VariationalBound<? super Transformer>) bound;
            default -> throw new IllegalArgumentException("trained: " + objective.getClass().getSimpleName()
                    + " bounds no likelihood");
        };
    }
}
