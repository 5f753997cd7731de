package org.sfumato.models.diffusion;

import java.util.List;
import java.util.OptionalInt;
import org.sfumato.tensor.Rng;

/// What writes on a canvas. A sampler is made for one network and the one process that it undoes.
@FunctionalInterface
public interface Sampler {
    /// The canvas with its open places written. The same `rng` gives the same text.
    ///
    /// @param observer told after every step
    int[] fill(Canvas canvas, Rng rng, Observer observer);

    /// The token at which a text is over: the first one that is written, and what is after it, is not part of it.
    default OptionalInt end() {
        return OptionalInt.empty();
    }

    /// Told after every step.
    @FunctionalInterface
    interface Observer {
        /// Sees nothing.
        Observer NONE = _ -> { };

        /// A step is done.
        void step(Step step);
    }

    /// A step that is done.
    ///
    /// @param number counted from 1
    /// @param most the most steps that the canvas can take in all
    /// @param ids the canvas after the step, not to be changed
    /// @param choices what was written in it
    record Step(int number, int most, int[] ids, List<Choice> choices) { }

    /// A token that was written.
    ///
    /// @param place where
    /// @param token the id, which may be that of [MASK] where a token was taken back
    /// @param confidence the probability that the network gave it, in [0, 1]
    /// @param entropy of the network's distribution at that place, in nats
    record Choice(int place, int token, double confidence, double entropy) { }
}
