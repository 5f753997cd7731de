package org.sfumato.examples;

import java.io.PrintStream;
import org.sfumato.autograd.GradCheck;
import org.sfumato.autograd.Tape;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.Saved;

/// Operations of one's own, two ways: a formula that is fused, and a record with a composition.
public final class CustomOperation {
    /// `x * Phi(1.702 x)` with a logistic curve for Phi, of a sum with a bias. One loop over memory computes it,
    /// another one the gradients by both arguments; both are derived from this line. Source: Hendrycks and Gimpel 2016,
    /// arXiv 1606.08415, section 2.
    static final Fuse GELU_BIAS = Fuse.of("geluBias", (x, bias) -> {
        var sum = x.add(bias);
        return sum.mul(sum.mul(1.702).sigmoid());
    });

    /// Rows outside the unit ball drawn back to it, `y = x / max(|x|, 1)`. The composition is enough; its gradient
    /// follows from it. Shapes: (..., D) -> (..., D).
    record UnitBall() implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            var norm = in[0].square().sum(true, -1).sqrt();                                                // (..., 1)
            return new Tensor[] {in[0].div(norm.maximum(Tensor.of(1.)))};
        }
    }

    /// The identity, whose gradient is limited to `[-bound, bound]`: here the gradient is not that of the composition,
    /// so it is written out. Shapes: any -> the same.
    record LimitGradient(double bound) implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0].copy()};
        }

        @Override
        public Tensor[] vjp(Saved saved, Tensor[] dOut) {
            return new Tensor[] {dOut[0].clamp(-bound, bound)};
        }
    }

    private CustomOperation() { }

    /// Takes no arguments.
    public static void main(String[] args) {
        Scope.temporary(() -> run(System.out));
    }

    static void run(PrintStream out) {
        var x = Tensor.of(new double[] {3, 4, .3, .4}, 2, 2);
        var bias = Tensor.of(.1, -.2);

        out.println(GELU_BIAS.apply(x, bias));
        out.println(GradCheck.of(in -> GELU_BIAS.apply(in), x, bias).passes(1e-6));

        out.println(Dispatch.one(new UnitBall(), x));
        out.println(GradCheck.of(in -> Dispatch.one(new UnitBall(), in), x).passes(1e-6));

        try (var tape = Tape.record(() -> Dispatch.one(new LimitGradient(5), x).square().sum())) {
            out.println(tape.gradients(x).of(x));
        }
    }
}
