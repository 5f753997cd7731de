package org.sfumato.models;

import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// What predicts the clean token at every position of a noisy sequence: any network, or a table of exact conditionals
/// in a test.
@FunctionalInterface
public interface Denoiser {
    /// The target of a position that does not count.
    long IGNORED = -100;

    /// In place of a class that is impossible: every class is possible.
    long NONE = -1;

    /// The logits of the clean tokens. Shapes: noisy (B, T) -> (B, T, V).
    Tensor forward(Noisy noisy, Pass pass);

    /// `-log softmax(logits)` at the targets, in nats, when class `never` is impossible; 0 where the target is
    /// [#IGNORED]. A network whose last layer is a matrix need not make the logits for that.
    /// Shapes: noisy (B, T) and targets (B, T) i64 -> (B, T).
    default Tensor crossEntropy(Noisy noisy, Tensor targets, long never, Pass pass) {
        var logits = forward(noisy, pass);
        return logits.add(without(never, logits.size(-1), logits.dtype(), logits.device()))
                .crossEntropy(targets, IGNORED, null);
    }

    /// What makes class `never` impossible when added to logits: minus infinity there, else 0. Shape: (V).
    static Tensor without(long never, long vocabulary, DType dtype, Device device) {
        var zeros = Tensor.full(Shape.of(vocabulary), 0, dtype, device);
        return zeros.maskedFill(Tensor.arange(vocabulary, device).eq(never), Double.NEGATIVE_INFINITY);
    }
}
