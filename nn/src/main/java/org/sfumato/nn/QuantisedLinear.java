package org.sfumato.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.quantised.WeightFormat;

/// `y = x W^T + b` with a frozen W of few bits. Shapes: x (..., I), bias (O) or `null` -> y (..., O). Gradients flow to
/// x and to the bias, none to W. Rules: [QuantisedLinearOp].
///
/// The parts of W are parameters: they are saved and loaded with the rest of the network. No optimiser can change them,
/// since they have no gradient.
///
/// @param in I
/// @param parts of W, as [WeightFormat#parts] has them
public record QuantisedLinear(WeightFormat format, long in, List<Tensor> parts, Tensor bias) implements LinearMap {
    /// Checks that the parts are those of a matrix (O, in).
    ///
    /// @throws IllegalArgumentException if they are not
    public QuantisedLinear {
        parts = List.copyOf(parts);
        var needed = parts.isEmpty() ? List.of() : format.parts(parts.getFirst().size(0), in);
        var found = parts.stream().map(Tensor::spec).toList();
        if (parts.isEmpty() || !needed.equals(found)) {
            throw new IllegalArgumentException("quantised linear: a matrix of " + in + " columns in " + format
                    + " has the parts " + needed + ", got " + found);
        }
    }

    /// The same map with its matrix in `format`, in the current scope; the bias is shared.
    ///
    /// @throws IllegalArgumentException if a weight is not finite
    public static QuantisedLinear of(Linear dense, WeightFormat format) {
        return new QuantisedLinear(format, dense.in(), format.quantise(dense.weight()), dense.bias());
    }

    /// The same network with every [Linear] that `which` wants in `format`. All other parts are shared, so a head that
    /// is tied to the token table leaves the table as it is. The dense matrices are left to their scope.
    ///
    /// @param which told the path and the layer
    public static <T extends Layer> T replace(T network, WeightFormat format, BiPredicate<String, Linear> which) {
        return Linears.replace(network, (path, map) -> map instanceof Linear dense && which.test(path, dense)
                ? of(dense, format) : map);
    }

    @Override
    public long out() {
        return parts.getFirst().size(0);
    }

    /// W in f32, (O, I).
    public Tensor weight() {
        return format.dequantise(in, parts);
    }

    @Override
    public Tensor forward(Tensor x) {
        var inputs = new ArrayList<Tensor>(parts);
        inputs.addFirst(x);
        if (bias != null) {
            inputs.add(bias);
        }
        return Dispatch.one(new QuantisedLinearOp(format), inputs.toArray(Tensor[]::new));
    }
}
