package org.sfumato.models.training;

import org.sfumato.tensor.Precision;

/// How a [org.sfumato.models.gist.GistAutoencoder] is trained.
///
/// @param gists vectors that the encoder writes
/// @param constants learned vectors that are appended to them
/// @param block tokens of a text
/// @param rank of low-rank updates of the encoder's queries and values, of which alone it learns; 0: all of it learns
/// @param decoder whether the decoder learns too; the original keeps it as it was
/// @param batch texts of a step
/// @param learningRate height of the rate of AdamW
/// @param weightDecay decoupled, on all parameters
/// @param clip the largest norm of all gradients together; 0 for no limit
/// @param warmup steps of linear rise, after which the rate goes down along half a cosine; -1: always at its height
/// @param seed of everything random
/// @param precision of the loss and its gradients; parameters are f32 in each
public record GistTrainingConfig(int gists, int constants, int block, int rank, boolean decoder, int batch,
        double learningRate, double weightDecay, double clip, int warmup, long seed, Precision precision) {
    /// Checks what can be checked.
    public GistTrainingConfig {
        if (gists < 1 || constants < 0 || block < 1 || rank < 0 || batch < 1 || warmup < -1) {
            throw new IllegalArgumentException("gist training: gists " + gists + ", block " + block + " and batch "
                    + batch + " must be at least 1, constants " + constants + " and rank " + rank
                    + " at least 0, warmup " + warmup + " at least -1");
        }
        if (!(learningRate > 0) || !(weightDecay >= 0) || !(clip >= 0)) {
            throw new IllegalArgumentException("gist training: learning rate " + learningRate
                    + " must be positive, weight decay " + weightDecay + " and clip " + clip + " at least 0");
        }
    }

    /// latent-llm's: 256 gists and a constant for texts of 256 tokens, one text of a step, the decoder as it was, AdamW
    /// at 1e-4 with decay 1e-4.
    public static GistTrainingConfig original(long seed) {
        return new GistTrainingConfig(256, 1, 256, 0, false, 1, 1e-4, 1e-4, 0, -1, seed, Precision.F32);
    }

    /// A decoder that learns too, and few gists: what learns in minutes on a CPU.
    public static GistTrainingConfig small(long seed) {
        return new GistTrainingConfig(8, 0, 32, 0, true, 32, 1e-3, 1e-4, 1, 100, seed, Precision.F32);
    }

    /// This recipe in another precision.
    public GistTrainingConfig withPrecision(Precision other) {
        return new GistTrainingConfig(gists, constants, block, rank, decoder, batch, learningRate, weightDecay, clip,
                warmup, seed, other);
    }
}
