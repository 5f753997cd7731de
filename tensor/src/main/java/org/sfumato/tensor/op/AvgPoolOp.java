package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// The mean of each window: `y[..., p, q] = sum_{i, j < k} x[..., p s + i - a, q s + j - a] / k^2`, where x is 0
/// outside, which counts. Shapes: x (..., H, W) -> (..., P, Q) with `P = floor((H + 2 a - k) / s) + 1`, Q likewise.
///
/// @param kernel `k`, at least 1
/// @param stride `s`, at least 1
/// @param padding `a`, rows and columns of zeros on each side, at most half of the kernel
public record AvgPoolOp(int kernel, int stride, int padding) implements Fused {
    /// @throws IllegalArgumentException if a number is out of range
    public AvgPoolOp {
        if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2) {
            throw new IllegalArgumentException("avgPool: kernel and stride must be positive, padding from 0 to half of "
                    + "the kernel, got kernel " + kernel + ", stride " + stride + ", padding " + padding);
        }
    }

    @Override
    public String name() {
        return "avgPool";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        if (x.rank() < 2 || !in[0].dtype().isFloating() || Math.min(x.size(-1), x.size(-2)) + 2L * padding < kernel) {
            throw new ShapeException("avgPool: needs a floating grid not smaller than the kernel " + kernel + ", not "
                    + in[0]);
        }
        return new Spec[] {new Spec(x.with(-2, size(x.size(-2))).with(-1, size(x.size(-1))), in[0].dtype())};
    }

    /// The size of the result along an axis of size `size`.
    public long size(long size) {
        return (size + 2L * padding - kernel) / stride + 1;
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0].shape();
        var columns = windows().columns(grids(in[0]), kernel, kernel);                  // (M, 1, k k, P Q)
        var y = columns.mean(2).reshape(x.with(-2, size(x.size(-2))).with(-1, size(x.size(-1))));
        return new Tensor[] {y};
    }

    /// The convolution that reads the same windows.
    Conv2dOp windows() {
        return new Conv2dOp(stride, padding, 1);
    }

    /// x (..., H, W) as (M, 1, H, W).
    static Tensor grids(Tensor x) {
        var shape = x.shape();
        return x.reshape(shape.range(0, shape.rank() - 2).count(), 1, shape.size(-2), shape.size(-1));
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var x = saved.in(0).shape();
        return new Tensor[] {Dispatch.one(new AvgPoolGrad(this, x.size(-2), x.size(-1)), dOut[0])};
    }

    /// The shape of x for a result of shape `y`.
    static Shape input(Shape y, long height, long width) {
        return y.with(-2, height).with(-1, width);
    }
}
