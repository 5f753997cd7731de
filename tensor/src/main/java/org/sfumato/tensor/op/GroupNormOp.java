package org.sfumato.tensor.op;

import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// `y = (x - mean x) / sqrt(var x + eps) * w + b`, mean and biased variance over the channels of a group and all that
/// comes after them; weight and bias by channel.
///
/// Shapes: x (N, C, ...), w (C), b (C) -> y as x, and mean and 1/sqrt(var + eps), each (N, G), which the gradient
/// reads.
/// Source: Wu and He 2018, arXiv 1803.08494, eq. 1 to 6.
///
/// @param groups `G`, which divides C
/// @param eps added to the variance
public record GroupNormOp(int groups, double eps) implements Fused {
    @Override
    public String name() {
        return "groupNorm";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        if (x.rank() < 2 || !in[0].dtype().isFloating() || groups < 1 || x.size(1) == 0 || x.size(1) % groups != 0) {
            throw new ShapeException("groupNorm: " + groups + " groups do not divide the channels of x " + in[0]
                    + "\nhint: x is floating and (N, C, ...)");
        }
        if (x.range(2, x.rank()).count() == 0) {
            throw new ShapeException("groupNorm: a channel of x " + in[0] + " is empty, it has no mean");
        }
        for (int i = 1; i < in.length; i++) {
            if (!in[i].equals(new Spec(Shape.of(x.size(1)), in[0].dtype()))) {
                throw new ShapeException("groupNorm: weight and bias must be " + in[0].dtype() + " (" + x.size(1)
                        + ",), got " + in[i] + " for x " + in[0]);
            }
        }
        var moments = new Spec(Shape.of(x.size(0), groups), in[0].dtype());
        return new Spec[] {in[0], moments, moments};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var shape = in[0].shape();
        var x = byChannel(in[0], groups);                                               // (N, G, C/G, P)
        var mean = x.mean(true, 2, 3);
        var centred = x.sub(mean);
        var rstd = centred.square().mean(true, 2, 3).add(eps).rsqrt();
        var y = centred.mul(rstd).mul(column(in[1], groups)).add(column(in[2], groups));
        return new Tensor[] {y.reshape(shape), mean.reshape(shape.size(0), groups),
            rstd.reshape(shape.size(0), groups)};
    }

    /// x (N, C, ...) as (N, G, C/G, P).
    static Tensor byChannel(Tensor x, int groups) {
        var shape = x.shape();
        return x.reshape(shape.size(0), groups, shape.size(1) / groups, shape.range(2, shape.rank()).count());
    }

    /// A number for each channel (C) as (G, C/G, 1).
    static Tensor column(Tensor w, int groups) {
        return w.reshape(groups, w.shape().size(0) / groups, 1);
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        if (dOut[1] != null || dOut[2] != null) {
            return saved.through(this::reference, dOut);
        }
        return Dispatch.apply(new GroupNormGrad(groups), saved.in(0), saved.in(1), saved.out(1), saved.out(2), dOut[0]);
    }
}
