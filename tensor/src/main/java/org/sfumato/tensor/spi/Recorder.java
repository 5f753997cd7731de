package org.sfumato.tensor.spi;

import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Op;

/// Told of every operation that ran while it was bound.
@FunctionalInterface
public interface Recorder {
    /// `op` has made `out` from `in`.
    void record(Op op, Tensor[] in, Tensor[] out);
}
