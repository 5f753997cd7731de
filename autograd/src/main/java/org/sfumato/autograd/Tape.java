package org.sfumato.autograd;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Op;

/// A record of operations from which gradients follow, and the owner of all memory that they took.
///
/// ```java
/// try (var tape = Tape.record(() -> model.loss(batch))) {
///     optimizer.step(tape.gradients(parameters));
/// }                                                          // everything that the step made is freed here
/// ```
///
/// The list of operations is in an order in which it can be walked backwards; nothing is recursive. Tensors that nobody
/// reads any more are freed while it is walked, so gradients can be asked for once. Tensors compare by identity:
/// gradients exist for the very tensors that the recorded code used.
public final class Tape implements AutoCloseable {
    /// An operation that ran; `versions` are those of inputs and outputs, to notice a write in place.
    record Node(Op op, Tensor[] in, Tensor[] out, int[] versions) {
        static Node of(Op op, Tensor[] in, Tensor[] out) {
            return new Node(op, in.clone(), out.clone(), versions(in, out));
        }

        private static int[] versions(Tensor[] in, Tensor[] out) {
            var versions = new int[in.length + out.length];
            for (int i = 0; i < versions.length; i++) {
                versions[i] = (i < in.length ? in[i] : out[i - in.length]).version();
            }
            return versions;
        }

        void requireUnchanged() {
            if (!java.util.Arrays.equals(versions, versions(in, out))) {
                throw new IllegalStateException(op.name() + ": an operand was written in place after it was recorded"
                        + "\nhint: take gradients before parameters are updated");
            }
        }
    }

    private final Scope scope = Scope.open("tape");
    private final List<Node> nodes = new ArrayList<>();
    private Tensor value;
    private boolean walked;

    private Tape() { }

    /// Runs `body` and records it.
    public static Tape record(Supplier<Tensor> body) {
        var tape = new Tape();
        try {
            tape.value = tape.scope.call(() -> Dispatch.recording(tape::add, body));
            return tape;
        } catch (Throwable e) {
            tape.scope.close();
            throw e;
        }
    }

    private synchronized void add(Op op, Tensor[] in, Tensor[] out) {
        nodes.add(Node.of(op, in, out));
    }

    /// What the recorded code returned.
    public Tensor value() {
        return value;
    }

    /// The gradients of the value, a single number, by each of `targets`. They live until the tape is closed.
    ///
    /// @throws ShapeException if the value is not a single number
    /// @throws IllegalArgumentException if the value does not depend on one of the targets by differentiable operations
    /// @throws IllegalStateException if gradients were taken before, or a recorded tensor was written in place
    public Gradients gradients(Collection<Tensor> targets) {
        return gradients(targets, null);
    }

    /// The gradients of the value times `scale`, one number: what is too small for a half type on the way back is not
    /// when it is scaled. Throws as [#gradients(Collection)].
    public Gradients scaledGradients(Collection<Tensor> targets, Tensor scale) {
        return gradients(targets, Objects.requireNonNull(scale, "scale"));
    }

    private Gradients gradients(Collection<Tensor> targets, Tensor scale) {
        if (value.shape().count() != 1) {
            throw new ShapeException("gradients: the value has shape " + value.shape()
                    + "\nhint: sum or average it to one number");
        }
        if (walked) {
            throw new IllegalStateException("gradients: taken twice from one tape\nhint: ask for all targets at once");
        }
        walked = true;
        var wanted = targets.toArray(Tensor[]::new);
        var results = scope.call(() -> Dispatch.unrecorded(() -> Precision.F32.call(() -> {
            var seed = scale == null ? Tensor.full(value.shape(), 1, value.dtype(), value.device())
                    : scale.cast(value.dtype()).reshape(value.shape());
            return new Backward(nodes, scope, value).run(new Tensor[] {value}, new Tensor[] {seed}, wanted);
        })));
        for (int i = 0; i < wanted.length; i++) {
            if (results[i] == null) {
                throw new IllegalArgumentException("gradients: the value does not depend on target " + i + ", "
                        + wanted[i].spec()
                        + "\nhint: it must be the very tensor that the recorded code used, by ops with a gradient");
            }
        }
        return new Gradients(wanted, results);
    }

    /// The gradients of the value by each of `targets`.
    public Gradients gradients(Tensor... targets) {
        return gradients(List.of(targets));
    }

    /// Hands those of `tensors` that this tape owns to the scope around it, so that they outlive it.
    public void keep(Tensor... tensors) {
        for (var tensor : tensors) {
            scope.keep(tensor);                         // of several views of one memory the first hands it on
        }
    }

    /// Frees all that was made while recording, the value and the gradients included, except what was kept.
    @Override
    public void close() {
        scope.close();
    }

    /// The gradients of `outputs = body()` by `targets`, given those of the outputs; `null` where there is none.
    /// Temporaries belong to the current scope.
    static Tensor[] through(Supplier<Tensor[]> body, Tensor[] dOut, Tensor[] targets) {
        var nodes = new ArrayList<Node>();
        var outputs = Dispatch.recording((op, in, out) -> nodes.add(Node.of(op, in, out)), body);
        return Dispatch.unrecorded(() -> new Backward(nodes, null, null).run(outputs, dOut, targets));
    }
}
