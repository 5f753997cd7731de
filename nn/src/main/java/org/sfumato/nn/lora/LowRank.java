package org.sfumato.nn.lora;

import org.sfumato.nn.Init;
import org.sfumato.nn.Layer;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A low-rank update of some rows of a matrix, `scale B A`. Shapes: A (r, I), B (O, r) for O rows.
///
/// @param scale alpha/r, or alpha/sqrt(r)
public record LowRank(Place place, Tensor a, Tensor b, double scale) implements Layer {
    /// Checks the shapes.
    ///
    /// @throws ShapeException if they do not fit the place
    public LowRank {
        long r = a.shape().rank() == 2 ? a.size(0) : -1;
        if (!a.shape().equals(Shape.of(Math.max(r, 0), place.in())) || !b.shape().equals(Shape.of(place.out(), r))) {
            throw new ShapeException("lora: A " + a.shape() + " and B " + b.shape() + " do not fit " + place.name()
                    + " of " + place.in() + " inputs and " + place.out() + " outputs");
        }
    }

    /// A uniform in +-1/sqrt(I) and B zero: an update that changes nothing until it has learned.
    static LowRank init(LoraConfig config, Place place, Rng rng) {
        int r = config.rank(place);
        return new LowRank(place, Init.kaimingUniform(Math.sqrt(5), place.in(), rng, r, place.in()),
                Init.zeros(place.out(), r), config.scale(place));
    }
}
