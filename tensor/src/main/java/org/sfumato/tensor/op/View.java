package org.sfumato.tensor.op;

import java.util.List;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Another look at the same memory. Views copy nothing and run on no device.
public sealed interface View extends Op, Differentiable {
    /// The layout of the view of a tensor laid out as `layout`.
    Layout apply(Layout layout);

    @Override
    default Spec[] outputs(Spec... in) {
        return new Spec[] {new Spec(apply(Layout.dense(in[0].shape())).shape(), in[0].dtype())};
    }

    /// The same elements in the same order under another shape.
    record Reshape(Shape shape) implements View {
        @Override
        public String name() {
            return "reshape";
        }

        @Override
        public Layout apply(Layout layout) {
            return layout.reshape(shape).orElseThrow(() -> new ShapeException(
                    "reshape: " + layout + " cannot be seen as " + shape + "\nhint: copy() first"));
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0].reshape(saved.in(0).shape())};
        }
    }

    /// The axes in another order.
    record Permute(List<Integer> axes) implements View {
        @Override
        public String name() {
            return "permute";
        }

        @Override
        public Layout apply(Layout layout) {
            var order = new int[axes.size()];
            for (int i = 0; i < order.length; i++) {
                order[i] = axes.get(i);
            }
            return layout.permute(order);
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            var back = new int[axes.size()];
            for (int i = 0; i < back.length; i++) {
                back[axes.get(i)] = i;
            }
            return new Tensor[] {dOut[0].permute(back)};
        }
    }

    /// Axes of size 1, and new leading axes, repeated to the size in `shape` by stride 0.
    record Expand(Shape shape) implements View {
        @Override
        public String name() {
            return "expand";
        }

        @Override
        public Layout apply(Layout layout) {
            return layout.expand(shape);
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0].sumTo(saved.in(0).shape())};
        }
    }

    /// Along `axis`, `size` elements from `start` on, every `step`-th; `step` may be negative.
    record Slice(int axis, long start, long size, long step) implements View {
        @Override
        public String name() {
            return "slice";
        }

        @Override
        public Layout apply(Layout layout) {
            return layout.slice(axis, start, size, step);
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            var full = saved.in(0).shape().size(axis);
            return new Tensor[] {org.sfumato.tensor.Dispatch.one(new Unslice(this, full), dOut[0])};
        }
    }
}
