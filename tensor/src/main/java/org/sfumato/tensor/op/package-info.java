/// The closed family of operations: what each one means, its shape rule and its gradient rule.
///
/// Start with [org.sfumato.tensor.op.Op]. An operation is a record without kernels: `outputs` says what comes out when
/// tensors of given shapes and types go in, and throws before any work if they do not fit. Kernels are the devices'.
///
///   - [org.sfumato.tensor.op.Pointwise]: a formula for each element; loop and gradient are derived.
///   - [org.sfumato.tensor.op.Fused]: carries a composition that is its meaning; kernels are optional.
///   - [org.sfumato.tensor.op.View]: another layout of the same memory.
///   - [org.sfumato.tensor.op.Source]: no inputs; filled, counted or random.
///   - [org.sfumato.tensor.op.CustomOp]: a user's own.
///
/// Each is [org.sfumato.tensor.op.Differentiable] or [org.sfumato.tensor.op.NotDifferentiable]. Users call methods of
/// [org.sfumato.tensor.Tensor], which make these records and hand them to [org.sfumato.tensor.Dispatch].
package org.sfumato.tensor.op;
