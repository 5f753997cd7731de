package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Two-dimensional convolution, which is a cross-correlation as in all libraries:
/// `y[n, o, p, q] = b[o] + sum_{c, i, j} w[o, c, i, j] x[n, c', p s + i - a, q s + j - a]`, where x is 0 outside and
/// `c'` is channel c of the group of o: with G groups, o reads C/G channels of its own.
///
/// Shapes: x (N, C, H, W), w (O, C/G, I, J), b (O), optional -> y (N, O, P, Q) with `P = floor((H + 2 a - I) / s) + 1`
/// and Q likewise. One floating type.
///
/// @param stride `s`, at least 1
/// @param padding `a`, rows and columns of zeros on each side
/// @param groups `G`, which divides C and O
public record Conv2dOp(int stride, int padding, int groups) implements Fused {
    /// @throws IllegalArgumentException if stride or groups is not positive, or padding negative
    public Conv2dOp {
        if (stride < 1 || padding < 0 || groups < 1) {
            throw new IllegalArgumentException("conv2d: stride and groups must be positive and padding not negative, "
                    + "got stride " + stride + ", padding " + padding + ", groups " + groups);
        }
    }

    @Override
    public String name() {
        return "conv2d";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        var w = in[1].shape();
        if (x.rank() != 4 || w.rank() != 4) {
            throw new ShapeException("conv2d: x " + in[0] + " and w " + in[1] + " must have four axes"
                    + "\nhint: x is (N, C, H, W), w is (O, C / groups, I, J)");
        }
        if (x.size(1) != w.size(1) * groups || w.size(0) % groups != 0) {
            throw new ShapeException("conv2d: x " + in[0] + " and w " + in[1] + " do not fit " + groups + " groups"
                    + "\nhint: w is (O, C / groups, I, J), and groups divides O");
        }
        if (in.length > 2 && !in[2].shape().equals(Shape.of(w.size(0)))) {
            throw new ShapeException("conv2d: bias " + in[2] + " does not fit w " + in[1]);
        }
        for (var spec : in) {
            if (!spec.dtype().isFloating() || spec.dtype() != in[0].dtype()) {
                throw new ShapeException("conv2d: types differ or are not floating, x " + in[0] + " and " + spec);
            }
        }
        for (int axis = 2; axis < 4; axis++) {
            if (w.size(axis) < 1 || x.size(axis) + 2L * padding < w.size(axis)) {
                throw new ShapeException("conv2d: w " + in[1] + " is empty or larger than x " + in[0]
                        + " with padding " + padding);
            }
        }
        return new Spec[] {new Spec(Shape.of(x.size(0), w.size(0), size(x.size(2), w.size(2)),
                size(x.size(3), w.size(3))), in[0].dtype())};
    }

    /// The size of the result along an axis of size `size` under a kernel of size `kernel`.
    public long size(long size, long kernel) {
        return (size + 2L * padding - kernel) / stride + 1;
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var w = in[1].shape();
        var columns = columns(in[0], w.size(2), w.size(3));                             // (N, G, C/G I J, P Q)
        var rows = in[1].reshape(groups, w.size(0) / groups, w.size(1) * w.size(2) * w.size(3));
        var x = in[0].shape();
        var y = rows.matmul(columns)                                                    // (N, G, O/G, P Q)
                .reshape(x.size(0), w.size(0), size(x.size(2), w.size(2)), size(x.size(3), w.size(3)));
        return new Tensor[] {in.length > 2 ? y.add(in[2].reshape(w.size(0), 1, 1)) : y};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var x = saved.in(0).shape();
        var w = saved.in(1).shape();
        var gradients = new Tensor[saved.inputs()];
        gradients[0] = saved.needs(0) ? Dispatch.one(new Conv2dInputGrad(this, x.size(2), x.size(3)), dOut[0],
                saved.in(1)) : null;
        gradients[1] = saved.needs(1) ? Dispatch.one(new Conv2dWeightGrad(this, w.size(2), w.size(3)), saved.in(0),
                dOut[0]) : null;
        if (gradients.length > 2 && saved.needs(2)) {
            gradients[2] = dOut[0].sum(0, 2, 3);
        }
        return gradients;
    }

    /// What each position of the result reads of x (N, C, H, W): (N, G, C/G I J, P Q).
    Tensor columns(Tensor x, long height, long width) {
        var shape = x.shape();
        long p = size(shape.size(2), height);
        long q = size(shape.size(3), width);
        var padded = padded(padded(x, 2), 3);
        var taps = new Tensor[Math.toIntExact(height * width)];
        for (int t = 0; t < taps.length; t++) {
            taps[t] = Dispatch.one(column(t % width, q), Dispatch.one(row(t / width, p), padded));
        }
        return Tensor.stack(2, taps).reshape(shape.size(0), groups, shape.size(1) / groups * taps.length, p * q);
    }

    /// The sum of `columns` (N, G, C/G I J, P Q) at the places in x from which [#columns] took them.
    Tensor gather(Tensor columns, long height, long width, Shape x) {
        long p = size(x.size(2), height);
        long q = size(x.size(3), width);
        var parts = columns.reshape(x.size(0), x.size(1), height * width, p, q);
        Tensor sum = null;
        for (int t = 0; t < height * width; t++) {
            var wide = new Unslice(column(t % width, q), x.size(3) + 2L * padding);
            var high = new Unslice(row(t / width, p), x.size(2) + 2L * padding);
            var part = Dispatch.one(high, Dispatch.one(wide, parts.select(2, t)));
            sum = sum == null ? part : sum.add(part);
        }
        return sum.slice(2, padding, padding + x.size(2)).slice(3, padding, padding + x.size(3));
    }

    private View.Slice row(long at, long size) {
        return new View.Slice(2, at, size, stride);
    }

    private View.Slice column(long at, long size) {
        return new View.Slice(3, at, size, stride);
    }

    private Tensor padded(Tensor x, int axis) {
        long size = x.shape().size(axis);
        return padding == 0 ? x
                : Dispatch.one(new Unslice(new View.Slice(axis, padding, size, 1), size + 2L * padding), x);
    }
}
