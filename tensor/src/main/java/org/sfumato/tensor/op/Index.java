package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Reading and adding at indices. Indices are i64; one outside [0, size) is an error that names it, found before
/// anything is written.
public sealed interface Index extends Op, Differentiable {
    /// The axis along which is indexed.
    int axis();

    private static void requireIndex(String op, Spec index) {
        if (index.dtype() != DType.I64) {
            throw new ShapeException(op + ": indices must be i64, not " + index + "\nhint: cast(DType.I64)");
        }
    }

    private static void requireSame(String op, Shape a, Shape b, int axis) {
        if (a.rank() != b.rank() || !a.with(axis, 0).equals(b.with(axis, 0))) {
            throw new ShapeException(op + ": sizes differ off axis " + axis + ", " + a + " and " + b);
        }
    }

    /// `out[.., i, ..] = x[.., index[.., i, ..], ..]`: x and index agree in all sizes but that of the axis.
    record Gather(int axis) implements Index {
        @Override
        public String name() {
            return "gather";
        }

        @Override
        public Spec[] outputs(Spec... in) {
            requireIndex(name(), in[1]);
            requireSame(name(), in[0].shape(), in[1].shape(), axis);
            return new Spec[] {new Spec(in[1].shape(), in[0].dtype())};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            var zeros = Tensor.full(saved.in(0).shape(), 0, dOut[0].dtype(), dOut[0].device());
            return new Tensor[] {zeros.scatterAdd(axis, saved.in(1), dOut[0]), null};
        }
    }

    /// A copy of x to which `source[.., i, ..]` is added at `[.., index[.., i, ..], ..]`, in rising order of `i`.
    record ScatterAdd(int axis) implements Index {
        @Override
        public String name() {
            return "scatterAdd";
        }

        @Override
        public Spec[] outputs(Spec... in) {
            requireIndex(name(), in[1]);
            requireSame(name(), in[0].shape(), in[1].shape(), axis);
            if (!in[1].shape().equals(in[2].shape()) || in[0].dtype() != in[2].dtype()) {
                throw new ShapeException("scatterAdd: source " + in[2] + " must have the shape of the index "
                        + in[1].shape()
                        + " and the type of " + in[0]);
            }
            return new Spec[] {in[0]};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0], null, saved.needs(2) ? dOut[0].gather(axis, saved.in(1)) : null};
        }
    }

    /// `out[.., i, ..] = x[.., index[i], ..]` for a one-dimensional index; rows of an embedding table when the axis is
    /// 0.
    record IndexSelect(int axis) implements Index {
        @Override
        public String name() {
            return "indexSelect";
        }

        @Override
        public Spec[] outputs(Spec... in) {
            requireIndex(name(), in[1]);
            if (in[1].shape().rank() != 1) {
                throw new ShapeException("indexSelect: the index must have one axis, not " + in[1].shape());
            }
            return new Spec[] {new Spec(in[0].shape().with(axis, in[1].shape().size(0)), in[0].dtype())};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            var size = saved.in(0).shape().size(axis);
            return new Tensor[] {org.sfumato.tensor.Dispatch.one(new IndexAdd(axis, size), dOut[0], saved.in(1)), null};
        }
    }

    /// Zeros of `size` along the axis, to which `source[.., i, ..]` is added at `[.., index[i], ..]`, in rising order
    /// of `i`.
    record IndexAdd(int axis, long size) implements Index {
        @Override
        public String name() {
            return "indexAdd";
        }

        @Override
        public Spec[] outputs(Spec... in) {
            requireIndex(name(), in[1]);
            if (in[1].shape().rank() != 1 || in[1].shape().size(0) != in[0].shape().size(axis)) {
                throw new ShapeException("indexAdd: the index " + in[1].shape() + " must name a place for each of the "
                        + in[0].shape().size(axis) + " entries of " + in[0].shape() + " along axis " + axis);
            }
            return new Spec[] {new Spec(in[0].shape().with(axis, size), in[0].dtype())};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0].indexSelect(axis, saved.in(1)), null};
        }
    }
}
