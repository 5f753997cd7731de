/// Reverse-mode gradients: a tape is a scope that records operations and is walked backwards.
///
/// Start with [org.sfumato.autograd.Tape].
///
/// ```java
/// try (var tape = Tape.record(() -> x.matmul(w).square().mean())) {
///     var gradients = tape.gradients(w);                         // once, for all targets
///     w.assign(w.sub(gradients.of(w).mul(0.1)));
/// }                                                              // all that the step made is freed
/// ```
///
/// Gradients exist for the very tensors that the recorded code used, by identity. Nothing is marked as a parameter
/// beforehand, and nothing is recorded outside a tape. [org.sfumato.tensor.Tensor#stopGradient] cuts the flow.
///
/// [org.sfumato.autograd.Recompute] trades time for memory. [org.sfumato.autograd.GradCheck] compares gradients with
/// finite differences in float64, for one's own operations as well. How an operation states its gradient:
/// [org.sfumato.tensor.op.Differentiable].
package org.sfumato.autograd;
