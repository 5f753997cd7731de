package org.sfumato.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.*;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.testing.Input.Form;

/// Samples of fused operations and of their gradients, whose inputs are consistent: statistics are those of the forward
/// pass.
final class FusedSamples {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final double EPS = 1e-5;
    private static final long[][] ROWS = {{1}, {7}, {1, 207}, {3, 1}, {5, 13}, {2, 3, 33}, {4, 1030}, {0, 7}};

    private FusedSamples() { }

    static List<Op> exemplars() {
        return List.of(new LinearOp(), new SoftmaxOp(), new SoftmaxGrad(), new LogSoftmaxOp(), new LogSoftmaxGrad(),
                new CrossEntropyOp(-100), new CrossEntropyGrad(-100), new LinearCrossEntropyOp(-100),
                new LinearCrossEntropyGrad(-100), new LayerNormOp(EPS), new LayerNormGrad(),
                new RmsNormOp(EPS), new RmsNormGrad(), new AttentionOp(1, false),
                new AttentionGrad(new AttentionOp(1, false)), new RotaryOp(), new DropoutOp(.1, Rng.of(1)),
                new SquareSumOp(), new DequantiseOp(WeightFormat.Q8, 0), new QuantisedLinearOp(WeightFormat.Q8),
                new Conv2dOp(1, 0, 1), new Conv2dInputGrad(new Conv2dOp(1, 0, 1), 1, 1),
                new Conv2dWeightGrad(new Conv2dOp(1, 0, 1), 1, 1), new GroupNormOp(1, EPS), new GroupNormGrad(1),
                new UpsampleOp(2), new AvgPoolOp(2, 2, 0), new AvgPoolGrad(new AvgPoolOp(2, 2, 0), 2, 2));
    }

    static List<Sample> of(Fused op) {
        return switch (op) {
            case LinearOp _ -> linear();
            case SoftmaxOp _ -> softmax(op);
            case LogSoftmaxOp _ -> softmax(op);
            case SoftmaxGrad _ -> softmaxGrad(op, new SoftmaxOp());
            case LogSoftmaxGrad _ -> softmaxGrad(op, new LogSoftmaxOp());
            case CrossEntropyOp _ -> crossEntropy(false);
            case CrossEntropyGrad _ -> crossEntropy(true);
            case LinearCrossEntropyOp _ -> linearCrossEntropy(false);
            case LinearCrossEntropyGrad _ -> linearCrossEntropy(true);
            case LayerNormOp _ -> norm(true, false);
            case LayerNormGrad _ -> norm(true, true);
            case RmsNormOp _ -> norm(false, false);
            case RmsNormGrad _ -> norm(false, true);
            case AttentionOp _ -> attention(false);
            case AttentionGrad _ -> attention(true);
            case RotaryOp _ -> rotary();
            case DropoutOp _ -> dropout();
            case SquareSumOp _ -> squareSum();
            case DequantiseOp _ -> QuantisedSamples.dequantise();
            case QuantisedLinearOp _ -> QuantisedSamples.linear();
            case Conv2dOp _, Conv2dInputGrad _, Conv2dWeightGrad _ -> ImageSamples.conv(op);
            case GroupNormOp _ -> ImageSamples.norm(false);
            case GroupNormGrad _ -> ImageSamples.norm(true);
            case UpsampleOp _ -> ImageSamples.upsample();
            case AvgPoolOp _ -> ImageSamples.pool(false);
            case AvgPoolGrad _ -> ImageSamples.pool(true);
        };
    }

    /// The results of the composition of `op` in float64.
    static Input[] forward(Fused op, Input... in) {
        var tensors = Arrays.stream(in).map(input -> input.on(DType.F64, Device.REFERENCE)).toArray(Tensor[]::new);
        return Arrays.stream(Dispatch.apply(op, tensors)).map(y -> Input.of(y.toDoubles(), y.shape().sizes()))
                .toArray(Input[]::new);
    }

