/// Scalar formulas, from which the loop, the derivative and the oracle of every pointwise operation are derived.
package org.sfumato.tensor.expr;
