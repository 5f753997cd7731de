package org.sfumato.models.vae;

import java.util.Objects;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Output;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Start;

/// What a [TextVae] is made of.
public sealed interface VaeConfig {
    /// The most tokens of a span.
    int length();

    /// Of [LoraVae].
    ///
    /// @param latent D
    /// @param rank of both adapters
    /// @param alpha of both: an update is scaled by alpha/rank
    /// @param dropout of what the updates read, in training
    record Lora(int length, int latent, int rank, double alpha, double dropout) implements VaeConfig {
        /// Checks the sizes.
        public Lora {
            require(length >= 2, "length", length);
            require(latent >= 1, "latent", latent);
            require(rank >= 1, "rank", rank);
        }

        /// LDLM's: spans of 48 tokens, 768 numbers, rank 32, alpha 8.
        public static Lora ldlm() {
            return new Lora(48, 768, 32, 8, 0);
        }
    }

    /// Of [AdaVae].
    ///
    /// @param latent D
    /// @param encoderLayers how many of the first layers of the language model the encoder has
    /// @param bottleneck hidden units of an adapter
    /// @param start the id after which the decoder begins
    /// @param temperature of the scores by which the encoder weighs positions
    /// @param injection how the latent gets into the decoder
    record Ada(int length, int latent, int encoderLayers, int bottleneck, int start, Temperature temperature,
            Injection.Kind injection) implements VaeConfig {
        /// What scores are divided by.
        public enum Temperature {
            /// The root of the width, as attention's.
            WIDTH,
            /// The root of the number of rows in the batch: a slip of the published code, here as a baseline.
            BATCH
        }

        /// Checks the sizes.
        public Ada {
            require(length >= 2, "length", length);
            require(latent >= 1, "latent", latent);
            require(encoderLayers >= 1, "encoder layers", encoderLayers);
            require(bottleneck >= 1, "bottleneck", bottleneck);
            require(start >= 0, "start", start);
            Objects.requireNonNull(injection, "vae: no injection");
        }

        /// By pseudo-self-attention.
        public Ada(int length, int latent, int encoderLayers, int bottleneck, int start, Temperature temperature) {
            this(length, latent, encoderLayers, bottleneck, start, temperature, Injection.Kind.ATTENTION);
        }

        /// AdaVAE's for language modelling on GPT-2: spans of 32 tokens, 32 numbers, 8 layers, 128 hidden units.
        public static Ada gpt2() {
            return new Ada(32, 32, 8, 128, 50256, Temperature.WIDTH);
        }
    }

    /// Of [ScratchVae].
    ///
    /// @param vocabulary ids of the text
    /// @param vectors N
    /// @param latent D
    /// @param width of both networks
    /// @param layers of each
    /// @param heads of attention
    /// @param wordDropout the share of the decoder's input tokens that are hidden in training
    record Scratch(int vocabulary, int length, int vectors, int latent, int width, int layers, int heads,
            double wordDropout) implements VaeConfig {
        /// Checks the sizes.
        public Scratch {
            require(vocabulary >= 2, "vocabulary", vocabulary);
            require(length >= 2, "length", length);
            require(vectors >= 1, "vectors", vectors);
            require(latent >= 1, "latent", latent);
            if (!(wordDropout >= 0 && wordDropout < 1)) {
                throw new IllegalArgumentException("vae: word dropout " + wordDropout + " is outside [0, 1)");
            }
        }

        /// The id that stands for a hidden token.
        public int hidden() {
            return vocabulary;
        }

        /// What reads spans and the queries behind them.
        public TransformerConfig encoder() {
            return TransformerConfig.modern(vocabulary + 1, length + vectors, width, layers, heads)
                    .withOutput(new Output(true, false))                // it predicts no tokens
                    .withStart(Start.NORMAL);                           // queries must see the text from the first step
        }

        /// What writes behind latents and a prefix.
        public TransformerConfig decoder() {
            return TransformerConfig.modern(vocabulary + 1, vectors + 2 * length, width, layers, heads)
                    .withPattern(Pattern.CAUSAL);
        }
    }

    /// Of [PooledVae].
    ///
    /// @param prefix M, soft tokens
    /// @param hidden H, units of the map to them
    /// @param rank of the adapter; 0 for none
    /// @param alpha of the adapter: an update is scaled by alpha/rank; of no meaning without one
    /// @param noise s, the deviation of what is added to vectors in training, above 0
    record Pooled(int length, int prefix, int hidden, int rank, double alpha, double noise) implements VaeConfig {
        /// Checks the sizes.
        public Pooled {
            require(length >= 2, "length", length);
            require(prefix >= 1, "prefix", prefix);
            require(hidden >= 1, "hidden", hidden);
            require(rank >= 0, "rank", rank);
            if (!(noise > 0)) {
                throw new IllegalArgumentException("vae: noise " + noise + " must be positive");
            }
        }

        /// Spans of 32 tokens, 8 soft tokens, 256 hidden units, rank 8, noise of 0.1.
        public static Pooled usual() {
            return new Pooled(32, 8, 256, 8, 16, .1);
        }
    }

    private static void require(boolean holds, String what, int value) {
        if (!holds) {
            throw new IllegalArgumentException("vae: bad value, " + what + " = " + value);
        }
    }
}
