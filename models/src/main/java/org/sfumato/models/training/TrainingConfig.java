package org.sfumato.models.training;

import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Precision;

/// How a network is trained. Presets: [#nanodllm], [#charSmall], [#charMedium],
/// [#charBase].
///
/// @param model the network
/// @param batch rows of a step
/// @param length tokens of a row, at most the network's length
/// @param learningRate height of the rate of AdamW
/// @param muonRate height of the rate of Muon, which then trains the matrices inside the blocks that work
///     on the stream; 0 leaves all to AdamW
/// @param beta1 AdamW's first average
/// @param beta2 AdamW's second average
/// @param weightDecay decoupled, on matrices only unless `decayVectors`
/// @param decayVectors true if biases and scales decay too
/// @param clip the largest norm of all gradients together; 0 for no limit
/// @param warmup steps of linear rise
/// @param decay the last share of the run, in which the rate falls straight to 0; 0 keeps it constant
/// @param average the decay of the exponential average of the weights; 0 for none
/// @param shortShare the share of steps that train on a random shorter length
/// @param seed of everything random
/// @param precision of the loss and its gradients; parameters are f32 in each
public record TrainingConfig(TransformerConfig model, int batch, int length, double learningRate, double muonRate,
        double beta1, double beta2, double weightDecay, boolean decayVectors, double clip, int warmup, double decay,
        double average, double shortShare, long seed, Precision precision) {
    /// Checks what can be checked.
    public TrainingConfig {
        if (batch < 1 || length < 1 || length > model.length()) {
            throw new IllegalArgumentException("training: batch " + batch + " must be at least 1, length " + length
                    + " in [1, " + model.length() + "]");
        }
        if (!(learningRate > 0) || !(muonRate >= 0) || !(clip >= 0) || warmup < 0 || !(decay >= 0 && decay <= 1)
                || !(average >= 0 && average < 1) || !(shortShare >= 0 && shortShare <= 1)) {
            throw new IllegalArgumentException("training: rates, clip and warmup must not be negative (learning rate "
                    + learningRate + ", muon " + muonRate + ", clip " + clip + ", warmup " + warmup
                    + "), shares within [0, 1] (decay " + decay + ", average " + average + ", short " + shortShare
                    + ")");
        }
    }

    /// nanodLLM's recipe: AdamW 1e-3, clip 0.1, constant rate, batches of 64 x 512.
    public static TrainingConfig nanodllm(int vocabulary, long seed) {
        return new TrainingConfig(TransformerConfig.nanodllm(vocabulary), 64, 512, 1e-3, 0, .9, .999, 1e-7, true, .1, 0,
                0, 0, .01, seed, Precision.F32);
    }

    /// A small model of characters for minutes on a few cores: 0.2 M parameters, windows of 128. In so short a time a
    /// smaller network that sees more text is better: of widths 64, 96 and 128 the first, by far.
    public static TrainingConfig charSmall(int vocabulary, long seed) {
        return new TrainingConfig(TransformerConfig.modern(vocabulary, 128, 64, 4, 2), 16, 128, 3e-3, .02, .9, .99,
                .01, false, 1, 50, .6, 0, .01, seed, Precision.F32);
    }

    /// A model of characters for a quarter of an hour on a few cores: 0.5 M parameters, windows of 128, averaged
    /// weights.
    public static TrainingConfig charMedium(int vocabulary, long seed) {
        return new TrainingConfig(TransformerConfig.modern(vocabulary, 128, 96, 4, 3), 16, 128, 3e-3, .02, .9, .99,
                .01, false, 1, 100, .6, .999, .01, seed, Precision.F32);
    }

    /// A larger model of characters for hours: 10.7 M parameters, windows of 256.
    public static TrainingConfig charBase(int vocabulary, long seed) {
        return new TrainingConfig(TransformerConfig.modern(vocabulary, 256, 384, 6, 6), 16, 256, 1e-3, .02, .9, .99,
                .01, false, 1, 200, .6, 0, .01, seed, Precision.F32);
    }

    /// This recipe with another network.
    public TrainingConfig withModel(TransformerConfig other) {
        return new TrainingConfig(other, batch, length, learningRate, muonRate, beta1, beta2, weightDecay, decayVectors,
                clip, warmup, decay, average, shortShare, seed, precision);
    }

    /// This recipe with another batch.
    public TrainingConfig withBatch(int rows) {
        return new TrainingConfig(model, rows, length, learningRate, muonRate, beta1, beta2, weightDecay, decayVectors,
                clip, warmup, decay, average, shortShare, seed, precision);
    }

    /// This recipe with windows of another length.
    public TrainingConfig withLength(int tokens) {
        return new TrainingConfig(model, batch, tokens, learningRate, muonRate, beta1, beta2, weightDecay, decayVectors,
                clip, warmup, decay, average, shortShare, seed, precision);
    }

    /// This recipe with another rate of AdamW; Muon's keeps its ratio to it.
    public TrainingConfig withLearningRate(double rate) {
        return new TrainingConfig(model, batch, length, rate, muonRate * rate / learningRate, beta1, beta2, weightDecay,
                decayVectors, clip, warmup, decay, average, shortShare, seed, precision);
    }

    /// This recipe with another decay of the average of the weights.
    public TrainingConfig withAverage(double share) {
        return new TrainingConfig(model, batch, length, learningRate, muonRate, beta1, beta2, weightDecay, decayVectors,
                clip, warmup, decay, share, shortShare, seed, precision);
    }

    /// This recipe in another precision.
    public TrainingConfig withPrecision(Precision other) {
        return new TrainingConfig(model, batch, length, learningRate, muonRate, beta1, beta2, weightDecay,
                decayVectors, clip, warmup, decay, average, shortShare, seed, other);
    }
}