    private static List<Sample> linear() {
        var samples = new ArrayList<Sample>();
        long[][] sizes = {{7, 5, 3}, {1, 1, 1}, {13, 207, 33}, {0, 5, 3}, {4, 0, 3}, {1, 64, 65}, {65, 33, 17}};
        for (var s : sizes) {
            var x = Input.normal(0, s[0], s[1]);
            var w = Input.normal(1, s[2], s[1]);
            samples.addAll(Sample.near(Math.sqrt(s[1] + 1), new LinearOp(), x, w).forms());
            samples.addAll(Sample.near(Math.sqrt(s[1] + 1), new LinearOp(), x, w, Input.normal(2, s[2])).forms());
        }
        samples.addAll(Sample.near(3, new LinearOp(), Input.normal(0, 2, 3, 7), Input.normal(1, 5, 7),
                Input.normal(2, 5)).forms());
        samples.add(Sample.near(3, new LinearOp(), Input.normal(0, 7), Input.normal(1, 5, 7), Input.normal(2, 5)));
        return samples;
    }

    private static List<Sample> softmax(Fused op) {
        var samples = new ArrayList<Sample>();
        for (var size : ROWS) {
            samples.addAll(Sample.near(1, op, Input.normal(0, size)).forms());
        }
        samples.add(Sample.near(1, op, Input.normal(0, 3, 0)));
        double[] edges = {88, -88, 0, 1e4, -1e4, 9999, -INF, 0, 1, -INF, -INF, -INF, INF, 0, 1, Double.NaN, 0, 1,
                -0.0, 0, -1e4};
        samples.add(Sample.near(1, op, Input.of(edges, 7, 3)));
        return samples;
    }

    private static List<Sample> softmaxGrad(Fused gradient, Fused op) {
        var samples = new ArrayList<Sample>();
        for (var size : ROWS) {
            samples.addAll(Sample.near(1, gradient, forward(op, Input.normal(0, size))[0], Input.normal(1, size))
                    .forms());
        }
        return samples;
    }

    private static List<Sample> crossEntropy(boolean gradient) {
        var samples = new ArrayList<Sample>();
        for (var size : new long[][] {{1, 1}, {7, 13}, {5, 207}, {3, 1030}, {0, 4}}) {
            var x = Input.normal(0, size);
            var t = Input.indices(1, size[1], size[0]);
            var some = t.values().clone();
            for (int i = 0; i < some.length; i += 2) {
                some[i] = -100;
            }
            var ignoring = Input.of(some, size[0]).as(DType.I64);
            var w = Input.uniform(2, .1, 2, size[1]);
            for (var in : List.of(new Input[] {x, t}, new Input[] {x, ignoring}, new Input[] {x, t, w},
                    new Input[] {x, ignoring, w})) {
                samples.addAll(sample(new CrossEntropyOp(-100), gradient, in).forms());
            }
            samples.add(sample(new CrossEntropyOp(0), gradient, x, t));
        }
        double[] edges = {88, -88, 0, 1e4, -1e4, 9999, -INF, 0, 1};
        samples.add(sample(new CrossEntropyOp(-100), gradient, Input.of(edges, 3, 3), Input.indices(0, 3, 3)));
        return samples;
    }

    private static Sample sample(CrossEntropyOp op, boolean gradient, Input... in) {
        if (!gradient) {
            return Sample.near(1, op, in);
        }
        var inputs = new ArrayList<>(List.of(in[0], in[1], forward(op, in)[1], Input.normal(7, in[0].shape().size(0))));
        if (in.length > 2) {
            inputs.add(in[2]);
        }
        return new Sample(new CrossEntropyGrad(op.ignoreIndex()), inputs, Sample.FLOATING, 1);
    }

