package org.sfumato.models.pretrained;

import java.util.Arrays;
import java.util.Optional;
import org.sfumato.nn.Linear;
import org.sfumato.nn.LinearMap;
import org.sfumato.nn.QuantisedLinear;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.quantised.WeightFormat;

/// How the matrices of a network are kept: in a format, or as f32.
record Weights(Optional<WeightFormat> format) {
    static final Weights F32 = new Weights(Optional.empty());

    static Weights in(WeightFormat format) {
        return new Weights(Optional.of(format));
    }

    /// The type as which matrices are read.
    DType type() {
        return format.isPresent() && format.get() == WeightFormat.BF16 ? DType.BF16 : DType.F32;
    }

    /// A layer of `weight`, of the type of [#type], which it may take over; what it does not is left alone.
    LinearMap layer(Tensor weight, Tensor bias) {
        if (format.isEmpty()) {
            return new Linear(weight, bias);
        }
        var parts = Scope.results(() -> format.get().quantise(weight).toArray(Tensor[]::new));
        return new QuantisedLinear(format.get(), weight.size(1), Arrays.asList(parts), bias);
    }
}
