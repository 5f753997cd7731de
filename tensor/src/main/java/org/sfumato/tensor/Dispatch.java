package org.sfumato.tensor;

import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.function.Supplier;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.Fused;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.QuantisedLinearOp;
import org.sfumato.tensor.op.View;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Operand;
import org.sfumato.tensor.spi.Recorder;

/// The one place through which every operation goes: shape rule, device check, memory, kernel, recorder.
public final class Dispatch {
    private static final Recorder NONE = (_, _, _) -> { };
    private static final ScopedValue<Recorder> RECORDER = ScopedValue.newInstance();

    private Dispatch() { }

    /// Runs `op` on `given`, in the types of the current [Precision], and returns all its results.
    ///
    /// @throws ShapeException if the inputs do not fit
    /// @throws IllegalArgumentException if the inputs lie on different devices
    /// @throws IllegalStateException if an input was freed
    public static Tensor[] apply(Op op, Tensor... given) {
        var casts = Precision.casts();
        var in = casts == null ? given : casts.of(op, given);
        var out = execute(op, in);
        if (RECORDER.isBound()) {
            RECORDER.get().record(op, in, out);
        }
        return out;
    }

    /// Runs `op` and returns its first result.
    public static Tensor one(Op op, Tensor... in) {
        return apply(op, in)[0];
    }

    /// Runs `op`, an operation without inputs, on `device`.
    public static Tensor source(Op op, Device device) {
        var memory = Backends.memory(device);
        return allocateAndRun(op, memory, new Tensor[0], op.outputs())[0];
    }

    /// Runs `op` and writes its results into `out`, which may be inputs of a pointwise operation as well. Nothing is
    /// recorded.
    ///
    /// @throws ShapeException if the results do not have the shapes and types of `out`
    /// @throws IllegalStateException if a tape is recording: what it has saved must not change
    public static void into(Op op, Tensor[] in, Tensor[] out) {
        if (isRecording()) {
            throw new IllegalStateException(op.name() + ": cannot write in place while gradients are recorded");
        }
        var specs = op.outputs(specs(in));
        var backend = backend(op, in).backend();
        for (int i = 0; i < out.length; i++) {
            if (!specs[i].equals(out[i].spec()) || !out[i].device().equals(backend.device())) {
                throw new ShapeException(op.name() + ": the result is " + specs[i] + " but the target is "
                        + out[i].spec());
            }
        }
        Overlap.requireDistinct(op, out);
        if (Overlap.isHarmful(op, in, out)) {
            Scope.temporary(() -> runInto(op, backend, Overlap.apart(op, in, out), out));
        } else {
            runInto(op, backend, in, out);
        }
        for (var tensor : out) {
            tensor.storage().written();
        }
    }

    private static void runInto(Op op, Backend backend, Tensor[] in, Tensor[] out) {
        kernel(op, backend, in, out);
        Reference.reachabilityFence(in);
        Reference.reachabilityFence(out);
    }

    private static void kernel(Op op, Backend backend, Tensor[] in, Tensor[] out) {
        var profile = Profile.current();
        if (profile == null) {
            backend.run(op, operands(in), operands(out));
            return;
        }
        long start = System.nanoTime();
        backend.run(op, operands(in), operands(out));
        backend.synchronize();
        profile.add(op, in, out, System.nanoTime() - start);
    }

    /// Runs `body` and tells `recorder` of every operation in it.
    public static <T> T recording(Recorder recorder, Supplier<T> body) {
        return ScopedValue.where(RECORDER, recorder).call(body::get);
    }

    /// Runs `body` with no recorder told of its operations.
    public static <T> T unrecorded(Supplier<T> body) {
        return isRecording() ? recording(NONE, body) : body.get();
    }

    /// Who is told of operations.
    static Recorder recorder() {
        return RECORDER.orElse(NONE);
    }

    /// Runs `body`, the composition of an operation, with no recorder told and in the types that it is given.
    private static Tensor[] composition(Supplier<Tensor[]> body) {
        return unrecorded(() -> Precision.F32.call(() -> Scope.results(body)));
    }

    /// True if operations are being recorded.
    public static boolean isRecording() {
        return RECORDER.isBound() && RECORDER.get() != NONE;
    }

