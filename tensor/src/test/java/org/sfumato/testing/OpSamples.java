package org.sfumato.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.*;
import org.sfumato.testing.Input.Form;

/// Samples of every operation: one list for all tests, on all devices. A new operation is forgotten nowhere: the switch
/// of [#of] does not compile without it, and a test fails where [#exemplars] lacks it.
public final class OpSamples {
    private OpSamples() { }

    /// A user's operation: `2 x`.
    public record Twice() implements CustomOp {
        @Override
        public Tensor[] reference(Tensor... in) {
            return new Tensor[] {in[0].add(in[0])};
        }
    }

    /// One operation of each kind that has samples of its own; their parameters do not count.
    public static List<Op> exemplars() {
        var all = new ArrayList<Op>(PointwiseSamples.catalogue().values());
        PointwiseSamples.catalogue().values().forEach(op -> all.addAll(PointwiseSamples.gradients(op)));
        all.addAll(PointwiseSamples.fused());
        var spec = new Spec(Shape.SCALAR, DType.F32);
        var slice = new View.Slice(0, 0, 1, 1);
        all.addAll(List.of(new Cast(DType.F32), new Copy(), new Concat(0), new Unslice(slice, 1), new MatMul(),
                new Triangle(true, 0), new Sort(0, false), new TopK(0, 1),
                new View.Reshape(Shape.SCALAR), new View.Permute(List.of()), new View.Expand(Shape.SCALAR), slice,
                new Index.Gather(0), new Index.ScatterAdd(0), new Index.IndexSelect(0), new Index.IndexAdd(0, 1),
                new Scan.CumSum(0, false), new Scan.CumProd(0, false),
                new Source.Fill(spec, 0), new Source.Arange(spec, 0, 1),
                new Source.Random(new Source.Distribution.Uniform(), spec, Rng.of(0)), new Twice()));
        for (var kind : Reduce.Kind.values()) {
            all.add(new Reduce(kind, List.of(0), false));
        }
        for (var kind : ArgReduce.Kind.values()) {
            all.add(new ArgReduce(kind, 0, false));
        }
        all.addAll(FusedSamples.exemplars());
        return all;
    }

    /// Samples of the kind of `op`.
    public static List<Sample> of(Op op) {
        return switch (op) {
            case Pointwise p -> PointwiseSamples.of(p);
            case Cast _ -> cast();
            case Reduce r -> reduce(r.kind());
            case ArgReduce a -> argReduce(a.kind());
            case View.Reshape _ -> List.of(Sample.exact(new View.Reshape(Shape.of(5, 21)), Input.normal(0, 3, 7, 5)));
            case View.Permute _ -> Sample.exact(new View.Permute(List.of(1, 2, 0)), Input.normal(0, 3, 7, 5)).forms();
            case View.Expand _ -> Sample.exact(new View.Expand(Shape.of(2, 3, 7)), Input.normal(0, 3, 1)).forms();
            case View.Slice _ -> Sample.exact(new View.Slice(1, 11, 4, -3), Input.normal(0, 3, 13)).forms();
            case Unslice _ -> unslice();
            case Copy _ -> shapes(new Copy());
            case Concat _ -> concat();
            case MatMul _ -> matmul();
            case Index.Gather _ -> gather();
            case Index.ScatterAdd _ -> scatterAdd();
            case Index.IndexSelect _ -> indexSelect();
            case Index.IndexAdd _ -> indexAdd();
            case Scan s -> scan(s);
            case Sort _ -> sort();
            case TopK _ -> topK();
            case Triangle _ -> triangle();
            case Source s -> source(s);
            case Fused f -> FusedSamples.of(f);
            case CustomOp c -> Sample.near(0, c, Input.normal(0, 3, 7, 5)).forms();
        };
    }

