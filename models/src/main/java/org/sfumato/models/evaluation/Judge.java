package org.sfumato.models.evaluation;

import java.util.List;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.training.Trained;
import org.sfumato.tensor.Rng;
import org.sfumato.tokenizers.Tokenizer;

/// Says what samples of other models are like: how likely they are under a model of its own, best an autoregressive
/// one, and how they compare with a text.
///
/// @param model of the same tokens as the samples
/// @param reference the text, best that of the training
public record Judge(Trained model, Reference reference) {
    /// Noisy versions of a sample, where the likelihood is a bound.
    private static final int SAMPLES = 4;

    /// Checks that the model knows the same tokens.
    ///
    /// @throws IllegalArgumentException if its tokenizer is another one
    public void requireSame(Tokenizer tokenizer) {
        if (!model.tokenizer().toJson().equals(tokenizer.toJson())) {
            throw new IllegalArgumentException("the judge has another vocabulary"
                    + "\nhint: train both on the same text");
        }
    }

    /// The mean negative log-likelihood of the tokens of a text, or its bound, in nats.
    public double nats(int[] ids) {
        return new Nelbo<>(model.network(), model.bound(), model.config().model().length())
                .estimate(ids, SAMPLES, Rng.of(0)).nats();
    }

    /// What `samples` are like.
    ///
    /// @throws IllegalArgumentException if there are none, or one is shorter than four tokens
    public SampleQuality quality(List<int[]> samples) {
        return SampleQuality.of(samples, this::nats, model.tokenizer(), reference);
    }
}
