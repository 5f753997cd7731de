package org.sfumato.examples;

import java.io.PrintStream;
import org.sfumato.autograd.Tape;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Tensors, scopes and gradients: fits `y = w x + b` to noisy points by gradient descent.
public final class FirstSteps {
    private FirstSteps() { }

    /// Takes no arguments.
    public static void main(String[] args) {
        tensors(System.out);
        System.out.println();
        fit(200, System.out);
    }

    static void tensors(PrintStream out) {
        // A scope owns what is made in it. When it closes, the memory goes back at once.
        Scope.temporary(() -> {
            var a = Tensor.arange(6).reshape(2, 3).cast(DType.F32);         // (2, 3)
            var b = Tensor.of(10f, 20f, 30f);                               // (3)
            out.println(a.add(b));                                          // b is broadcast over the rows
            out.println(a.matmul(a.t()));  // (2, 2); a.t() is a view, nothing is copied
            out.println(a.slice(1, 0, 3, 2).describe());                    // columns 0 and 2, a view as well
        });
        out.println("live bytes after the scope: " + Memory.current(Device.CPU).live());
    }

    /// Returns `w` and `b` after `steps` steps.
    static double[] fit(int steps, PrintStream out) {
        // Randomness is an argument: the same seed gives the same numbers, on any machine and any number of threads.
        var rng = Rng.of(7).split(2);
        try (var scope = Scope.open("weights")) {
            return scope.call(() -> {
                var x = Tensor.normal(Shape.of(64), rng[0]);                                               // (64)
                var y = x.mul(3).add(-1).add(Tensor.normal(Shape.of(64), rng[1]).mul(.1));                 // (64)
                var w = Tensor.zeros();
                var b = Tensor.zeros();
                for (int step = 0; step < steps; step++) {
                    // The tape is a scope too: it records, gives the gradients, and frees all that the step made.
                    try (var tape = Tape.record(() -> w.mul(x).add(b).sub(y).square().mean())) {
                        var gradients = tape.gradients(w, b);
                        w.assign(w.sub(gradients.of(w).mul(.1)));
                        b.assign(b.sub(gradients.of(b).mul(.1)));
                        if (step % 50 == 0) {
                            out.printf("step %3d  loss %.4f%n", step, tape.value().item());
                        }
                    }
                }
                out.printf("w = %.2f, b = %.2f%n", w.item(), b.item());
                return new double[] {w.item(), b.item()};
            });
        }
    }
}
