package org.sfumato.tensor.op;

import org.sfumato.tensor.Spec;

/// An operation on tensors: what it is called and what it makes of its inputs. The family is closed; users join it by
/// [CustomOp].
///
/// Every concern is one exhaustive switch over this family without `default` (CPU table, reference table, test
/// samples), so that the compiler names each place that a new operation has forgotten. An operation is either
/// [Differentiable] or [NotDifferentiable].
public sealed interface Op permits Pointwise, Cast, Reduce, ArgReduce, View, Unslice, Copy, Concat, MatMul, Index, Scan,
        Sort, TopK, Triangle, Source, Fused, CustomOp {
    /// The name for messages, statistics and traces, as `matmul`.
    String name();

    /// The shape rule: what comes out when inputs of these kinds go in. All checks that can be made before any work are
    /// made here.
    ///
    /// @throws org.sfumato.tensor.ShapeException if the inputs do not fit
    Spec[] outputs(Spec... in);
}
