package org.sfumato.tensor.op;

import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Combines all elements along some axes into one. Empty reductions give 0 for a sum and 1 for a product; a maximum or
/// minimum of nothing is an error. NaN among the elements gives NaN. Sums of bool and i32 are i64, as in PyTorch.
///
/// @param axes sorted distinct axes in [0, rank)
/// @param keep true if reduced axes stay, with size 1
public record Reduce(Kind kind, List<Integer> axes, boolean keep) implements Op, Differentiable {
    /// How elements are combined.
    public enum Kind { SUM, PROD, MAX, MIN }

    /// A reduction of a tensor of `shape` over `axes`, negative ones allowed, none meaning all.
    public static Reduce of(Kind kind, Shape shape, boolean keep, int... axes) {
        return new Reduce(kind, java.util.Arrays.stream(shape.axes(axes)).boxed().toList(), keep);
    }

    @Override
    public String name() {
        return kind.name().toLowerCase(java.util.Locale.ROOT);
    }

    /// The axes as an array.
    public int[] axesArray() {
        return axes.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var shape = in[0].shape();
        boolean extremum = kind == Kind.MAX || kind == Kind.MIN;
        if (extremum && axes.stream().anyMatch(axis -> shape.size(axis) == 0)) {
            throw new ShapeException(name() + ": no elements along a reduced axis of " + shape
                    + "\nhint: the " + name() + " of nothing is not defined");
        }
        var type = extremum || in[0].dtype().isFloating() ? in[0].dtype() : DType.I64;
        return new Spec[] {new Spec(shape.reduce(axesArray(), keep), type)};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        var x = saved.in(0);
        var kept = x.shape().reduce(axesArray(), true);
        var dy = dOut[0].reshape(kept);
        return new Tensor[] {switch (kind) {
            case SUM -> dy.expand(x.shape());
            case MAX, MIN -> {                                   // ties share the gradient evenly
                var best = x.eq(saved.out(0).reshape(kept)).cast(x.dtype());
                yield best.mul(dy.div(best.sum(true, axesArray())));
            }
            case PROD -> dy.mul(productOfOthers(x));
        }};
    }

    /// For each element the product of all others along the reduced axes: prefix times suffix, exact where elements are
    /// 0.
    private Tensor productOfOthers(Tensor x) {
        int rank = x.shape().rank();
        int[] order = java.util.stream.IntStream.concat(
                java.util.stream.IntStream.range(0, rank).filter(i -> !axes.contains(i)),
                axes.stream().mapToInt(Integer::intValue)).toArray();
        var moved = x.permute(order);
        var outer = moved.shape().range(0, rank - axes.size());
        long n = moved.shape().range(rank - axes.size(), rank).count();
        var flat = moved.reshape(outer.append(n));
        var one = Tensor.full(outer.append(1), 1, x.dtype(), x.device());
        var prefix = Tensor.concat(-1, one, flat.slice(-1, 0, Math.max(0, n - 1))).cumprod(-1, false);
        var suffix = Tensor.concat(-1, flat.slice(-1, Math.min(1, n), n), one).cumprod(-1, true);
        var others = n == 0 ? flat : prefix.mul(suffix);
        var back = new int[rank];
        for (int i = 0; i < rank; i++) {
            back[order[i]] = i;
        }
        return others.reshape(moved.shape()).permute(back);
    }
}