    private static Tensor[] execute(Op op, Tensor[] in) {
        if (op instanceof View view) {
            return new Tensor[] {in[0].view(view.apply(in[0].layout()))};
        }
        if (op instanceof CustomOp custom) {
            return composition(() -> distinct(in, custom.reference(in)));
        }
        var specs = specs(in);
        var out = op.outputs(specs);
        var memory = backend(op, in);
        if (op instanceof Fused fused && !memory.backend().supports(op, specs)) {
            return composition(() -> as(out, in, widened(fused, memory, in)));
        }
        return allocateAndRun(op, memory, in, out);
    }

    /// `op` on half types as f32, by the kernel for these where there is one, else by its composition: either way
    /// results are rounded once, at the end.
    private static Tensor[] widened(Fused op, Memory memory, Tensor[] in) {
        var wide = wide(in);
        var direct = wide.clone();
        if (op instanceof QuantisedLinearOp linear) {                          // a kernel reads what is stored as it is
            System.arraycopy(in, 1, direct, 1, linear.format().partCount());
        }
        var specs = specs(direct);
        return memory.backend().supports(op, specs) ? allocateAndRun(op, memory, direct, op.outputs(specs))
                : op.reference(wide);
    }

    private static Tensor[] wide(Tensor[] in) {
        var wide = in.clone();
        for (int i = 0; i < in.length; i++) {
            wide[i] = in[i].dtype().isFloating() ? in[i].cast(in[i].dtype().compute()) : in[i];
        }
        return wide;
    }

    /// The results in their types, dense, in memory of their own as those of a kernel.
    private static Tensor[] as(Spec[] specs, Tensor[] in, Tensor[] results) {
        for (int i = 0; i < results.length; i++) {
            var result = results[i].cast(specs[i].dtype()).contiguous();
            boolean shared = Arrays.stream(in).anyMatch(x -> x.storage() == result.storage());
            results[i] = shared ? result.copy() : result;
        }
        return results;
    }

    /// A composition may return an input as it is; a gradient by the result must not count as one by the input.
    private static Tensor[] distinct(Tensor[] in, Tensor[] results) {
        for (int i = 0; i < results.length; i++) {
            var result = results[i];
            if (Arrays.stream(in).anyMatch(x -> x == result)) {
                results[i] = result.view(result.layout());
            }
        }
        return results;
    }

    private static Tensor[] allocateAndRun(Op op, Memory memory, Tensor[] in, Spec[] specs) {
        var out = new Tensor[specs.length];
        for (int i = 0; i < out.length; i++) {
            var storage = new Storage(memory, op.name(), specs[i].bytes());
            out[i] = new Tensor(storage, memory.backend().device(), specs[i].dtype(), Layout.dense(specs[i].shape()));
        }
        kernel(op, memory.backend(), in, out);
        Reference.reachabilityFence(in);              // else the cleaner could free an input whose kernel runs
        if (Settings.current().checkNan()) {
            NanGuard.check(op, memory.backend(), in, out);
        }
        return out;
    }

    private static Spec[] specs(Tensor[] tensors) {
        var specs = new Spec[tensors.length];
        for (int i = 0; i < specs.length; i++) {
            specs[i] = tensors[i].spec();
        }
        return specs;
    }

    static Operand[] operands(Tensor[] tensors) {
        var operands = new Operand[tensors.length];
        for (int i = 0; i < operands.length; i++) {
            operands[i] = tensors[i].operand();
        }
        return operands;
    }

    private static Memory backend(Op op, Tensor[] in) {
        var device = in[0].device();
        for (var tensor : in) {
            if (!tensor.device().equals(device)) {
                throw new IllegalArgumentException(op.name() + ": operands lie on different devices, "
                        + Arrays.stream(in).map(t -> t.device().toString()).distinct().toList() + "\nhint: to(device)");
            }
        }
        return Backends.memory(device);
    }

    /// Finds the first result that holds a NaN.
    private static final class NanGuard {
        static void check(Op op, Backend backend, Tensor[] in, Tensor[] out) {
            for (var tensor : out) {
                if (tensor.dtype().isFloating() && unrecordedNan(tensor)) {
                    throw new ArithmeticException(op.name() + ": the result holds a NaN\noperands on "
                            + backend.device() + ": "
                            + Arrays.stream(in).map(t -> t.spec().toString()).toList());
                }
            }
        }

        private static boolean unrecordedNan(Tensor tensor) {
            for (double value : Transfer.doubles(tensor)) {
                if (Double.isNaN(value)) {
                    return true;
                }
            }
            return false;
        }
    }
}