    /// Exact samples of an operation on one tensor of any shape.
    private static List<Sample> shapes(Op op) {
        var samples = new ArrayList<Sample>();
        for (var sizes : new long[][] {{}, {0}, {1}, {7}, {13}, {207}, {2, 0, 3}, {65, 33}}) {
            samples.addAll(Sample.exact(op, Input.normal(0, sizes)).forms());
        }
        samples.addAll(Sample.exact(op, Input.normal(1, 3, 7, 5)).forms());
        samples.addAll(Sample.exact(op, Input.normal(1, 2, 3, 1, 4)).forms());
        return samples;
    }

    /// All pairs of types: ties between half-precision numbers, subnormals, extremes, and numbers beyond the range of
    /// integers.
    private static List<Sample> cast() {
        double[] values = {0, -0.0, 1, -1, .5, 1.5, 2.5, -2.5, .49999997, 1e4, -1e4, 65504, 65519.99, 65520, 70000,
            1e30, -1e30, 3e38, 1e300, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
            0x1p-24, 0x1p-25, 0x1.8p-25, 0x1p-14, 0x1p-133, 0x1p-134,
            1 + 0x1p-8, 1 + 0x3p-8, 1 + 0x1p-11, 1 + 0x3p-11, 1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-11 - 0x1p-50,
            2147483647, 2147483648.0, -2147483649.0, 0x1p53 + 2, 9.3e18, -9.3e18, 16777217, 123456789};
        var samples = new ArrayList<Sample>();
        for (var to : DType.values()) {
            for (var sample : shapes(new Cast(to))) {
                samples.add(fixed(sample));
            }
            for (var from : DType.values()) {
                samples.add(Sample.exact(new Cast(to), Input.of(values, values.length).as(from)).in(Sample.FIXED));
                samples.add(Sample.exact(new Cast(to), Input.uniform(3, -300, 300, 207).as(from)).in(Sample.FIXED));
                samples.add(Sample.exact(new Cast(to), Input.uniform(3, -9, 9, 7, 30).as(from).as(Form.PERMUTED))
                        .in(Sample.FIXED));
            }
        }
        return samples;
    }

    private static Sample fixed(Sample sample) {
        return sample.with(sample.inputs().stream().map(in -> in.as(DType.F32)).toList()).in(Sample.FIXED);
    }

    private static List<Sample> reduce(Reduce.Kind kind) {
        boolean extremum = kind == Reduce.Kind.MAX || kind == Reduce.Kind.MIN;
        var samples = new ArrayList<Sample>();
        var sizes = new long[][] {{}, {1}, {7}, {207}, {13, 207}, {207, 13}, {3, 7, 5}, {2, 3, 4, 5}, {1, 9, 1},
                {1031, 3}, {3, 1031}, {4, 0}};
        for (var size : sizes) {
            for (int mask = size.length == 0 ? 0 : 1; mask < 1 << size.length; mask++) {
                int bits = mask;
                var axes = IntStream.range(0, size.length).filter(i -> (bits >> i & 1) == 1).boxed().toList();
                long count = axes.stream().mapToLong(i -> size[i]).reduce(1, (a, b) -> a * b);
                if (extremum && count == 0) {
                    continue;
                }
                var x = kind == Reduce.Kind.PROD ? Input.uniform(mask, .9, 1.1, size) : Input.normal(mask, size);
                var op = new Reduce(kind, axes, mask % 2 == 0);
                var sample = extremum ? Sample.exact(op, x) : Sample.near(Math.sqrt(count), op, x).in(Sample.ALL);
                samples.addAll(size.length > 2 || mask == 1 ? sample.forms() : List.of(sample));
            }
        }
        double[] edges = {88, -1e4, Double.POSITIVE_INFINITY, 1, 0, -0.0, 3, Double.NaN, 5, Double.NEGATIVE_INFINITY,
                Double.POSITIVE_INFINITY, 2};
        samples.add(Sample.near(0, new Reduce(kind, List.of(1), false), Input.of(edges, 4, 3)));
        samples.add(Sample.near(0, new Reduce(kind, List.of(0), false), Input.of(edges, 4, 3)));
        return samples;
    }

