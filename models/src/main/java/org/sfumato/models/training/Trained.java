package org.sfumato.models.training;

import org.sfumato.models.block.BlockDiffusion;
import org.sfumato.models.block.BlockSampler;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.diffusion.VariationalBound;
import org.sfumato.models.masked.FixedMasking;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tokenizers.Tokenizer;

/// A model as it comes out of training.
///
/// @param config the recipe
/// @param objective what was minimised
public record Trained(TrainingConfig config, Objective<? super Transformer> objective, Transformer network,
        Tokenizer tokenizer) {
    /// What writes with this network as `sampling` says.
    ///
    /// @throws IllegalArgumentException if the model was not trained to remove masks
    public Diffusion diffusion(Sampling sampling) {
        return diffusion(switch (objective) {
            case MaskedProcess process -> new MaskedSampler(network, process, sampling);
            case FixedMasking(MaskedProcess process, _) -> new MaskedSampler(network, process, sampling);
            case BlockDiffusion(MaskedProcess process) -> new BlockSampler(network,
                    denoiser -> new MaskedSampler(denoiser, process, sampling));
            default -> throw new IllegalArgumentException("trained: the model was not trained to remove masks, its "
                    + "objective is " + objective);
        });
    }

    /// What writes with this network through `sampler`.
    public Diffusion diffusion(Sampler sampler) {
        return new Diffusion(sampler, tokenizer, config.model().length());
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
            case FixedMasking(MaskedProcess process, _) -> process.fixedCount();
            case VariationalBound<?> bound -> (VariationalBound<? super Transformer>) bound;
            default -> throw new IllegalArgumentException("trained: " + objective.getClass().getSimpleName()
                    + " bounds no likelihood");
        };
    }
}
