package org.sfumato.tensor;

import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.IntPredicate;
import org.sfumato.tensor.op.ArgReduce;
import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.op.AvgPoolGrad;
import org.sfumato.tensor.op.AvgPoolOp;
import org.sfumato.tensor.op.Cast;
import org.sfumato.tensor.op.Concat;
import org.sfumato.tensor.op.Conv2dInputGrad;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.op.Conv2dWeightGrad;
import org.sfumato.tensor.op.Copy;
import org.sfumato.tensor.op.CrossEntropyGrad;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.DequantiseOp;
import org.sfumato.tensor.op.DropoutOp;
import org.sfumato.tensor.op.Fused;
import org.sfumato.tensor.op.GroupNormGrad;
import org.sfumato.tensor.op.GroupNormOp;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.op.LayerNormGrad;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.op.LinearCrossEntropyGrad;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.op.LogSoftmaxGrad;
import org.sfumato.tensor.op.LogSoftmaxOp;
import org.sfumato.tensor.op.MatMul;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.RmsNormGrad;
import org.sfumato.tensor.op.RmsNormOp;
import org.sfumato.tensor.op.RotaryOp;
import org.sfumato.tensor.op.Scan;
import org.sfumato.tensor.op.SoftmaxGrad;
import org.sfumato.tensor.op.SoftmaxOp;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.op.SquareSumOp;
import org.sfumato.tensor.op.TopK;
import org.sfumato.tensor.op.Triangle;
import org.sfumato.tensor.op.Unslice;
import org.sfumato.tensor.op.UpsampleOp;
import org.sfumato.tensor.op.View;
import org.sfumato.tensor.spi.Recorder;

/// The conversions before operations in a [Precision], and what they have made.
final class Casts {
    /// A tensor in the half type, made while `recorder` was told of it from the original's `version`.
    private record Made(Tensor half, Recorder recorder, int version) { }

    private final Precision precision;
    private final DType half;
    private final Map<Tensor, Made> made = new WeakHashMap<>();        // tensors compare by identity

    Casts(Precision precision, DType half) {
        this.precision = precision;
        this.half = half;
    }

    Precision precision() {
        return precision;
    }

    /// What `op` is to read instead of `in`.
    Tensor[] of(Op op, Tensor[] in) {
        return switch (op) {
            case MatMul _ -> narrow(in, _ -> true);
            case Fused fused -> of(fused, in);
            case Pointwise pointwise -> Catalogue.isWide(pointwise) ? wide(in) : in;
            case Reduce reduce -> reduce.kind() == Reduce.Kind.SUM || reduce.kind() == Reduce.Kind.PROD ? wide(in) : in;
            case Scan _ -> wide(in);
            case Concat _, Index _ -> differ(in) ? wide(in) : in;
            case Cast _, ArgReduce _, View _, Unslice _, Copy _, Sort _, TopK _, Triangle _, Source _, CustomOp _ -> in;
        };
    }

    private Tensor[] of(Fused op, Tensor[] in) {
        return switch (op) {
            case LinearOp _, AttentionOp _, Conv2dOp _, LinearCrossEntropyOp _ -> narrow(in, _ -> true);
            case QuantisedLinearOp linear -> narrow(in, i -> i == 0 || i > linear.format().partCount());
            case SoftmaxOp _, LogSoftmaxOp _, CrossEntropyOp _, LayerNormOp _, RmsNormOp _, GroupNormOp _,
                 SquareSumOp _ -> wide(in);
            case RotaryOp _, DropoutOp _, DequantiseOp _, UpsampleOp _, AvgPoolOp _, AvgPoolGrad _ -> in;
            case SoftmaxGrad _, LogSoftmaxGrad _, CrossEntropyGrad _, LinearCrossEntropyGrad _, LayerNormGrad _,
                 RmsNormGrad _, AttentionGrad _, Conv2dInputGrad _, Conv2dWeightGrad _, GroupNormGrad _ -> in;
        };
    }

    /// The floating inputs `which` in the half type, unless there is f64 among all.
    private Tensor[] narrow(Tensor[] in, IntPredicate which) {
        for (var x : in) {
            if (x.dtype() == DType.F64) {
                return in;
            }
        }
        var out = in.clone();
        for (int i = 0; i < in.length; i++) {
            out[i] = which.test(i) && in[i].dtype().isFloating() ? half(in[i]) : in[i];
        }
        return out;
    }

    private synchronized Tensor half(Tensor x) {
        if (x.dtype() == half) {
            return x;
        }
        var recorder = Dispatch.recorder();
        var before = made.get(x);
        if (before != null && before.recorder == recorder && before.version == x.version() && !before.half.isClosed()) {
            return before.half;
        }
        var made = x.cast(half);
        this.made.put(x, new Made(made, recorder, x.version()));
        return made;
    }

    private static Tensor[] wide(Tensor[] in) {
        var out = in.clone();
        for (int i = 0; i < in.length; i++) {
            out[i] = in[i].dtype() == DType.BF16 || in[i].dtype() == DType.F16 ? in[i].cast(DType.F32) : in[i];
        }
        return out;
    }

    /// True if floating types differ.
    private static boolean differ(Tensor[] in) {
        for (var x : in) {
            if (x.dtype().isFloating() && x.dtype() != in[0].dtype()) {
                return true;
            }
        }
        return false;
    }
}
