package org.sfumato.testing;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.op.*;

/// Samples of operations on images.
final class ImageSamples {
    private static final double EPS = 1e-5;

    /// Images, groups, channels of a group in and out, height, width, kernel height and width, stride, padding.
    private static final int[][] CONVOLUTIONS = {{1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, {2, 1, 3, 2, 5, 4, 3, 3, 1, 1},
        {1, 2, 2, 3, 4, 5, 3, 2, 2, 1}, {2, 3, 1, 1, 5, 5, 3, 3, 1, 0}, {1, 1, 2, 2, 7, 6, 2, 3, 3, 2},
        {3, 1, 5, 7, 3, 3, 1, 1, 1, 0}, {2, 1, 3, 2, 4, 4, 1, 1, 2, 0}, {1, 1, 2, 3, 3, 4, 3, 3, 1, 4},
        {0, 1, 2, 3, 5, 5, 3, 3, 1, 1}, {2, 1, 0, 3, 4, 4, 3, 3, 1, 1}, {1, 2, 3, 0, 4, 4, 3, 3, 1, 1},
        {2, 1, 70, 17, 6, 5, 3, 3, 1, 1}, {3, 2, 65, 9, 5, 8, 3, 3, 2, 1}, {1, 1, 3, 9, 40, 31, 5, 1, 1, 2},
        {2, 1, 2, 130, 3, 5, 3, 3, 1, 1}, {1, 1, 1, 2, 27, 21, 26, 20, 1, 0}};

    private ImageSamples() { }

    /// Of a convolution or one of its gradients.
    static List<Sample> conv(Fused op) {
        var samples = new ArrayList<Sample>();
        for (var z : CONVOLUTIONS) {
            var conv = new Conv2dOp(z[8], z[9], z[1]);
            var x = Input.normal(0, z[0], (long) z[1] * z[2], z[4], z[5]);
            var w = Input.normal(1, (long) z[1] * z[3], z[2], z[6], z[7]);
            var b = Input.normal(2, (long) z[1] * z[3]);
            var dy = Input.normal(3, z[0], (long) z[1] * z[3], conv.size(z[4], z[6]), conv.size(z[5], z[7]));
            double terms = switch (op) {
                case Conv2dInputGrad _ -> z[3] * z[6] * z[7];
                case Conv2dWeightGrad _ -> z[0] * dy.shape().size(2) * dy.shape().size(3);
                default -> z[2] * z[6] * z[7];
            };
            double absolute = Math.sqrt(terms + 1);
            var sample = switch (op) {
                case Conv2dInputGrad _ -> Sample.near(absolute, new Conv2dInputGrad(conv, z[4], z[5]), dy, w);
                case Conv2dWeightGrad _ -> Sample.near(absolute, new Conv2dWeightGrad(conv, z[6], z[7]), x, dy);
                default -> Sample.near(absolute, conv, x, w, b);
            };
            boolean small = x.shape().count() < 1000 && w.shape().count() < 1000;
            samples.addAll(small ? sample.forms() : List.of(sample));
            if (op instanceof Conv2dOp && small) {
                samples.add(Sample.near(absolute, conv, x, w));
            }
        }
        return samples;
    }

    /// Of group normalisation or its gradient.
    static List<Sample> norm(boolean gradient) {
        var samples = new ArrayList<Sample>();
        long[][] sizes = {{1, 1}, {3, 4}, {2, 6, 5}, {2, 4, 3, 7}, {1, 8, 13, 16}, {0, 2, 3}, {2, 3, 2, 3, 5}};
        for (var size : sizes) {
            for (int groups = 1; groups <= size[1]; groups++) {
                if (size[1] % groups != 0) {
                    continue;
                }
                var w = Input.normal(1, size[1]);
                var b = Input.normal(2, size[1]);
                samples.addAll(norm(gradient, groups, Input.normal(0, size), w, b).forms());
                samples.add(norm(gradient, groups, Input.uniform(3, 20, 22, size), w, b));
                samples.add(norm(gradient, groups, Input.uniform(4, 1, 1, size), w, b));
            }
        }
        return samples;
    }

    private static Sample norm(boolean gradient, int groups, Input x, Input w, Input b) {
        var op = new GroupNormOp(groups, EPS);
        // 1/std is up to 300 for equal elements, and the mean is rounded to 1e-7 of its size
        double absolute = 40;
        if (!gradient) {
            return Sample.near(absolute, op, x, w, b);
        }
        var out = FusedSamples.forward(op, x, w, b);
        return Sample.near(absolute, new GroupNormGrad(groups), x, w, out[1], out[2],
                Input.normal(5, x.shape().sizes()));
    }

    /// Of nearest up-sampling.
    static List<Sample> upsample() {
        var samples = new ArrayList<Sample>();
        for (var size : new long[][] {{1, 1}, {3, 5}, {2, 3, 4, 33}, {0, 3, 2}, {2, 0, 3}, {1, 2, 8, 8}}) {
            for (int scale : new int[] {1, 2, 3, 20}) {
                samples.addAll(Sample.near(0, new UpsampleOp(scale), Input.normal(0, size)).forms());
            }
        }
        return samples;
    }

    /// Of average pooling or its gradient.
    static List<Sample> pool(boolean gradient) {
        var samples = new ArrayList<Sample>();
        var pools = List.of(new AvgPoolOp(1, 1, 0), new AvgPoolOp(2, 2, 0), new AvgPoolOp(3, 1, 1),
                new AvgPoolOp(3, 2, 1), new AvgPoolOp(2, 3, 1));
        for (var size : new long[][] {{3, 3}, {3, 5}, {2, 3, 7, 6}, {1, 2, 4, 35}, {0, 4, 4}}) {
            for (var pool : pools) {
                long h = size[size.length - 2];
                long w = size[size.length - 1];
                var dy = size.clone();
                dy[size.length - 2] = pool.size(h);
                dy[size.length - 1] = pool.size(w);
                samples.addAll((gradient ? Sample.near(1, new AvgPoolGrad(pool, h, w), Input.normal(0, dy))
                        : Sample.near(1, pool, Input.normal(0, size))).forms());
            }
        }
        return samples;
    }
}
