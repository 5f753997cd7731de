package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Cross-entropy of each row: `loss_n = w[t_n] * (log sum_v exp(x_nv) - x_n,t_n)`, 0 where `t_n` is the ignored index.
///
/// Shapes: logits x (N, V), targets t (N) i64, class weights w (V), optional -> loss (N) in nats, and the log-sum-exp
/// (N) that the gradient reads. A target outside [0, V) that is not ignored is an error.
///
/// @param ignoreIndex the target that counts for nothing; PyTorch's default is -100
public record CrossEntropyOp(long ignoreIndex) implements Fused {
    @Override
    public String name() {
        return "crossEntropy";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        var x = in[0].shape();
        if (x.rank() != 2 || !in[0].dtype().isFloating() || !in[1].equals(new Spec(Shape.of(x.size(0)), DType.I64))) {
            throw new ShapeException("crossEntropy: needs floating logits (N, V) and i64 targets (N), got " + in[0]
                    + " and " + in[1]);
        }
        if (in.length > 2 && !in[2].equals(new Spec(Shape.of(x.size(1)), in[0].dtype()))) {
            throw new ShapeException("crossEntropy: class weights must be " + in[0].dtype() + " (" + x.size(1)
                    + ",), got " + in[2]);
        }
        var rows = new Spec(Shape.of(x.size(0)), in[0].dtype());
        return new Spec[] {rows, rows};
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        var x = in[0];
        var counts = in[1].ne(ignoreIndex);
        var targets = counts.where(in[1], Tensor.full(in[1].shape(), 0, DType.I64, x.device()));
        var max = x.max(true, -1).stopGradient();  // large logits cancel before the small logarithm is added
        var shifted = x.sub(max);
        var log = shifted.exp().sum(-1).log();
        var loss = log.sub(shifted.gather(1, targets.unsqueeze(1)).squeeze(1));
        loss = in.length > 2 ? loss.mul(in[2].indexSelect(0, targets)) : loss;
        return new Tensor[] {counts.where(loss, Tensor.full(loss.shape(), 0, x.dtype(), x.device())),
                log.add(max.squeeze(-1))};
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        if (dOut[1] != null || saved.inputs() > 2 && saved.needs(2)) {
            return saved.through(this::reference, dOut);
        }
        var in = saved.inputs() > 2
                ? new Tensor[] {saved.in(0), saved.in(1), saved.out(1), dOut[0], saved.in(2)}
                : new Tensor[] {saved.in(0), saved.in(1), saved.out(1), dOut[0]};
        var gradients = new Tensor[saved.inputs()];
        gradients[0] = Dispatch.one(new CrossEntropyGrad(ignoreIndex), in);
        return gradients;
    }
}
