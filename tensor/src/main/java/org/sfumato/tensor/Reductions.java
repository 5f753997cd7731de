package org.sfumato.tensor;

import org.sfumato.tensor.op.ArgReduce;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Scan;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.TopK;

/// Combining elements along axes, ordering them, and reading at indices. No axes mean all axes; `keep` leaves them with
/// size 1.
public sealed interface Reductions permits Tensor {
    /// The sum over `axes`.
    default Tensor sum(int... axes) {
        return sum(false, axes);
    }

    /// The sum over `axes`.
    default Tensor sum(boolean keep, int... axes) {
        return Dispatch.one(Reduce.of(Reduce.Kind.SUM, self().shape(), keep, axes), self());
    }

    /// The mean over `axes`; whole numbers give f32; NaN over nothing.
    default Tensor mean(int... axes) {
        return mean(false, axes);
    }

    /// The mean over `axes`; whole numbers give f32; NaN over nothing.
    default Tensor mean(boolean keep, int... axes) {
        return wide().sum(keep, axes).mul(1.0 / count(axes)).cast(floating());
    }

    /// The variance over `axes`, the sum of squares divided by the count less `correction`: 0 is the biased one, 1
    /// PyTorch's default.
    default Tensor var(int correction, boolean keep, int... axes) {
        var x = wide();
        return x.sub(x.mean(true, axes)).square().sum(keep, axes).mul(1.0 / Math.max(0, count(axes) - correction))
                .cast(floating());
    }

    /// The largest element over `axes`; NaN if there is one.
    default Tensor max(int... axes) {
        return max(false, axes);
    }

    /// The largest element over `axes`; NaN if there is one.
    default Tensor max(boolean keep, int... axes) {
        return Dispatch.one(Reduce.of(Reduce.Kind.MAX, self().shape(), keep, axes), self());
    }

    /// The smallest element over `axes`; NaN if there is one.
    default Tensor min(int... axes) {
        return min(false, axes);
    }

    /// The smallest element over `axes`; NaN if there is one.
    default Tensor min(boolean keep, int... axes) {
        return Dispatch.one(Reduce.of(Reduce.Kind.MIN, self().shape(), keep, axes), self());
    }

    /// The product over `axes`.
    default Tensor prod(int... axes) {
        return prod(false, axes);
    }

    /// The product over `axes`.
    default Tensor prod(boolean keep, int... axes) {
        return Dispatch.one(Reduce.of(Reduce.Kind.PROD, self().shape(), keep, axes), self());
    }

    /// `log sum exp(x)` over `axes`, without overflow; minus infinity over minus infinities.
    default Tensor logSumExp(int... axes) {
        var x = wide();
        var kept = x.max(true, axes).stopGradient();
        var shift = kept.abs().eq(Double.POSITIVE_INFINITY)
                .where(Tensor.full(kept.shape(), 0, x.dtype(), x.device()), kept);
        var reduced = x.shape().reduce(x.shape().axes(axes), false);
        return x.sub(shift).exp().sum(axes).log().add(shift.reshape(reduced)).cast(floating());
    }

    /// True if any element along `axes` is true (not 0).
    default Tensor any(int... axes) {
        return self().cast(DType.BOOL).sum(axes).cast(DType.BOOL);
    }

    /// True if all elements along `axes` are true (not 0).
    default Tensor all(int... axes) {
        return self().not().any(axes).not();
    }

    /// Summed over the axes along which `shape` was broadcast to this one, back to `shape`.
    default Tensor sumTo(Shape shape) {
        var from = self().shape();
        if (from.equals(shape)) {
            return self();
        }
        int shift = from.rank() - shape.rank();
        int[] axes = java.util.stream.IntStream.range(0, from.rank())
                .filter(i -> i < shift || shape.size(i - shift) == 1 && from.size(i) != 1).toArray();
        return (axes.length == 0 ? self() : sum(true, axes)).reshape(shape);
    }

    /// The index (i64) of the largest element along `axis`, which disappears; the first among equals; NaN wins.
    default Tensor argmax(int axis) {
        return Dispatch.one(new ArgReduce(ArgReduce.Kind.ARGMAX, self().shape().axis(axis), false), self());
    }

    /// The index (i64) of the smallest element along `axis`, which disappears; the first among equals; NaN wins.
    default Tensor argmin(int axis) {
        return Dispatch.one(new ArgReduce(ArgReduce.Kind.ARGMIN, self().shape().axis(axis), false), self());
    }

    /// Running sums along `axis`; from the end if `reverse`.
    default Tensor cumsum(int axis, boolean reverse) {
        return Dispatch.one(new Scan.CumSum(self().shape().axis(axis), reverse), self());
    }

    /// Running products along `axis`; from the end if `reverse`.
    default Tensor cumprod(int axis, boolean reverse) {
        return Dispatch.one(new Scan.CumProd(self().shape().axis(axis), reverse), self());
    }

    /// The elements along `axis` in order, and their indices: `{values, indices}`. Equal elements keep their order; NaN
    /// is largest.
    default Tensor[] sort(int axis, boolean descending) {
        return Dispatch.apply(new Sort(self().shape().axis(axis), descending), self());
    }

    /// The `k` largest elements along `axis` in falling order, and their indices: `{values, indices}`.
    default Tensor[] topK(int axis, long k) {
        return Dispatch.apply(new TopK(self().shape().axis(axis), k), self());
    }

    /// `out[.., i, ..] = this[.., index[.., i, ..], ..]` along `axis`. Rules: [Index.Gather].
    default Tensor gather(int axis, Tensor index) {
        return Dispatch.one(new Index.Gather(self().shape().axis(axis)), self(), index);
    }

    /// A copy with `source` added at `index` along `axis`. Rules: [Index.ScatterAdd].
    default Tensor scatterAdd(int axis, Tensor index, Tensor source) {
        return Dispatch.one(new Index.ScatterAdd(self().shape().axis(axis)), self(), index, source);
    }

    /// The entries at the indices of a one-dimensional `index` along `axis`. Rules: [Index.IndexSelect].
    default Tensor indexSelect(int axis, Tensor index) {
        return Dispatch.one(new Index.IndexSelect(self().shape().axis(axis)), self(), index);
    }

    /// The rows of this table at `ids`. Shapes: this (V, D), ids (...) i64 -> (..., D).
    default Tensor embedding(Tensor ids) {
        return indexSelect(0, ids.reshape(ids.shape().count())).reshape(ids.shape().append(self().shape().size(-1)));
    }

    /// For whole numbers in [0, classes): a new last axis of `classes` truth values, true at the number.
    default Tensor oneHot(long classes) {
        return self().unsqueeze(-1).eq(Tensor.arange(classes, self().device()));
    }

    /// The type of means: this one, f32 for whole numbers.
    private DType floating() {
        return self().dtype().isFloating() ? self().dtype() : DType.F32;
    }

    /// This tensor in the type of arithmetic: half types as f32, so that sums do not overflow and are rounded once.
    private Tensor wide() {
        return self().cast(floating().compute());
    }

    private double count(int... axes) {
        long count = 1;
        for (int axis : self().shape().axes(axes)) {
            count *= self().shape().size(axis);
        }
        return count;
    }

    private Tensor self() {
        return (Tensor) this;
    }
}
