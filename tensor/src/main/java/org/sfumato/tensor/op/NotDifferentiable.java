package org.sfumato.tensor.op;

/// An operation whose result has no gradient: it is discrete, or it has no inputs.
public interface NotDifferentiable { }
