package org.sfumato.tensor;

import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.op.AvgPoolOp;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.op.DropoutOp;
import org.sfumato.tensor.op.GroupNormOp;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.op.LogSoftmaxOp;
import org.sfumato.tensor.op.MatMul;
import org.sfumato.tensor.op.RmsNormOp;
import org.sfumato.tensor.op.RotaryOp;
import org.sfumato.tensor.op.SoftmaxOp;
import org.sfumato.tensor.op.UpsampleOp;

/// Products of matrices and the operations of neural networks.
public sealed interface Network permits Tensor {
    /// The matrix product over the last two axes; leading axes broadcast; an operand with one axis is a row (left) or a
    /// column (right) whose axis disappears from the result. Rules: [MatMul].
    default Tensor matmul(Tensor b) {
        var a = self();
        if (a.shape().rank() == 1) {
            return a.unsqueeze(0).matmul(b).squeeze(b.shape().rank() == 1 ? 0 : -2);
        }
        if (b.shape().rank() == 1) {
            return a.matmul(b.unsqueeze(1)).squeeze(-1);
        }
        if (a.shape().rank() > 2 && b.shape().rank() == 2 && a.layout().isDense()) {       // one large product
            return a.flatten(0, -2).matmul(b).reshape(a.shape().with(-1, b.shape().size(1)));
        }
        return Dispatch.one(new MatMul(), a, b);
    }

    /// `this W^T + b`. Shapes: this (..., I), weight (O, I), bias (O) or `null` -> (..., O).
    default Tensor linear(Tensor weight, Tensor bias) {
        return bias == null ? Dispatch.one(new LinearOp(), self(), weight)
                : Dispatch.one(new LinearOp(), self(), weight, bias);
    }

    /// Softmax along `axis`. Rules: [SoftmaxOp].
    default Tensor softmax(int axis) {
        return alongLast(axis, x -> Dispatch.one(new SoftmaxOp(), x));
    }

    /// The logarithm of the softmax along `axis`. Rules: [LogSoftmaxOp].
    default Tensor logSoftmax(int axis) {
        return alongLast(axis, x -> Dispatch.one(new LogSoftmaxOp(), x));
    }

    /// The cross-entropy of each position in nats. Shapes: this (..., V), targets (...) i64 -> (...).
    default Tensor crossEntropy(Tensor targets) {
        return crossEntropy(targets, -100, null);
    }

    /// The cross-entropy of each position in nats, 0 where the target is `ignoreIndex`, weighted by class if `weights`
    /// (V) is not `null`. Rules: [CrossEntropyOp].
    default Tensor crossEntropy(Tensor targets, long ignoreIndex, Tensor weights) {
        var logits = self().reshape(targets.shape().count(), self().shape().size(-1));
        var flat = targets.reshape(targets.shape().count());
        var op = new CrossEntropyOp(ignoreIndex);
        var loss = weights == null ? Dispatch.one(op, logits, flat) : Dispatch.one(op, logits, flat, weights);
        return loss.reshape(targets.shape());
    }

    /// The cross-entropy in nats of the logits `this W^T + bias`, which are never in memory all at once; 0 where the
    /// target is `ignoreIndex`, at no cost. Shapes: this (..., D), weight (V, D), bias (V) or `null`, targets (...) i64
    /// -> (...). Rules: [LinearCrossEntropyOp].
    default Tensor linearCrossEntropy(Tensor weight, Tensor bias, Tensor targets, long ignoreIndex) {
        var rows = self().reshape(targets.shape().count(), self().shape().size(-1));
        var flat = targets.reshape(targets.shape().count());
        var op = new LinearCrossEntropyOp(ignoreIndex);
        var loss = bias == null ? Dispatch.one(op, rows, weight, flat) : Dispatch.one(op, rows, weight, flat, bias);
        return loss.reshape(targets.shape());
    }

    /// Layer normalisation over the last axis. Rules: [LayerNormOp].
    default Tensor layerNorm(Tensor weight, Tensor bias, double eps) {
        return Dispatch.one(new LayerNormOp(eps), self(), weight, bias);
    }

    /// Root-mean-square normalisation over the last axis. Rules: [RmsNormOp].
    default Tensor rmsNorm(Tensor weight, double eps) {
        return Dispatch.one(new RmsNormOp(eps), self(), weight);
    }

    /// Group normalisation: over the channels of each of `groups` groups and all that comes after them. Shapes: this
    /// (N, C, ...), weight and bias (C) -> as this. Rules: [GroupNormOp].
    default Tensor groupNorm(int groups, Tensor weight, Tensor bias, double eps) {
        return Dispatch.one(new GroupNormOp(groups, eps), self(), weight, bias);
    }

    /// Two-dimensional convolution. Shapes: this (N, C, H, W), weight (O, C / groups, I, J), bias (O) or `null` ->
    /// (N, O, P, Q). Rules: [Conv2dOp].
    default Tensor conv2d(Tensor weight, Tensor bias, int stride, int padding, int groups) {
        var op = new Conv2dOp(stride, padding, groups);
        return bias == null ? Dispatch.one(op, self(), weight) : Dispatch.one(op, self(), weight, bias);
    }

    /// Every element of a grid `scale` times down and across. Shapes: this (..., H, W) -> (..., scale H, scale W).
    /// Rules: [UpsampleOp].
    default Tensor upsample(int scale) {
        return Dispatch.one(new UpsampleOp(scale), self());
    }

    /// The means of the windows of `kernel x kernel` elements, `stride` apart. Rules: [AvgPoolOp].
    default Tensor avgPool2d(int kernel, int stride, int padding) {
        return Dispatch.one(new AvgPoolOp(kernel, stride, padding), self());
    }

    /// Attention of the queries `this` to keys and values, scaled by `1/sqrt(D)`; `mask` may be `null`. Rules:
    /// [AttentionOp].
    default Tensor attention(Tensor keys, Tensor values, Tensor mask, boolean causal) {
        var op = new AttentionOp(1 / Math.sqrt(self().shape().size(-1)), causal);
        return mask == null ? Dispatch.one(op, self(), keys, values) : Dispatch.one(op, self(), keys, values, mask);
    }

    /// Rotary position embedding by tables of cosines and sines. Rules: [RotaryOp].
    default Tensor rotary(Tensor cos, Tensor sin) {
        return Dispatch.one(new RotaryOp(), self(), cos, sin);
    }

    /// Each element 0 with probability `p`, else divided by `1 - p`. Rules: [DropoutOp].
    default Tensor dropout(double p, Rng rng) {
        return p == 0 ? self() : Dispatch.one(new DropoutOp(p, rng), self());
    }

    private Tensor alongLast(int axis, java.util.function.UnaryOperator<Tensor> op) {
        int at = self().shape().axis(axis);
        return op.apply(self().transpose(at, -1)).transpose(at, -1);
    }

    private Tensor self() {
        return (Tensor) this;
    }
}
