package org.sfumato.cuda.check;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Conv2dInputGrad;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.op.Conv2dWeightGrad;
import org.sfumato.tensor.op.CrossEntropyGrad;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.op.LayerNormGrad;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.op.SoftmaxGrad;
import org.sfumato.tensor.op.Source;

/// What is measured, on tensors of one device. `scale` divides the sizes: 1 on a real device.
final class Workloads {
    private final Device device;
    private final int scale;
    private final List<Workload> all = new ArrayList<>();

    private Workloads(Device device, int scale) {
        this.device = device;
        this.scale = scale;
    }

    /// All of them. Their inputs belong to the current scope.
    static List<Workload> of(Device device, int scale) {
        var workloads = new Workloads(device, scale);
        workloads.elements();
        workloads.rows();
        workloads.gradients();
        workloads.orders();
        workloads.products();
        workloads.images();
        workloads.attention();
        return workloads.all;
    }

    private Tensor normal(DType type, long... sizes) {
        var spec = new Spec(Shape.of(sizes), DType.F32);
        return Tensor.random(new Source.Distribution.Normal(), spec, Rng.of(sizes.length), device).cast(type);
    }

    private void moved(String name, double bytes, Supplier<Tensor> body) {
        all.add(new Workload(name, bytes, false, body));
    }

    private void elements() {
        long n = (1L << 26) / scale;
        var x = normal(DType.F32, n);
        var y = normal(DType.F32, n);
        var half = x.cast(DType.BF16);
        moved("copy f32", 8.0 * n, x::copy);
        moved("add f32", 12.0 * n, () -> x.add(y));
        moved("add bf16", 6.0 * n, () -> half.add(half));
        moved("gelu bf16", 4.0 * n, half::gelu);
        moved("cast f32 bf16", 6.0 * n, () -> x.cast(DType.BF16));
        moved("sum f32", 4.0 * n, x::sum);
        moved("normal f32", 4.0 * n, () -> Tensor.random(new Source.Distribution.Normal(),
                new Spec(Shape.of(n), DType.F32), Rng.of(1), device));
        long side = Math.max(8, 8192 / (long) Math.sqrt(scale));
        var square = normal(DType.F32, side, side);
        moved("transpose f32", 8.0 * side * side, () -> square.permute(1, 0).contiguous());
    }

    private void rows() {
        long rows = 16_384 / Math.min(scale, 4096);
        long width = Math.max(8, 1024 / scale);
        long words = Math.max(16, 50_304 / scale);
        var x = normal(DType.BF16, rows, width);
        var weight = normal(DType.BF16, width);
        var table = normal(DType.BF16, words, width);
        var ids = Tensor.random(new Source.Distribution.Integers(words), new Spec(Shape.of(rows), DType.I64), Rng.of(2),
                device);
        var logits = normal(DType.BF16, Math.max(1, rows / 8), words);
        var targets = ids.slice(0, 0, Math.max(1, rows / 8));
        moved("softmax bf16", 4.0 * rows * width, () -> x.softmax(-1));
        moved("layer norm bf16", 4.0 * rows * width, () -> x.layerNorm(weight, weight, 1e-5));
        moved("rms norm bf16", 4.0 * rows * width, () -> x.rmsNorm(weight, 1e-5));
        moved("embedding bf16", 4.0 * rows * width, () -> table.indexSelect(0, ids));
        moved("cross entropy bf16", 2.0 * logits.shape().count(), () -> logits.crossEntropy(targets));
    }

