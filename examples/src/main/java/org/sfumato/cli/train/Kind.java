package org.sfumato.cli.train;

import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.block.BlockDiffusion;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.masked.FixedMasking;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.mixture.MixtureProcess;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.tokenizers.Tokenizer;

/// What a network can be trained for by `sfumato train`.
public sealed interface Kind {
    /// The ids that the network knows: those of the text, and one more for [MASK] or for what begins a text.
    default int vocabulary(Tokenizer tokenizer) {
        return tokenizer.vocabularySize() + 1;
    }

    /// What is minimised.
    Objective<? super Transformer> objective(Tokenizer tokenizer);

    /// The recipe with the network that the objective needs.
    default TrainingConfig adapted(TrainingConfig config) {
        return config;
    }

    /// The kind that experiments call so: ar, masked, uniform, duo, mixture, fixed, or block and its size, as
    /// block4.
    ///
    /// @throws IllegalArgumentException if there is none
    static Kind parse(String name) {
        return switch (name) {
            case "ar" -> new Autoregressive();
            case "masked" -> new Masked();
            case "uniform" -> new Uniform();
            case "duo" -> new Curriculum(.5);
            case "mixture" -> new Mixture(.1);
            case "fixed" -> new Fixed(FixedMasking.BERT);
            default -> {
                if (!name.matches("block[1-9][0-9]{0,3}")) {
                    throw new IllegalArgumentException("no kind of model is called '" + name
                            + "'\nhint: ar, masked, fixed, uniform, duo, mixture, block4 ...");
                }
                yield new Block(Integer.parseInt(name.substring("block".length())));
            }
        };
    }

    /// To predict hidden tokens.
    record Masked() implements Kind {
        @Override
        public Objective<? super Transformer> objective(Tokenizer tokenizer) {
            return MaskedProcess.of(tokenizer.vocabularySize());
        }
    }

    /// To predict hidden tokens of which there are always as many: a baseline.
    record Fixed(double share) implements Kind {
        @Override
        public Objective<? super Transformer> objective(Tokenizer tokenizer) {
            return new FixedMasking(MaskedProcess.of(tokenizer.vocabularySize()), share);
        }
    }

    /// To predict replaced tokens. They look like clean ones, so the network must be told how many there are.
    record Uniform() implements Kind {
        private static final int CONDITIONING = 64;

        @Override
        public int vocabulary(Tokenizer tokenizer) {
            return tokenizer.vocabularySize();
        }

        @Override
        public Objective<? super Transformer> objective(Tokenizer tokenizer) {
            return UniformProcess.of(tokenizer.vocabularySize());
        }

        @Override
        public TrainingConfig adapted(TrainingConfig config) {
            return config.withModel(config.model().withConditioning(CONDITIONING));
        }
    }

    /// To predict replaced tokens, at first from Gaussian latents.
    ///
    /// @param share of the run in which it is from latents
    record Curriculum(double share) implements Kind {
        @Override
        public int vocabulary(Tokenizer tokenizer) {
            return tokenizer.vocabularySize();
        }

        @Override
        public Objective<? super Transformer> objective(Tokenizer tokenizer) {
            return Duo.of(tokenizer.vocabularySize(), share);
        }

        @Override
        public TrainingConfig adapted(TrainingConfig config) {
            return new Uniform().adapted(config);
        }
    }

    /// To predict hidden and replaced tokens.
    ///
    /// @param uniform the share of replaced ones half way
    record Mixture(double uniform) implements Kind {
        @Override
        public Objective<? super Transformer> objective(Tokenizer tokenizer) {
            return new MixtureProcess(tokenizer.vocabularySize(), uniform);
        }

        @Override
        public TrainingConfig adapted(TrainingConfig config) {
            return new Uniform().adapted(config);
        }
    }

    /// To predict the next token.
    record Autoregressive() implements Kind {
        @Override
        public Objective<? super Transformer> objective(Tokenizer tokenizer) {
            return new Autoregression(tokenizer.vocabularySize());
        }

        @Override
        public TrainingConfig adapted(TrainingConfig config) {
            return config.withModel(config.model().withPattern(Pattern.CAUSAL));
        }
    }

    /// To predict the hidden tokens of a block after the blocks before it.
    record Block(int size) implements Kind {
        @Override
        public Objective<? super Transformer> objective(Tokenizer tokenizer) {
            return new BlockDiffusion(MaskedProcess.of(tokenizer.vocabularySize()));
        }

        @Override
        public TrainingConfig adapted(TrainingConfig config) {
            return config.withModel(config.model().withPattern(Pattern.blocks(size)));
        }
    }
}