    private static List<Sample> argReduce(ArgReduce.Kind kind) {
        var samples = new ArrayList<Sample>();
        for (var size : new long[][] {{1}, {7}, {207}, {3, 7, 5}, {2, 1031}}) {
            for (int axis = 0; axis < size.length; axis++) {
                samples.addAll(Sample.exact(new ArgReduce(kind, axis, axis == 1), Input.normal(axis, size)).forms());
                samples.addAll(Sample.exact(new ArgReduce(kind, axis, false), Input.ties(axis, size)).forms());
            }
        }
        double[] edges = {1, Double.NaN, 3, Double.NaN, Double.POSITIVE_INFINITY, 0, -0.0, 0, 0,
                Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY, 1};
        samples.add(Sample.exact(new ArgReduce(kind, 1, false), Input.of(edges, 4, 3)).in(Sample.FLOATING));
        samples.add(Sample.exact(new ArgReduce(kind, 0, true), Input.of(edges, 4, 3)).in(Sample.FLOATING));
        samples.add(Sample.exact(new ArgReduce(kind, 1, true), Input.normal(0, 0, 3)));
        return samples;
    }

    private static List<Sample> unslice() {
        var samples = new ArrayList<Sample>();
        samples.addAll(Sample.exact(new Unslice(new View.Slice(0, 2, 4, 1), 7), Input.normal(0, 4)).forms());
        samples.addAll(Sample.exact(new Unslice(new View.Slice(1, 12, 5, -3), 13), Input.normal(0, 3, 5, 2)).forms());
        samples.addAll(Sample.exact(new Unslice(new View.Slice(2, 1, 100, 2), 207), Input.normal(0, 2, 3, 100))
                .forms());
        samples.addAll(Sample.exact(new Unslice(new View.Slice(0, 0, 0, 1), 3), Input.normal(0, 0, 2)).forms());
        return samples;
    }

    private static List<Sample> concat() {
        var samples = new ArrayList<Sample>();
        samples.addAll(Sample.exact(new Concat(0), Input.normal(0, 7)).forms());
        samples.addAll(Sample.exact(new Concat(0), Input.normal(0, 7), Input.normal(1, 0), Input.normal(2, 13))
                .forms());
        samples.addAll(Sample.exact(new Concat(1), Input.normal(0, 3, 7, 5), Input.normal(1, 3, 1, 5),
                Input.normal(2, 3, 207, 5)).forms());
        samples.addAll(Sample.exact(new Concat(2), Input.normal(0, 3, 7, 5), Input.normal(1, 3, 7, 0),
                Input.normal(2, 3, 7, 4)).forms());
        return samples;
    }

    private static List<Sample> matmul() {
        var samples = new ArrayList<Sample>();
        long[][][] pairs = {{{2, 3}, {3, 4}}, {{1, 1}, {1, 1}}, {{0, 3}, {3, 2}}, {{2, 0}, {0, 3}},
            {{7, 13}, {13, 5}}, {{1, 207}, {207, 65}}, {{65, 207}, {207, 1}}, {{33, 207}, {207, 65}},
            {{2, 3, 7, 5}, {3, 5, 4}}, {{1, 7, 5}, {4, 5, 3}}, {{4, 7, 5}, {5, 3}}, {{2, 1, 17, 33}, {3, 33, 9}},
            {{0, 2, 3}, {1, 3, 2}}};
        for (var pair : pairs) {
            double terms = Math.sqrt(pair[0][pair[0].length - 1]);
            samples.addAll(Sample.near(terms, new MatMul(), Input.normal(0, pair[0]), Input.normal(1, pair[1]))
                    .forms());
        }
        return samples;
    }

    private static List<Sample> gather() {
        var samples = new ArrayList<Sample>();
        samples.addAll(Sample.exact(new Index.Gather(0), Input.normal(0, 7), Input.indices(1, 7, 13)).forms());
        samples.addAll(Sample.exact(new Index.Gather(1), Input.normal(0, 3, 7, 5), Input.indices(1, 7, 3, 11, 5))
                .forms());
        samples.addAll(Sample.exact(new Index.Gather(2), Input.normal(0, 3, 7, 207), Input.indices(1, 207, 3, 7, 4))
                .forms());
        samples.add(Sample.exact(new Index.Gather(0), Input.normal(0, 0, 2), Input.indices(1, 1, 0, 2)));
        return samples;
    }

