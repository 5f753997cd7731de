package org.sfumato.models.gaussian;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A denoiser that is a pile of blocks around a stream, which can be read and changed between them: what a [ControlNet]
/// is made of.
public interface Steerable extends LatentNetwork {
    /// What reads or changes the stream.
    @FunctionalInterface
    interface Steering {
        /// Leaves the stream as it is.
        Steering NONE = (_, stream) -> stream;

        /// What goes on in the place of `stream`. Shapes: (B, T, H) -> (B, T, H).
        ///
        /// @param place 0 before the first block, i behind the i-th one
        Tensor at(int place, Tensor stream);
    }

    /// The settings that it is made of.
    @Override
    Config config();

    /// Settings of a denoiser that can be steered.
    interface Config extends LatentNetworkConfig {
        @Override
        Steerable init(Rng rng);

        /// How many blocks there are.
        int blocks();

        /// H, the width of the stream.
        int streamWidth();
    }

    /// The stream behind the last block. Shapes: noisy (B, N, D) -> (B, T, H).
    Tensor stream(NoisyLatents noisy, Pass pass, Steering steering);

    /// What is predicted from the stream. Shapes: (B, T, H) -> (B, N, D).
    Tensor predict(Tensor stream);

    /// Whether the parameter `name` is of [#predict] alone.
    boolean predicts(String name);

    @Override
    default Tensor forward(NoisyLatents noisy, Pass pass) {
        return predict(stream(noisy, pass, Steering.NONE));
    }
}
