package org.sfumato.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.sfumato.autograd.Tape;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Threads;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sfumato bench ops`: single operations, some with their gradients: of `sum(w y)`, with fixed `w`, by all inputs.
@Command(name = "ops", description = "Single operations and their gradients.")
final class OpsCommand implements Callable<Integer> {
    private static final long VOCABULARY = 66;

    /// Sizes that stay in the cache, and sizes that do not.
    private static final long[][] ROWS = {{768, 512}, {8192, 1024}};
    private static final long[][] LOGITS = {{768, VOCABULARY}, {8192, VOCABULARY}};
    private static final long[][] HEADS = {{12, 4, 64, 32}, {16, 6, 256, 64}, {16, 8, 512, 32}, {2, 6, 2048, 64}};

    /// Images, channels in, height, width, channels out, and the size of the kernel: the levels of a UNet, its first
    /// layer, a short cut, and, with a seventh number for the stride, a step down.
    private static final long[][] CONVOLUTIONS = {{8, 128, 40, 40, 128, 3}, {8, 256, 20, 20, 256, 3},
        {16, 512, 5, 5, 512, 3}, {8, 4, 40, 40, 128, 3}, {8, 384, 20, 20, 256, 1}, {8, 128, 40, 40, 128, 3, 2}};
    private static final long[][] IMAGES = {{8, 128, 40, 40}, {16, 512, 5, 5}};
    private static final long[][] PARAMETERS = {{809_984}, {3_307_520}, {10_771_200}};

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    Selection selection;

    /// An operation ready to run; gradients are by `inputs`.
    private record Work(Supplier<Tensor> forward, Tensor... inputs) { }

    /// Makes inputs of some sizes.
    private interface Maker {
        Work of(long... sizes);
    }

    /// What is measured; `bytes` are those that one element must cost, read and written, 0 if `flop` counts.
    private enum Kind {
        SOFTMAX(8, true, ROWS, sizes -> of(random(sizes), x -> x.softmax(-1))),
        LAYER_NORM(8, true, ROWS, sizes -> {
            var x = random(sizes);
            var w = random(sizes[1]);
            var b = random(sizes[1]);
            return new Work(() -> x.layerNorm(w, b, 1e-5), x, w, b);
        }),
        RMS_NORM(8, true, ROWS, sizes -> {
            var x = random(sizes);
            var w = random(sizes[1]);
            return new Work(() -> x.rmsNorm(w, 1e-5), x, w);
        }),
        GELU(8, true, ROWS, sizes -> of(random(sizes), Tensor::gelu)),
        SILU(8, true, ROWS, sizes -> of(random(sizes), Tensor::silu)),
        ADD_BIAS(8, true, ROWS, sizes -> {
            var x = random(sizes);
            var b = random(sizes[1]);
            return new Work(() -> x.add(b), x, b);
        }),
        COPY(8, false, ROWS, sizes -> of(random(sizes), Tensor::copy)),
        TRANSPOSE(8, false, ROWS, sizes -> of(random(sizes), x -> x.transpose(0, 1).contiguous())),
        SUM(4, false, ROWS, sizes -> of(random(sizes), Tensor::sum)),
        SUM_ROWS(4, false, ROWS, sizes -> of(random(sizes), x -> x.sum(0))),
        UNIFORM(4, false, ROWS, sizes -> new Work(() -> Tensor.uniform(Shape.of(sizes), Rng.of(1)))),
        NORMAL(4, false, ROWS, sizes -> new Work(() -> Tensor.normal(Shape.of(sizes), Rng.of(1)))),
        EMBEDDING(8, true, ROWS, sizes -> {
            var table = random(VOCABULARY, sizes[1]);
            var ids = Tensor.integers(Shape.of(sizes[0]), VOCABULARY, Rng.of(2));
            return new Work(() -> table.embedding(ids), table);
        }),
        CROSS_ENTROPY(4, true, LOGITS, sizes -> {
            var targets = Tensor.integers(Shape.of(sizes[0]), sizes[1], Rng.of(2));
            return of(random(sizes), x -> x.crossEntropy(targets));
        }),
        ATTENTION(0, true, HEADS, sizes -> {
            var q = random(sizes);
            var k = random(sizes);
            var v = random(sizes);
            return new Work(() -> q.attention(k, v, null, false), q, k, v);
        }),
        CONV(0, true, CONVOLUTIONS, sizes -> {
            var x = random(sizes[0], sizes[1], sizes[2], sizes[3]);
            var w = random(sizes[4], sizes[1], sizes[5], sizes[5]);
            var b = random(sizes[4]);
            int stride = sizes.length > 6 ? (int) sizes[6] : 1;
            return new Work(() -> x.conv2d(w, b, stride, (int) sizes[5] / 2, 1), x, w, b);
        }),
        GROUP_NORM(8, true, IMAGES, sizes -> {
            var x = random(sizes);
            var w = random(sizes[1]);
            var b = random(sizes[1]);
            return new Work(() -> x.groupNorm(32, w, b, 1e-5), x, w, b);
        }),
        UPSAMPLE(20, true, IMAGES, sizes -> of(random(sizes), x -> x.upsample(2))),
        AVG_POOL(5, true, new long[][] {{8, 128, 40, 40}}, sizes -> of(random(sizes), x -> x.avgPool2d(2, 2, 0))),
        ADAM_W(28, false, PARAMETERS, sizes -> {
            var p = random(sizes);
            var g = Map.of("p", random(sizes));
            var optimizer = new AdamW(Map.of("p", p), AdamW.Config.of(1e-3));
            return new Work(() -> {
                optimizer.step(g, 1);
                return p;
            });
        });

        private final double bytes;
        private final boolean differentiable;
        private final long[][] sizes;
        private final Maker maker;

        Kind(double bytes, boolean differentiable, long[][] sizes, Maker maker) {
            this.bytes = bytes;
            this.differentiable = differentiable;
            this.sizes = sizes;
            this.maker = maker;
        }

        private static Tensor random(long... sizes) {
            return Tensor.normal(Shape.of(sizes), Rng.of(sizes.length));
        }

        private static Work of(Tensor x, java.util.function.UnaryOperator<Tensor> op) {
            return new Work(() -> op.apply(x), x);
        }
    }

    /// One line.
    private record Case(Kind kind, boolean gradient, long... sizes) implements Kernel {
        @Override
        public String name() {
            return kind.name().toLowerCase(java.util.Locale.ROOT) + (gradient ? "+grad " : " ")
                    + Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining("x"));
        }

        @Override
        public Runnable work() {
            var work = kind.maker.of(sizes);
            if (!gradient) {
                return () -> Scope.temporary(work.forward::get);
            }
            var weights = Tensor.normal(Scope.result(work.forward).shape(), Rng.of(3));
            return () -> Scope.temporary(() -> {
                try (var tape = Tape.record(() -> work.forward.get().mul(weights).sum())) {
                    tape.gradients(work.inputs);
                }
            });
        }

        void report(Report report, double flopCeiling, double byteCeiling) {
            double count = Arrays.stream(sizes).asDoubleStream().reduce(1, (a, b) -> a * b);
            var timing = time();
            if (kind == Kind.ATTENTION) {
                double flop = (gradient ? 12 : 4) * count * sizes[2];
                report.line("ops", name(), timing, flop, "GFLOP/s", flopCeiling);
            } else if (kind == Kind.CONV) {
                report.line("ops", name(), timing, (gradient ? 3 : 1) * flop(sizes), "GFLOP/s", flopCeiling);
            } else if (gradient) {
                report.line("ops", name(), Report.format("median %s, best %s", Report.time(timing.median()),
                        Report.time(timing.best())));
            } else {
                report.line("ops", name(), timing, kind.bytes * count, "GB/s", byteCeiling);
            }
        }
    }

    private static double flop(long[] sizes) {
        long stride = sizes.length > 6 ? sizes[6] : 1;
        long places = Math.ceilDiv(sizes[2], stride) * Math.ceilDiv(sizes[3], stride);
        return 2.0 * sizes[0] * sizes[1] * sizes[4] * sizes[5] * sizes[5] * places;
    }

    static List<? extends Kernel> kernels() {
        return all();
    }

    private static List<Case> all() {
        var all = new ArrayList<Case>();
        for (var kind : Kind.values()) {
            for (var sizes : kind.sizes) {
                all.add(new Case(kind, false, sizes));
                if (kind.differentiable) {
                    all.add(new Case(kind, true, sizes));
                }
            }
        }
        return all;
    }

    @Override
    public Integer call() {
        var wanted = selection.of(all(), common);
        if (wanted.isEmpty()) {
            return 0;
        }
        var report = new Report(common);
        int count = Settings.current().threads();
        double flops = Roofline.fma(count).best();
        double bytes = Math.max(Roofline.read(count).best(), Roofline.copy(count).best());
        wanted.forEach(one -> one.report(report, flops, bytes));
        report.end();
        return 0;
    }
}