    private static List<Sample> linearCrossEntropy(boolean gradient) {
        var samples = new ArrayList<Sample>();
        // rows, inner size, classes
        for (var size : new long[][] {{1, 1, 1}, {7, 3, 13}, {5, 17, 207}, {3, 4, 2100}, {0, 2, 4}, {4, 0, 3}}) {
            var x = Input.normal(0, size[0], size[1]);
            // small, so that the exponentials stay near one where a sample repeats the log-sum-exp of one row
            var w = Input.uniform(1, -.3, .3, size[2], size[1]);
            var b = Input.uniform(2, -.5, .5, size[2]);
            var t = Input.indices(3, size[2], size[0]);
            var some = t.values().clone();
            for (int i = 0; i < some.length; i += 2) {
                some[i] = -100;
            }
            var ignoring = Input.of(some, size[0]).as(DType.I64);
            for (var in : List.of(new Input[] {x, w, t}, new Input[] {x, w, ignoring}, new Input[] {x, w, t, b},
                    new Input[] {x, w, ignoring, b})) {
                samples.addAll(linearSample(gradient, in).forms());
            }
        }
        return gradient ? samples.stream().flatMap(sample -> sample.withWide(3, 4).stream()).toList() : samples;
    }

    private static Sample linearSample(boolean gradient, Input... in) {
        var op = new LinearCrossEntropyOp(-100);
        double absolute = 4 * Math.sqrt(in[0].shape().size(1) + 1);
        if (!gradient) {
            return Sample.near(absolute, op, in);
        }
        var dLoss = Input.normal(7, in[0].shape().size(0));
        var inputs = new ArrayList<>(List.of(in[0], in[1], in[2], forward(op, in)[1], dLoss));
        if (in.length > 3) {
            inputs.add(in[3]);
        }
        return new Sample(new LinearCrossEntropyGrad(-100), inputs, Sample.FLOATING, absolute);
    }

    private static List<Sample> norm(boolean layer, boolean gradient) {
        var samples = new ArrayList<Sample>();
        for (var size : ROWS) {
            long d = size[size.length - 1];
            var scales = layer ? List.of(Input.normal(1, d), Input.normal(2, d)) : List.of(Input.normal(1, d));
            samples.addAll(norm(layer, gradient, Input.normal(0, size), scales).forms());
            samples.add(norm(layer, gradient, Input.uniform(3, 20, 22, size), scales));
            samples.add(norm(layer, gradient, Input.uniform(4, 1, 1, size), scales));
        }
        return samples;
    }

    private static Sample norm(boolean layer, boolean gradient, Input x, List<Input> scales) {
        Fused op = layer ? new LayerNormOp(EPS) : new RmsNormOp(EPS);
        var in = new ArrayList<Input>();
        in.add(x);
        in.addAll(scales);
        // 1/std is up to 300 for equal elements, and the mean is rounded to 1e-7 of its size; sums over rows add up
        // their errors
        double absolute = layer ? 40 : 4;
        if (!gradient) {
            return Sample.near(absolute, op, in.toArray(Input[]::new));
        }
        var out = forward(op, in.toArray(Input[]::new));
        var dy = Input.normal(5, x.shape().sizes());
        return layer ? Sample.near(absolute, new LayerNormGrad(), x, scales.get(0), out[1], out[2], dy)
                : Sample.near(absolute, new RmsNormGrad(), x, scales.get(0), out[1], dy);
    }

