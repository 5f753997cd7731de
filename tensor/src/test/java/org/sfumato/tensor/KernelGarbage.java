package org.sfumato.tensor;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.op.AvgPoolOp;
import org.sfumato.tensor.op.Conv2dOp;
import org.sfumato.tensor.op.CrossEntropyOp;
import org.sfumato.tensor.op.Differentiable;
import org.sfumato.tensor.op.GroupNormOp;
import org.sfumato.tensor.op.LayerNormOp;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.op.LogSoftmaxOp;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.op.RmsNormOp;
import org.sfumato.tensor.op.Saved;
import org.sfumato.tensor.op.SoftmaxOp;
import org.sfumato.tensor.op.SquareSumOp;
import org.sfumato.tensor.op.UpsampleOp;
import org.sfumato.tensor.op.View;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tensor.spi.Operand;

/// Calls kernels in turn until each leaves fewer bytes on the heap than the number given, or patience ends, and prints
/// those that do not. The bytes are those of all threads. The program of [KernelGarbageTest].
final class KernelGarbage {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CALLS = 8;
    private static final long PATIENCE_NANOS = 45_000_000_000L;
    private static final long N = 384;

    private KernelGarbage() { }

    /// A kernel with its operands.
    private record Call(String name, Op op, Operand[] in, Operand[] out) {
        /// Bytes that a call leaves, in the mean of some.
        long bytes() {
            long before = THREADS.getTotalThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                Backends.of(Device.CPU).run(op, in, out);
            }
            return (THREADS.getTotalThreadAllocatedBytes() - before) / CALLS;
        }
    }

    public static void main(String[] args) {
        long bound = Long.getLong("garbage.bound");
        try (var scope = Scope.open("garbage")) {
            scope.run(() -> {
                var calls = calls();
                long start = System.nanoTime();
                var left = new ArrayList<>(calls);
                while (!left.isEmpty() && System.nanoTime() - start < PATIENCE_NANOS) {
                    left.removeIf(call -> call.bytes() <= bound);
                }
                for (var call : calls) {
                    long bytes = Math.min(call.bytes(), call.bytes());
                    if (bytes > bound) {
                        System.out.println("leaves " + bytes + " bytes: " + call.name);
                    }
                }
                System.out.println(calls.size() + " kernels called");
            });
        }
    }

    private static List<Call> calls() {
        var calls = new ArrayList<Call>();
        WORK.forEach((name, work) -> Dispatch.recording((op, in, out) -> {
            if (!(op instanceof View)) {
                var what = name + ": " + op.name() + " of " + in[0].spec() + " to " + out[0].spec();
                calls.add(new Call(what, op, Dispatch.operands(in), Dispatch.operands(out)));
            }
        }, () -> {
            work.run();
            return null;
        }));
        return calls;
    }

    private static Tensor random(long... sizes) {
        return Tensor.normal(Shape.of(sizes), Rng.of(1));
    }

    private static Tensor rows() {
        return random(N, 128);
    }

    private static Tensor heads() {
        return random(1, 1, N, 32);
    }

    private static Tensor ids(long... sizes) {
        return Tensor.integers(Shape.of(sizes), 66, Rng.of(2));
    }

    /// `op` and its gradient by all inputs.
    private static void both(Op op, Tensor... in) {
        var out = Dispatch.apply(op, in);
        var dOut = new Tensor[out.length];
        dOut[0] = random(out[0].shape().sizes());
        ((Differentiable) op).vjp(new Inputs(in, out), dOut);
    }

    private record Inputs(Tensor[] in, Tensor[] out) implements Saved {
        @Override
        public Tensor in(int i) {
            return in[i];
        }

        @Override
        public Tensor out(int i) {
            return out[i];
        }

        @Override
        public int inputs() {
            return in.length;
        }

        @Override
        public boolean needs(int i) {
            return in[i].dtype().isFloating();
        }

        @Override
        public Tensor[] through(Function<Tensor[], Tensor[]> reference, Tensor[] dOut) {
            throw new AssertionError("a kernel of its own is expected");
        }
    }

    /// One row and many, with a stored matrix.
    private static void quantised(WeightFormat format) {
        var in = new ArrayList<Tensor>(format.quantise(random(96, 128)));
        in.addFirst(rows());
        Dispatch.one(new QuantisedLinearOp(format), in.toArray(Tensor[]::new));
        in.set(0, random(1, 128));
        Dispatch.one(new QuantisedLinearOp(format), in.toArray(Tensor[]::new));
    }

    /// Operations by name; what they use before them is called as well.
    private static final Map<String, Runnable> WORK = work();

    private static Map<String, Runnable> work() {
        var work = new LinkedHashMap<String, Runnable>();
        work.put("softmax", () -> both(new SoftmaxOp(), rows()));
        work.put("logSoftmax", () -> both(new LogSoftmaxOp(), rows()));
        work.put("layerNorm", () -> both(new LayerNormOp(1e-5), rows(), random(128), random(128)));
        work.put("rmsNorm", () -> both(new RmsNormOp(1e-5), rows(), random(128)));
        work.put("linear", () -> rows().linear(random(96, 128), random(96)));
        for (var format : WeightFormat.values()) {
            work.put(format.toString(), () -> quantised(format));
        }
        work.put("attention", () -> both(new AttentionOp(.2, false), heads(), heads(), heads()));
        work.put("causal", () -> both(new AttentionOp(.2, true), heads(), heads(), heads()));
        work.put("oneQuery", () -> random(1, 1, 1, 32).attention(heads(), heads(), null, false));
        work.put("crossEntropy", () -> both(new CrossEntropyOp(-1), random(N, 66), ids(N)));
        work.put("linearCrossEntropy", () -> both(new LinearCrossEntropyOp(-1), random(N, 64), random(66, 64), ids(N),
                random(66)));
        work.put("conv2d", () -> both(new Conv2dOp(1, 1, 1), random(2, 16, 12, 12), random(24, 16, 3, 3), random(24)));
        work.put("conv2dStride", () -> both(new Conv2dOp(2, 1, 1), random(4, 16, 9, 9), random(24, 16, 3, 3)));
        work.put("groupNorm", () -> both(new GroupNormOp(4, 1e-5), random(4, 16, 12, 12), random(16), random(16)));
        work.put("upsample", () -> both(new UpsampleOp(2), random(4, 16, 12, 12)));
        work.put("avgPool", () -> both(new AvgPoolOp(3, 2, 1), random(4, 16, 12, 12)));
        work.put("rotary", () -> random(1, 2, N, 32).rotary(random(N, 16), random(N, 16)));
        work.put("dropout", () -> rows().dropout(.1, Rng.of(2)));
        work.put("squareSum", () -> Dispatch.one(new SquareSumOp(), rows(), random(N)));
        work.put("NN", () -> random(N, 64).matmul(random(64, 96)));
        work.put("NT", () -> random(N, 64).matmul(random(96, 64).t()));
        work.put("TN", () -> random(64, N).t().matmul(random(64, 96)));
        work.put("TNlong", () -> random(N, 64).t().matmul(random(N, 66)));
        work.put("TT", () -> random(64, N).t().matmul(random(96, 64).t()));
        work.put("batch", () -> random(4, N, 32).matmul(random(4, 32, 32)));
        work.put("narrow", () -> random(N, 64).matmul(random(64, 1)));
        work.put("few", () -> random(N, 64).matmul(random(64, 5)));
        work.put("row", () -> random(1, N).matmul(random(64, N).t()));
        work.put("gelu", () -> rows().gelu());
        work.put("geluTanh", () -> rows().geluTanh());
        work.put("silu", () -> rows().silu());
        work.put("bias", () -> rows().add(random(128)).gelu());
        work.put("strided", () -> rows().t().mul(random(128, N)));
        work.put("where", () -> rows().gt(0).where(rows(), rows()).exp());
        work.put("eq", () -> ids(N, 64).eq(3).where(ids(N, 64), ids(N, 64)).add(1));
        work.put("casts", () -> rows().cast(DType.F64).cast(DType.F32)
                .cast(DType.I64).cast(DType.BOOL).cast(DType.F32));
        work.put("integerCasts", () -> rows().cast(DType.I32).cast(DType.F32).gt(0).cast(DType.I64)
                .cast(DType.I32).cast(DType.I64).cast(DType.F32));
        work.put("halves", () -> rows().cast(DType.BF16).cast(DType.F16).cast(DType.F32).cast(DType.F16));
        work.put("copy", () -> rows().t().contiguous());
        work.put("sum", () -> rows().sum());
        work.put("sumRows", () -> rows().sum(0));
        work.put("sumColumns", () -> rows().sum(1));
        work.put("max", () -> rows().max(1).argmax(0));
        work.put("embedding", () -> random(66, 128).embedding(ids(N)));
        work.put("uniform", () -> Tensor.uniform(Shape.of(N, 128), Rng.of(1)));
        work.put("integers", () -> ids(N, 16));
        work.put("concat", () -> Tensor.concat(1, random(N, 64), random(N, 64)));
        return work;
    }
}
