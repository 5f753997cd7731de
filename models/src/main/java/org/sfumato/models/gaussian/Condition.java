package org.sfumato.models.gaussian;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// What latents depend on: other latents, as those of the text before, each there or not.
///
/// @param latents (B, M, D)
/// @param present (B, M) bool, true where a latent counts; where it is false its values do not matter
public record Condition(Tensor latents, Tensor present) {
    /// Checks that the shapes go together.
    public Condition {
        if (latents.shape().rank() != 3 || !present.shape().equals(latents.shape().range(0, 2))
                || present.dtype() != DType.BOOL) {
            throw new IllegalArgumentException("condition: needs latents (B, M, D) and bool (B, M), got "
                    + latents.shape() + " and " + present.spec());
        }
    }

    /// All of them there.
    public static Condition of(Tensor latents) {
        return new Condition(latents, flags(latents.shape().range(0, 2), true, latents));
    }

    /// The same with none there.
    public Condition absent() {
        return new Condition(latents, flags(present.shape(), false, latents));
    }

    /// The same where a row of `kept` (B) is true, none elsewhere.
    public Condition where(Tensor kept) {
        return new Condition(latents, present.and(kept.reshape(kept.size(0), 1)));
    }

    private static Tensor flags(Shape shape, boolean value, Tensor like) {
        return Tensor.full(shape, value ? 1 : 0, DType.BOOL, like.device());
    }
}
