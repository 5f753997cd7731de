package org.sfumato.nn;

import java.util.Locale;
import java.util.Map;
import org.sfumato.tensor.Tensor;

/// A part of a network: a record whose components are parameters (tensors), other layers, lists of layers or
/// maps to them, and settings.
///
/// Layers have no hidden state and no training mode; what differs in training, as dropout, is told by a [Pass].
public interface Layer {
    /// The parameters by dotted path, in the order of the record's components: `blocks.0.attention.output.weight`. A
    /// component that is `null` has none; a tensor that appears twice is listed where it appears first.
    default Map<String, Tensor> parameters() {
        return Parameters.of(this);
    }

    /// The number of parameters, each counted once.
    default long parameterCount() {
        return parameters().values().stream().mapToLong(t -> t.shape().count()).sum();
    }

    /// The layer in a line: `Transformer of 456,160 parameters in 47 tensors`. Networks give it as their text; that of
    /// a record would show the elements of every tensor.
    default String summary() {
        return String.format(Locale.ROOT, "%s of %,d parameters in %,d tensors", getClass().getSimpleName(),
                parameterCount(), parameters().size());
    }
}
