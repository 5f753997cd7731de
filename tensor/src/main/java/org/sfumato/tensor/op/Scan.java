package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Running sums or products along an axis. Results of bool and i32 are i64, as in PyTorch.
public sealed interface Scan extends Op {
    /// The axis, in [0, rank).
    int axis();

    /// True if the scan starts at the end of the axis.
    boolean reverse();

    @Override
    default Spec[] outputs(Spec... in) {
        return new Spec[] {in[0].dtype().isFloating() ? in[0] : in[0].as(DType.I64)};
    }

    /// `out_i = sum of x_j over j <= i`.
    record CumSum(int axis, boolean reverse) implements Scan, Differentiable {
        @Override
        public String name() {
            return "cumsum";
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {org.sfumato.tensor.Dispatch.one(new CumSum(axis, !reverse), dOut[0])};
        }
    }

    /// `out_i = product of x_j over j <= i`. Gradient: quadratic in the size of the axis, exact where elements are 0.
    record CumProd(int axis, boolean reverse) implements Scan, Differentiable {
        @Override
        public String name() {
            return "cumprod";
        }

        /// `dx_k = sum over i of dy_i * product over j <= i, j != k`: the table of products with x_k replaced by 1.
        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            var x = saved.in(0).transpose(axis, -1);                        // (..., n)
            var dy = dOut[0].transpose(axis, -1);
            long n = x.shape().size(-1);
            var square = x.shape().append(n);
            int last = square.rank() - 1;
            var table = x.unsqueeze(-2).expand(square);                     // (..., k, j)
            var index = Tensor.arange(n, x.device());
            var diagonal = index.unsqueeze(-1).eq(index);
            var replaced = Tensor.full(square, 1, x.dtype(), x.device());
            var products = org.sfumato.tensor.Dispatch.one(new CumProd(last, reverse), diagonal.where(replaced, table));
            var reached = reverse ? index.le(index.unsqueeze(-1)) : index.ge(index.unsqueeze(-1));
            var dx = reached.cast(x.dtype()).mul(products).mul(dy.unsqueeze(-2)).sum(-1);
            return new Tensor[] {dx.transpose(axis, -1)};
        }
    }
}
