// Run it with: ./sfumato jshell examples/src/main/jshell/first-steps.jsh

// A tensor has a shape and a type, and prints as in NumPy.
var x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
System.out.println(x)
System.out.println(x.t().matmul(x))
System.out.println(x.sub(x.mean(true, -1)).softmax(-1).sum(-1))

// Randomness is an argument: the same Rng gives the same numbers.
var noise = Tensor.normal(Shape.of(2, 3), Rng.of(42))
System.out.println(noise.eq(Tensor.normal(Shape.of(2, 3), Rng.of(42))).all().item() == 1)

// A tape records what its code does; gradients are those of the very tensors that the code used.
try (var tape = Tape.record(() -> x.square().sum())) {
    System.out.println(tape.gradients(x).of(x));                    // 2 x
}

// An operation of one's own: a record with a composition is enough, its gradient follows.
record Cube() implements CustomOp {
    public Tensor[] reference(Tensor... in) {
        return new Tensor[] {in[0].square().mul(in[0])};
    }
}

// The same with a gradient written by hand, 3 x^2, and one that is wrong: gradcheck tells them apart.
record FastCube(double factor) implements CustomOp {
    public Tensor[] reference(Tensor... in) {
        return new Cube().reference(in);
    }

    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[] {saved.in(0).square().mul(factor).mul(dOut[0])};
    }
}
var z = Tensor.of(.5, -1, 2)
System.out.println(Dispatch.one(new Cube(), z))
for (var op : List.of(new Cube(), new FastCube(3), new FastCube(2))) {
    System.out.println(op + " " + GradCheck.of(in -> Dispatch.one(op, in[0]), z).passes(1e-6));
}

// A formula of one's own: one loop, and the gradient is derived.
var softClip = Fuse.of("softClip", (a, b) -> a.div(b).tanh().mul(b))
System.out.println(GradCheck.of(in -> softClip.apply(in), z, Tensor.of(2.)).passes(1e-6))

// A layer is a record; its parameters have names.
var layer = Linear.init(3, 2, true, Rng.of(42))
System.out.println(layer.parameters().keySet() + " " + layer.forward(x).shape())

/exit
