package org.sfumato.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Threads;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sfumato bench gemm`: matrix products of float32, as `Tensor.matmul` computes them.
@Command(name = "gemm", description = "Matrix products: large ones, those of training, thin ones.")
final class GemmCommand implements Callable<Integer> {
    /// M x N x K.
    private static final long[][] LARGE = {{1024, 1024, 1024}, {4096, 768, 768}, {2048, 1536, 384}, {2048, 384, 1536},
        {16384, 384, 66}};

    private static final List<Product> TRAINING = List.of(
            product("NT", 768, 384, 128), product("NT", 768, 128, 128), product("NT", 768, 512, 128),
            product("NT", 768, 128, 512), product("NT", 768, 66, 128),
            product("NN", 768, 128, 384), product("NN", 768, 512, 128), product("NN", 768, 128, 66),
            product("TN", 384, 128, 768), product("TN", 128, 512, 768), product("TN", 66, 128, 768),
            product("NT", 4096, 1152, 384), product("NT", 4096, 66, 384), product("NN", 4096, 384, 1152),
            product("TN", 1152, 384, 4096), product("TN", 66, 384, 4096),
            product("NT", 8192, 1024, 256), product("TN", 1024, 256, 8192), product("NT", 8192, 66, 256));

    private static final List<Product> THIN = List.of(
            product("NN", 1, 1024, 1024), product("NT", 1, 1024, 1024), product("NT", 1, 384, 128),
            product("NN", 8, 1024, 1024), product("NT", 8, 1024, 1024), product("NN", 1024, 1024, 32),
            product("NN", 1024, 66, 1024), product("NN", 1024, 1, 1024), product("NN", 16, 16, 16),
            new Product("NT", 48, 64, 64, 32), new Product("NN", 48, 64, 32, 64));

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    Selection selection;

    /// A product; `form` says which operands are stored transposed: "NT" is `A B^T`. `count` products are one batch.
    private record Product(String form, long count, long m, long n, long k) implements Kernel {
        @Override
        public String name() {
            return form + " " + (count == 1 ? "" : count + "*") + m + "x" + n + "x" + k;
        }

        double flop() {
            return 2.0 * count * m * n * k;
        }

        private Tensor operand(char stored, long rows, long columns, Rng rng) {
            long[] shape = stored == 'T' ? new long[] {columns, rows} : new long[] {rows, columns};
            var matrix = Tensor.uniform(count == 1 ? Shape.of(shape) : Shape.of(count, shape[0], shape[1]), rng);
            return stored == 'T' ? matrix.transpose(-2, -1) : matrix;
        }

        @Override
        public Runnable work() {
            var a = operand(form.charAt(0), m, k, Rng.of(1));
            var b = operand(form.charAt(1), k, n, Rng.of(2));
            return () -> Scope.temporary(() -> a.matmul(b));
        }
    }

    private static Product product(String form, long m, long n, long k) {
        return new Product(form, 1, m, n, k);
    }

    static List<? extends Kernel> kernels() {
        return all();
    }

    private static List<Product> all() {
        var all = new ArrayList<Product>();
        for (var s : LARGE) {
            for (var form : List.of("NN", "NT", "TN", "TT")) {
                all.add(product(form, s[0], s[1], s[2]));
            }
        }
        all.addAll(TRAINING);
        all.addAll(THIN);
        return all;
    }

    @Override
    public Integer call() {
        var wanted = selection.of(all(), common);
        if (wanted.isEmpty()) {
            return 0;
        }
        var report = new Report(common);
        double peak = Roofline.fma(Settings.current().threads()).best();
        for (var product : wanted) {
            report.line("gemm", product.name(), product.time(), product.flop(), "GFLOP/s", peak);
        }
        report.end();
        return 0;
    }
}
