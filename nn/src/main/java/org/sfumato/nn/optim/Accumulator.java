package org.sfumato.nn.optim;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Sums gradients over parts of a batch that is too large for memory: `s = sum_k w_k g_k`, in place.
///
/// ```java
/// for (var part : parts) {
///     try (var tape = Tape.record(() -> loss(part))) {
///         accumulator.add(gradients(tape));
///     }
/// }
/// optimizer.step(accumulator.mean(), rate);
/// accumulator.clear();
/// ```
public final class Accumulator {
    private static final Fuse ADD = Fuse.of("accumulate", 3,
            x -> java.util.List.of(x.get(0).add(x.get(1).mul(x.get(2)))));

    private final Map<String, Tensor> sums = new LinkedHashMap<>();
    private final Set<String> begun = new LinkedHashSet<>();
    private double weight;

    /// Sums of gradients by `parameters`; they live in the current scope.
    public Accumulator(Map<String, Tensor> parameters) {
        parameters.forEach((name, p) -> sums.put(name, Tensor.full(p.shape(), 0, p.dtype(), p.device())));
    }

    /// Adds the gradients of one part with weight 1.
    ///
    /// @throws IllegalArgumentException if there is a gradient by an unknown parameter; nothing is added then
    public void add(Map<String, Tensor> gradients) {
        add(gradients, 1);
    }

    /// Adds the gradients of one part, times `partWeight`: its share of the tokens, where parts differ in size and each
    /// loss is a mean.
    ///
    /// @throws IllegalArgumentException if there is a gradient by an unknown parameter; nothing is added then
    public void add(Map<String, Tensor> gradients, double partWeight) {
        for (var name : gradients.keySet()) {
            if (!sums.containsKey(name)) {
                throw new IllegalArgumentException("accumulator: there is no parameter " + name);
            }
        }
        Scope.temporary(() -> gradients.forEach((name, g) -> {
            var sum = sums.get(name);
            var factor = Tensor.full(Shape.SCALAR, partWeight, sum.dtype(), sum.device());
            if (begun.add(name)) {
                sum.assign(g.mul(factor));
            } else {
                ADD.update(sum, g, factor);
            }
        }));
        weight += partWeight;
    }

    /// The sums by name, live; only of parameters that had a gradient.
    public Map<String, Tensor> sum() {
        var result = new LinkedHashMap<String, Tensor>();
        begun.forEach(name -> result.put(name, sums.get(name)));
        return result;
    }

    /// The sums divided by the sum of the weights: tensors of their own in the current scope.
    ///
    /// @throws IllegalStateException if nothing was added
    public Map<String, Tensor> mean() {
        if (begun.isEmpty()) {
            throw new IllegalStateException("accumulator: the mean of no gradients");
        }
        var result = new LinkedHashMap<String, Tensor>();
        begun.forEach(name -> result.put(name, Scope.result(() -> sums.get(name).mul(1 / weight))));
        return result;
    }

    /// Begins anew.
    public void clear() {
        begun.clear();
        weight = 0;
    }
}
