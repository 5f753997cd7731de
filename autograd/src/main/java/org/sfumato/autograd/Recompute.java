package org.sfumato.autograd;

import java.util.List;
import java.util.function.UnaryOperator;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.CustomOp;

/// Runs a part of a network without keeping what it computes on the way; the gradient computes it again. Memory for
/// time: activation checkpointing. Source: Chen et al. 2016, arXiv 1604.06174.
public final class Recompute {
    private Recompute() { }

    private record Block(UnaryOperator<Tensor> body, Precision precision) implements CustomOp {
        @Override
        public String name() {
            return "recompute";
        }

        /// The inputs beyond the first are parameters, which the body reaches by itself.
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {precision.call(() -> body.apply(in[0]))};
        }
    }

    /// `body(x)`, recomputed when its gradient is needed, in the same precision. `body` must give the same result each
    /// time: random numbers in it come from an [org.sfumato.tensor.Rng], which is a value.
    ///
    /// @param parameters every tensor besides `x` that `body` reads and that needs a gradient
    public static Tensor of(UnaryOperator<Tensor> body, Tensor x, List<Tensor> parameters) {
        var in = new Tensor[parameters.size() + 1];
        in[0] = x;
        for (int i = 1; i < in.length; i++) {
            in[i] = parameters.get(i - 1);
        }
        return Dispatch.one(new Block(body, Precision.current()), in);
    }
}
