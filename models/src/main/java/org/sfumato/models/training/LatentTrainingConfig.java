package org.sfumato.models.training;

import org.sfumato.tensor.Precision;

/// How a denoiser of latents is trained.
///
/// @param batch rows of a step
/// @param context latents before each that are its condition; 0 for none
/// @param learningRate height of the rate of AdamW
/// @param beta1 AdamW's first average
/// @param beta2 AdamW's second average
/// @param weightDecay decoupled, on matrices only
/// @param clip the largest norm of all gradients together; 0 for no limit
/// @param warmup steps of linear rise
/// @param course of the rate after it
/// @param average the largest decay of the exponential average of the weights; 0 for none
/// @param power of the average's warm-up: its decay is `1 - (1 + t)^-power` at step t
/// @param seed of everything random
/// @param precision of the loss and its gradients; parameters are f32 in each
public record LatentTrainingConfig(int batch, int context, double learningRate, double beta1, double beta2,
        double weightDecay, double clip, int warmup, Course course, double average, double power, long seed,
        Precision precision) {
    /// The course of the learning rate after its rise.
    public enum Course {
        /// Always at its height.
        CONSTANT,
        /// Down to 0 along half a cosine.
        COSINE
    }

    /// Checks what can be checked.
    public LatentTrainingConfig {
        if (batch < 1 || context < 0 || warmup < 0) {
            throw new IllegalArgumentException("training: batch " + batch + " must be at least 1, context " + context
                    + " and warmup " + warmup + " at least 0");
        }
        if (!(learningRate > 0) || !(clip >= 0) || !(weightDecay >= 0) || !(average >= 0 && average < 1)
                || !(power > 0)) {
            throw new IllegalArgumentException("training: learning rate " + learningRate + " and power " + power
                    + " must be positive, clip " + clip + " and weight decay " + weightDecay
                    + " at least 0, average " + average + " in [0, 1)");
        }
    }

    /// LDLM's: Adam at 1e-4 without decay, clip or schedule, an average with warm-up.
    public static LatentTrainingConfig ldlm(long seed) {
        return new LatentTrainingConfig(64, 1, 1e-4, .9, .99, 0, 0, 0, Course.CONSTANT, .9999, 2.0 / 3, seed,
                Precision.F32);
    }

    /// That of LDLM's branch with context: AdamW, decay of matrices, clip at 1.
    public static LatentTrainingConfig ldlmContext(long seed) {
        return new LatentTrainingConfig(64, 39, 1e-4, .9, .95, 1e-3, 1, 0, Course.CONSTANT, .9999, .7, seed,
                Precision.F32);
    }

    /// The Reverse Transformer's: Adam at 1e-4, nothing else, two rows of a step.
    public static LatentTrainingConfig reverse(long seed) {
        return new LatentTrainingConfig(2, 0, 1e-4, .9, .999, 0, 0, 0, Course.CONSTANT, 0, 2.0 / 3, seed,
                Precision.F32);
    }

    /// DDPM training as of latent-llm: AdamW with PyTorch's defaults, warm-up, half a cosine, clip at 1.
    public static LatentTrainingConfig ddpm(long seed) {
        return new LatentTrainingConfig(16, 0, 1e-4, .9, .999, .01, 1, 500, Course.COSINE, 0, 2.0 / 3, seed,
                Precision.F32);
    }

    /// The same with another batch, context, learning rate, average and warm-up.
    public LatentTrainingConfig with(int rows, int before, double rate, double decay, int rise) {
        return new LatentTrainingConfig(rows, before, rate, beta1, beta2, weightDecay, clip, rise, course, decay, power,
                seed, precision);
    }

    /// This recipe in another precision.
    public LatentTrainingConfig withPrecision(Precision other) {
        return new LatentTrainingConfig(batch, context, learningRate, beta1, beta2, weightDecay, clip, warmup, course,
                average, power, seed, other);
    }
}
