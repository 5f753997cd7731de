/// The closed family of operations: what each one means, its shape rule and its gradient rule.
package org.sfumato.tensor.op;
