package org.sfumato.autograd;

import java.util.IdentityHashMap;
import java.util.Map;
import org.sfumato.tensor.Tensor;

/// The gradients of one number by several tensors.
public final class Gradients {
    private final Map<Tensor, Tensor> byTarget = new IdentityHashMap<>();

    Gradients(Tensor[] targets, Tensor[] gradients) {
        for (int i = 0; i < targets.length; i++) {
            byTarget.put(targets[i], gradients[i]);
        }
    }

    /// The gradient by `target`, of its shape and type.
    ///
    /// @throws IllegalArgumentException if it was not asked for
    public Tensor of(Tensor target) {
        var gradient = byTarget.get(target);
        if (gradient == null) {
            throw new IllegalArgumentException("gradients: none for " + target.spec()
                    + "\nhint: name it among the targets");
        }
        return gradient;
    }
}
