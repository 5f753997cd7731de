package org.sfumato.benchmarks;

import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.sfumato.benchmarks.Roofline.Rate;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Threads;
import org.sfumato.tensor.Settings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// `sfumato bench roofline`.
@Command(name = "roofline", description = "What the machine can do: fused multiply-adds and memory, by its own loops.")
final class RooflineCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Override
    public Integer call() {
        var report = new Report(common);
        for (int count : IntStream.of(1, Settings.current().threads()).distinct().toArray()) {
            line(report, "fma f32", count, Roofline.fma(count), "GFLOP/s");
            line(report, "read", count, Roofline.read(count), "GB/s");
            line(report, "write", count, Roofline.write(count), "GB/s");
            line(report, "copy", count, Roofline.copy(count), "GB/s");
            line(report, "triad", count, Roofline.triad(count), "GB/s");
        }
        report.end();
        return 0;
    }

    private static void line(Report report, String name, int threads, Rate rate, String unit) {
        report.line("roofline", name + " x" + threads,
                Report.format("median %.1f, best %.1f %s", rate.median() / 1e9, rate.best() / 1e9, unit));
    }
}