    private void gradients() {
        long rows = 16_384 / Math.min(scale, 4096);
        long width = Math.max(8, 1024 / scale);
        long words = Math.max(16, 50_304 / scale);
        long few = Math.max(1, rows / 8);
        var x = normal(DType.BF16, rows, width);
        var weight = normal(DType.BF16, width);
        var y = x.softmax(-1);
        moved("softmax gradient bf16", 6.0 * rows * width, () -> Dispatch.one(new SoftmaxGrad(), y, x));
        var layer = Dispatch.apply(new LayerNormOp(1e-5), x, weight, weight);
        moved("layer norm gradient bf16", 6.0 * rows * width,
                () -> Dispatch.one(new LayerNormGrad(), x, weight, layer[1], layer[2], x));
        var logits = normal(DType.BF16, few, words);
        var targets = Tensor.random(new Source.Distribution.Integers(words), new Spec(Shape.of(few), DType.I64),
                Rng.of(2), device);
        var loss = Dispatch.apply(new CrossEntropyOp(-100), logits, targets);
        moved("cross entropy gradient bf16", 4.0 * logits.shape().count(),
                () -> Dispatch.one(new CrossEntropyGrad(-100), logits, targets, loss[1], loss[0]));
        var ids = Tensor.random(new Source.Distribution.Integers(words), new Spec(Shape.of(rows), DType.I64), Rng.of(3),
                device);
        moved("embedding gradient bf16", 2.0 * rows * width + 2.0 * words * width,
                () -> Dispatch.one(new Index.IndexAdd(0, words), x, ids));
    }

    private void orders() {
        long rows = Math.max(1, 64 / scale);
        long words = Math.max(64, 50_304 / scale);
        var x = normal(DType.F32, rows, words);
        moved("sort f32", 16.0 * rows * words, () -> x.sort(-1, false)[0]);
        moved("top 50 f32", 4.0 * rows * words, () -> x.topK(-1, 50)[0]);
        moved("running sum f32", 8.0 * rows * words, () -> x.cumsum(-1, false));
    }

    private void images() {
        long batch = Math.max(1, 64 / scale);
        long channels = Math.max(4, 256 / scale);
        long side = Math.max(4, 32 / scale);
        for (var type : List.of(DType.BF16, DType.F32)) {
            var x = normal(type, batch, channels, side, side);
            var w = normal(type, channels, channels, 3, 3);
            var conv = new Conv2dOp(1, 1, 1);
            double flops = 2.0 * batch * channels * channels * side * side * 9;
            all.add(new Workload("conv 3x3 " + type, flops, true, () -> Dispatch.one(conv, x, w)));
            all.add(new Workload("conv 3x3 gradient by x " + type, flops, true,
                    () -> Dispatch.one(new Conv2dInputGrad(conv, side, side), x, w)));
            all.add(new Workload("conv 3x3 gradient by w " + type, flops, true,
                    () -> Dispatch.one(new Conv2dWeightGrad(conv, 3, 3), x, x)));
            var scales = normal(type, channels);
            moved("group norm " + type, 2.0 * type.bytes() * x.shape().count(),
                    () -> x.groupNorm(4, scales, scales, 1e-5));
        }
    }

    private void products() {
        for (var type : List.of(DType.BF16, DType.F32)) {
            long side = Math.max(16, (type == DType.BF16 ? 8192 : 4096) / scale);
            var a = normal(type, side, side);
            var b = normal(type, side, side);
            product("matmul " + type + " " + side, side, side, side, () -> a.matmul(b));
        }
        long rows = Math.max(16, 32_768 / scale);
        long width = Math.max(16, 768 / scale);
        var x = normal(DType.BF16, rows, width);
        var up = normal(DType.BF16, 4 * width, width);
        var bias = normal(DType.BF16, 4 * width);
        product("linear bf16 " + rows + "x" + width + "x" + 4 * width, rows, width, 4 * width,
                () -> x.linear(up, bias));
    }

    private void product(String name, double m, double k, double n, Supplier<Tensor> body) {
        all.add(new Workload(name, 2 * m * k * n, true, body));
    }

    private void attention() {
        long batch = Math.max(1, 32 / scale);
        long heads = Math.max(1, 12 / scale);
        long length = Math.max(16, 1024 / scale);
        for (var type : List.of(DType.BF16, DType.F32)) {
            var q = normal(type, batch, heads, length, 64);
            all.add(new Workload("attention causal " + type, 2.0 * batch * heads * length * length * 64, true,
                    () -> q.attention(q, q, null, true)));
            all.add(new Workload("attention full " + type, 4.0 * batch * heads * length * length * 64, true,
                    () -> q.attention(q, q, null, false)));
        }
    }
}
