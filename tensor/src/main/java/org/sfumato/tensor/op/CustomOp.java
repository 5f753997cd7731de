package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// A user's own operation: a record with a name and a `reference` composition is enough, also in JShell. Its gradient
/// is that of the composition unless [#vjp] is overridden. Apply it with [org.sfumato.tensor.Dispatch#apply].
public non-sealed interface CustomOp extends Op, Differentiable {
    /// What the operation means, in terms of tensor operations.
    Tensor[] reference(Tensor... in);

    @Override
    default String name() {
        return getClass().getSimpleName();
    }

    /// A custom operation has no shape rule of its own: its composition checks.
    @Override
    default Spec[] outputs(Spec... in) {
        throw new UnsupportedOperationException(name() + ": a custom operation has no shape rule");
    }

    @Override
    default Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return saved.through(this::reference, dOut);
    }
}
