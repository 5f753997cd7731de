package org.sfumato.autograd;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.View;

/// The gradients of slices of one tensor. Where the slices lie side by side and leave nothing out, as those of queries,
/// keys and values, the gradient of the whole is their concatenation: nothing is cleared and nothing added.
final class Parts {
    private record Part(View.Slice slice, Tensor gradient) { }

    private final Tensor whole;
    private final List<Part> parts = new ArrayList<>();
    private long count;

    Parts(Tensor whole) {
        this.whole = whole;
    }

    void add(View.Slice slice, Tensor gradient) {
        parts.add(new Part(slice, gradient));
        count += gradient.shape().count();
    }

    void forEach(BiConsumer<View.Slice, Tensor> action) {
        parts.forEach(part -> action.accept(part.slice, part.gradient));
    }

    /// True if the parts hold more elements than the whole, so that some must overlap.
    boolean overflows() {
        return count > whole.shape().count();
    }

    /// True if the parts lie side by side along one axis and make up the whole.
    boolean isWhole() {
        parts.sort(Comparator.comparingLong(part -> part.slice.start()));
        int axis = parts.getFirst().slice.axis();
        long end = 0;
        for (var part : parts) {
            var slice = part.slice;
            if (slice.axis() != axis || slice.step() != 1 || slice.start() != end) {
                return false;
            }
            end += slice.size();
        }
        return end == whole.shape().size(axis);
    }

    /// The gradient of the whole, its axes in memory in the order of the whole's: so the gradient of a permutation of
    /// dense memory is dense again, and no copy follows.
    Tensor concat() {
        var strides = whole.layout().strides();
        int[] order = IntStream.range(0, strides.length).boxed()
                .sorted(Comparator.comparingLong((Integer axis) -> -Math.abs(strides[axis])))
                .mapToInt(Integer::intValue).toArray();
        var back = new int[order.length];
        for (int i = 0; i < order.length; i++) {
            back[order[i]] = i;
        }
        var permuted = parts.stream().map(part -> part.gradient.permute(order)).toArray(Tensor[]::new);
        return Tensor.concat(back[parts.getFirst().slice.axis()], permuted).permute(back);
    }
}
