package org.sfumato.models.training;

import org.sfumato.models.vae.Divergence;
import org.sfumato.models.vae.KlWeight;
import org.sfumato.models.vae.VaeConfig;
import org.sfumato.models.vae.VaeObjective;
import org.sfumato.tensor.Precision;

/// How a variational autoencoder of text is trained. Presets: [#ldlm], [#adaVae], [#scratch].
///
/// @param model what is trained
/// @param objective what is minimised
/// @param batch rows of a step
/// @param learningRate height of the rate of AdamW
/// @param beta1 AdamW's first average
/// @param beta2 AdamW's second average
/// @param weightDecay decoupled, on matrices only
/// @param clip the largest norm of all gradients together; 0 for no limit
/// @param warmup the share of the run in which the rate rises
/// @param course of the rate after it
/// @param decoderFrom the share of the run in which the decoder's own layers stay as they are
/// @param seed of everything random
/// @param precision of the loss and its gradients; parameters are f32 in each
public record VaeTrainingConfig(VaeConfig model, VaeObjective objective, int batch, double learningRate, double beta1,
        double beta2, double weightDecay, double clip, double warmup, Course course, double decoderFrom, long seed,
        Precision precision) {
    /// The course of the learning rate after its rise.
    public enum Course {
        /// Always at its height.
        CONSTANT,
        /// Straight down to 0.
        LINEAR,
        /// Down to 0 along half a cosine.
        COSINE
    }

    /// Checks what can be checked.
    public VaeTrainingConfig {
        if (batch < 1 || !(learningRate > 0) || !(clip >= 0) || !(weightDecay >= 0)) {
            throw new IllegalArgumentException("training: batch " + batch + " must be at least 1, learning rate "
                    + learningRate + " positive, clip " + clip + " and weight decay " + weightDecay + " at least 0");
        }
        if (!(warmup >= 0 && warmup < 1) || !(decoderFrom >= 0 && decoderFrom < 1)) {
            throw new IllegalArgumentException("training: the shares of warm-up, " + warmup
                    + ", and of the run before the decoder is trained, " + decoderFrom + ", must lie in [0, 1)");
        }
    }

    /// LDLM's: Adam at 1e-4, betas 0.9 and 0.99, nothing else; rows of 4.
    public static VaeTrainingConfig ldlm(VaeConfig.Lora model, long seed) {
        return new VaeTrainingConfig(model, VaeObjective.ldlm(.01, 5000), 4, 1e-4, .9, .99, 0, 0, 0, Course.CONSTANT, 0,
                seed, Precision.F32);
    }

    /// AdaVAE's: AdamW at 5e-5, a sixth of the run of warm-up, straight down, clip 1; the decoder's adapters join after
    /// a sixth of the run; rows of 90.
    public static VaeTrainingConfig adaVae(VaeConfig.Ada model, long seed) {
        return new VaeTrainingConfig(model, VaeObjective.adaVae(), 90, 5e-5, .9, .999, 0, 1, 1 / 6., Course.LINEAR,
                1 / 6., seed, Precision.F32);
    }

    /// Of a model from scratch: AdamW at 2e-3, half a cosine, clip 1; the weight of the divergence rises to 0.01 in
    /// 1000 steps. With a prefix in half of the rows and fewer hidden words the decoder learned to do without the
    /// latents.
    public static VaeTrainingConfig scratch(VaeConfig.Scratch model, long seed) {
        var objective = new VaeObjective(0, 0, new KlWeight.Sine(.01, 1000), new Divergence.PerToken());
        return new VaeTrainingConfig(model, objective, 32, 2e-3, .9, .99, .01, 1, .02, Course.COSINE, 0, seed,
                Precision.F32);
    }

    /// Of a decoder of pooled vectors: AdamW at 1e-3, half a cosine, clip 1; nothing but the likelihood of the text.
    public static VaeTrainingConfig pooled(VaeConfig.Pooled model, long seed) {
        var objective = new VaeObjective(0, 0, new KlWeight.Sine(0, 1), new Divergence.None());
        return new VaeTrainingConfig(model, objective, 32, 1e-3, .9, .99, .01, 1, .02, Course.COSINE, 0, seed,
                Precision.F32);
    }

    /// The same with another objective, batch and learning rate.
    public VaeTrainingConfig with(VaeObjective other, int rows, double rate) {
        return new VaeTrainingConfig(model, other, rows, rate, beta1, beta2, weightDecay, clip, warmup, course,
                decoderFrom, seed, precision);
    }

    /// This recipe in another precision.
    public VaeTrainingConfig withPrecision(Precision other) {
        return new VaeTrainingConfig(model, objective, batch, learningRate, beta1, beta2, weightDecay, clip, warmup,
                course, decoderFrom, seed, other);
    }
}
