/// Scalar formulas, from which the loop, the derivative and the oracle of every pointwise operation are derived.
///
/// Start with [org.sfumato.tensor.expr.Expr], which users meet in [org.sfumato.tensor.Fuse]. `diff` gives the
/// derivative as a formula, `eval` the value in float64. [org.sfumato.tensor.expr.ExprLoop] is a vector loop over
/// native memory, compiled for one list of formulas as a hidden class.
package org.sfumato.tensor.expr;