    private static List<Sample> scatterAdd() {
        var samples = new ArrayList<Sample>();
        samples.addAll(Sample.near(4, new Index.ScatterAdd(0), Input.normal(0, 7), Input.indices(1, 7, 40),
                Input.normal(2, 40))
                .in(Sample.ALL).forms());
        samples.addAll(Sample.near(4, new Index.ScatterAdd(1), Input.normal(0, 3, 7, 5), Input.indices(1, 7, 3, 30, 5),
                Input.normal(2, 3, 30, 5)).in(Sample.ALL).forms());
        samples.addAll(Sample.near(4, new Index.ScatterAdd(0), Input.normal(0, 9, 5), Input.indices(1, 9, 0, 5),
                Input.normal(2, 0, 5))
                .in(Sample.ALL).forms());
        return samples;
    }

    private static List<Sample> indexSelect() {
        var samples = new ArrayList<Sample>();
        samples.addAll(Sample.exact(new Index.IndexSelect(0), Input.normal(0, 207, 33), Input.indices(1, 207, 13))
                .forms());
        samples.addAll(Sample.exact(new Index.IndexSelect(1), Input.normal(0, 3, 7, 5), Input.indices(1, 7, 11))
                .forms());
        samples.addAll(Sample.exact(new Index.IndexSelect(2), Input.normal(0, 3, 7, 5), Input.indices(1, 5, 0))
                .forms());
        samples.addAll(Sample.exact(new Index.IndexSelect(0), Input.normal(0, 7), Input.indices(1, 7, 1)).forms());
        return samples;
    }

    private static List<Sample> indexAdd() {
        var samples = new ArrayList<Sample>();
        samples.addAll(Sample.near(4, new Index.IndexAdd(0, 7), Input.normal(0, 207, 33), Input.indices(1, 7, 207))
                .in(Sample.ALL).forms());
        samples.addAll(Sample.near(4, new Index.IndexAdd(1, 9), Input.normal(0, 3, 40, 5), Input.indices(1, 9, 40))
                .in(Sample.ALL).forms());
        samples.addAll(Sample.near(4, new Index.IndexAdd(2, 3), Input.normal(0, 3, 7, 1), Input.indices(1, 3, 1))
                .in(Sample.ALL).forms());
        samples.addAll(Sample.near(4, new Index.IndexAdd(0, 3), Input.normal(0, 0, 5), Input.indices(1, 3, 0))
                .in(Sample.ALL).forms());
        return samples;
    }

    private static List<Sample> scan(Scan exemplar) {
        var samples = new ArrayList<Sample>();
        for (var size : new long[][] {{0}, {1}, {7}, {207}, {3, 7, 5}, {33, 65}}) {
            for (int axis = 0; axis < size.length; axis++) {
                for (boolean reverse : new boolean[] {false, true}) {
                    var sample = switch (exemplar) {
                        case Scan.CumSum _ -> Sample.near(Math.sqrt(size[axis]), new Scan.CumSum(axis, reverse),
                                Input.normal(1, size));
                        case Scan.CumProd _ -> Sample.near(1, new Scan.CumProd(axis, reverse),
                                Input.uniform(1, -1.2, 1.2, size));
                    };
                    samples.addAll(sample.in(Sample.ALL).forms());
                }
            }
        }
        double[] edges = {1, Double.NaN, 3, 2, 0, Double.POSITIVE_INFINITY};
        samples.add(switch (exemplar) {
            case Scan.CumSum _ -> Sample.near(1, new Scan.CumSum(1, false), Input.of(edges, 2, 3));
            case Scan.CumProd _ -> Sample.near(1, new Scan.CumProd(1, false), Input.of(edges, 2, 3));
        });
        return samples;
    }