    private static List<Sample> attention(boolean gradient) {
        var samples = new ArrayList<Sample>();
        // b, h, g, t, s, d, e
        long[][] sizes = {{1, 1, 1, 1, 1, 1, 1}, {2, 4, 2, 7, 7, 8, 8}, {1, 3, 1, 13, 29, 5, 6},
            {1, 2, 2, 33, 70, 16, 16}, {2, 1, 1, 9, 4, 4, 4}, {1, 1, 1, 3, 0, 4, 2}, {0, 2, 1, 3, 4, 4, 4},
            {1, 2, 1, 65, 130, 8, 8}};
        for (var z : sizes) {
            var q = Input.normal(0, z[0], z[1], z[3], z[5]);
            var k = Input.normal(1, z[0], z[2], z[4], z[5]);
            var v = Input.normal(2, z[0], z[2], z[4], z[6]);
            var op = new AttentionOp(1 / Math.sqrt(z[5]), false);
            var plain = attention(op, gradient, q, k, v);
            samples.addAll(z[4] < 30 ? plain.forms() : List.of(plain));
            samples.add(attention(new AttentionOp(.7, true), gradient, q, k, v));
            // leaves some queries blind where s is small
            var sparse = Input.truth(3, .6, z[3], z[4]);
            samples.add(attention(op, gradient, q, k, v, sparse));
            samples.add(attention(op, gradient, q, k, v, Input.truth(3, .7, z[0], 1, 1, z[4])));
            samples.add(attention(op, gradient, q, k, v, Input.truth(3, 0, z[3], z[4])));
            samples.add(attention(new AttentionOp(.5, true), gradient, q, k, v, Input.normal(3, z[1], 1, z[4])));
            var bias = Input.normal(3, z[0], z[1], z[3], z[4]);
            var holes = Arrays.stream(bias.values()).map(b -> b > 1 ? -INF : b).toArray();
            var biased = attention(op, gradient, q, k, v, Input.of(holes, bias.shape().sizes()));
            samples.addAll(z[4] < 10 ? biased.forms() : List.of(biased));
        }
        return gradient ? samples.stream().flatMap(sample -> sample.withWide(4).stream()).toList() : samples;
    }

    private static Sample attention(AttentionOp op, boolean gradient, Input... in) {
        if (!gradient) {
            return Sample.near(2, op, in);
        }
        var out = forward(op, in);
        var dO = Input.normal(9, out[0].shape().sizes());
        var inputs = new ArrayList<>(List.of(in[0], in[1], in[2], out[0], out[1], dO));
        if (in.length > 3) {
            inputs.add(in[3]);
        }
        return new Sample(new AttentionGrad(op), inputs, Sample.FLOATING, 8);
    }

    private static List<Sample> rotary() {
        var samples = new ArrayList<Sample>();
        for (var size : new long[][] {{1, 2}, {7, 4}, {2, 3, 13, 14}, {1, 207, 64}, {2, 0, 4}}) {
            long t = size[size.length - 2];
            long half = size[size.length - 1] / 2;
            var sample = Sample.near(1, new RotaryOp(), Input.normal(0, size), Input.uniform(1, -1, 1, t, half),
                    Input.uniform(2, -1, 1, t, half));
            samples.addAll(sample.forms());
            samples.addAll(sample.withWide(1, 2));
        }
        return samples;
    }

    private static List<Sample> dropout() {
        var samples = new ArrayList<Sample>();
        for (var size : new long[][] {{}, {0}, {207}, {33, 65}}) {
            samples.addAll(Sample.near(0, new DropoutOp(.3, Rng.of(4)), Input.normal(0, size)).forms());
        }
        samples.add(Sample.near(0, new DropoutOp(0, Rng.of(4)), Input.normal(0, 13).as(Form.REVERSED)));
        return samples;
    }

    private static List<Sample> squareSum() {
        var samples = new ArrayList<Sample>();
        for (var size : ROWS) {
            samples.addAll(Sample.near(1, new SquareSumOp(), Input.normal(0, size)).forms());
        }
        samples.addAll(Sample.near(1, new SquareSumOp(), Input.normal(0, 5, 13), Input.normal(1), Input.normal(2, 0),
                Input.normal(3, 207)).forms());
        double[] edges = {1e2, -0.0, -1e2, INF, -INF, Double.NaN};
        for (double edge : edges) {
            samples.add(Sample.near(1, new SquareSumOp(), Input.of(new double[] {1, edge, 2}, 3)));
        }
        return samples;
    }
}
