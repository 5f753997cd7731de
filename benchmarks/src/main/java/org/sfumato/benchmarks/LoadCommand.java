package org.sfumato.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.pretrained.Pretrained;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato bench load FOLDER`: a network of the Hugging Face hub as the first thing that a process loads, and what it
/// takes to write a few tokens with it, which brings in whatever the loading has left in the file.
@Command(name = "load", description = "Loading a folder, its first use, and the memory that both take.")
final class LoadCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Parameters(paramLabel = "FOLDER", description = "A folder with config.json and weights.")
    Path folder;

    @Option(names = "--tokens", defaultValue = "8", paramLabel = "N",
            description = "Tokens to write after the first (default ${DEFAULT-VALUE}).")
    int tokens;

    @Option(names = "--rounds", defaultValue = "3", paramLabel = "N",
            description = "How often to load; the first time counts most (default ${DEFAULT-VALUE}).")
    int rounds;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--tokens", tokens);
        common.atLeast(1, "--rounds", rounds);
        var report = new Report(common);
        report.line("load", "before", Report.format("%s resident", mib(resident())));
        for (int i = 1; i <= rounds; i++) {
            long start = System.nanoTime();
            long busy = Footprint.processorNanos();
            try (var scope = Scope.open("load")) {
                var network = scope.call(this::network);
                double loading = (System.nanoTime() - start) / 1e9;
                long work = Footprint.processorNanos() - busy;
                long loaded = resident();
                start = System.nanoTime();
                var times = new long[1 + tokens];
                int[] at = {0};
                scope.run(() -> new Decoder(network).generate(new int[] {1}, Decoding.greedy(1 + tokens), (_, _) -> 0,
                        (_, _) -> times[at[0]++] = System.nanoTime()));
                report.line("load", "time " + i, Report.format(
                        "%s, %s of processors, first token %s, last %s, "
                        + "%s resident when loaded, %s when used, peak %s, %s of files",
                        Report.time(loading), Report.time(work / 1e9), Report.time((times[0] - start) / 1e9),
                        Report.time((times[tokens] - times[tokens - 1]) / 1e9), mib(loaded), mib(resident()),
                        mib(Footprint.peakResident().orElse(0)), mib(bytes())));
            }
        }
        report.end();
        return 0;
    }

    private Transformer network() {
        try {
            return Pretrained.load(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long bytes() throws IOException {
        try (var files = Files.list(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }

    private static long resident() {
        return Footprint.resident().orElse(0);
    }

    private static String mib(long bytes) {
        return Report.format("%.1f MiB", bytes / 1048576.0);
    }
}