    private static final double[] UNORDERED = {1, Double.NaN, -0.0, 0, 3, Double.NaN, Double.NEGATIVE_INFINITY, 0,
            -0.0, Double.POSITIVE_INFINITY, 1, 3};

    private static List<Sample> sort() {
        var samples = new ArrayList<Sample>();
        for (boolean falling : new boolean[] {false, true}) {
            for (var size : new long[][] {{0}, {1}, {207}, {3, 7, 5}, {2, 1031}}) {
                for (int axis = 0; axis < size.length; axis++) {
                    samples.addAll(Sample.exact(new Sort(axis, falling), Input.ties(axis, size)).forms());
                }
            }
            samples.add(Sample.exact(new Sort(0, falling), Input.normal(1, 207)));
            samples.add(Sample.exact(new Sort(0, falling), Input.of(UNORDERED, 12)).in(Sample.FLOATING));
            samples.add(Sample.exact(new Sort(1, falling), Input.of(UNORDERED, 2, 6)).in(Sample.FLOATING));
        }
        return samples;
    }

    private static List<Sample> topK() {
        var samples = new ArrayList<Sample>();
        for (long k : new long[] {3, 1, 0, 7}) {
            samples.addAll(Sample.exact(new TopK(1, k), Input.ties(3, 3, 7, 5)).forms());
            samples.addAll(Sample.exact(new TopK(0, k), Input.normal(3, 207)).forms());
            samples.add(Sample.exact(new TopK(0, k), Input.of(UNORDERED, 12)).in(Sample.FLOATING));
        }
        samples.add(Sample.exact(new TopK(1, 40), Input.ties(3, 2, 1031)));
        return samples;
    }

    private static List<Sample> triangle() {
        var samples = new ArrayList<Sample>();
        for (boolean lower : new boolean[] {true, false}) {
            for (long diagonal : new long[] {0, -2, -9, 1, 9}) {
                samples.addAll(Sample.exact(new Triangle(lower, diagonal), Input.normal(0, 3, 7, 5)).forms());
                samples.add(Sample.exact(new Triangle(lower, diagonal), Input.normal(0, 13, 40)));
            }
            samples.add(Sample.exact(new Triangle(lower, 0), Input.normal(0, 0, 3)));
        }
        return samples;
    }

    private static List<Sample> source(Source exemplar) {
        var shapes = List.of(Shape.SCALAR, Shape.of(0), Shape.of(1), Shape.of(7), Shape.of(207), Shape.of(33, 1031));
        var floats = List.of(DType.F32, DType.F64);
        return shapes.stream().<Op>mapMulti((shape, add) -> {
            switch (exemplar) {
                case Source.Fill _ -> Arrays.stream(DType.values()).forEach(type ->
                        Stream.of(.1, -3.0, 1e30, 65519.9, Double.NaN)
                        .forEach(value -> add.accept(new Source.Fill(new Spec(shape, type), value))));
                case Source.Arange _ -> Arrays.stream(DType.values()).forEach(type -> {
                    add.accept(new Source.Arange(new Spec(shape, type), -3, 2));
                    if (type.isFloating()) {
                        add.accept(new Source.Arange(new Spec(shape, type), .3, .1));
                    }
                });
                case Source.Random _ -> {
                    var rng = Rng.of(5).fold(shape.count());
                    for (var type : floats) {
                        add.accept(new Source.Random(new Source.Distribution.Uniform(), new Spec(shape, type), rng));
                        add.accept(new Source.Random(new Source.Distribution.Normal(), new Spec(shape, type), rng));
                    }
                    add.accept(new Source.Random(new Source.Distribution.Bernoulli(.3), new Spec(shape, DType.BOOL),
                            rng));
                    add.accept(new Source.Random(new Source.Distribution.Integers(1000), new Spec(shape, DType.I64),
                            rng));
                }
            }
        }).map(op -> Sample.exact(op).in(Sample.FIXED)).toList();
    }
}
