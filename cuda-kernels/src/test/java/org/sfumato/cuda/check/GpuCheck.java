package org.sfumato.cuda.check;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Replay;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.OpConformance;
import org.sfumato.testing.OpSamples;

/// Checks a device and measures it; writes Markdown.
///
///     GpuCheck [DEVICE] [PEER.tsv | samples]
///
/// `PEER.tsv` is what `gpu_peer.py` has written: a name and microseconds a line. `samples` stops after the samples of
/// single operations, as compute-sanitizer needs.
public final class GpuCheck {
    private final Device device;
    private final int scale;
    private final PrintStream out;

    private GpuCheck(Device device, int scale, PrintStream out) {
        this.device = device;
        this.scale = scale;
        this.out = out;
    }

    /// See [GpuCheck]; the status is 1 if anything is wrong.
    public static void main(String[] args) throws IOException {
        var device = Device.of(args.length > 0 ? args[0] : "cuda");
        if (args.length > 1 && args[1].equals("samples")) {
            System.exit(new GpuCheck(device, 1, System.out).conformance() ? 0 : 1);
        }
        var peer = args.length > 1 ? read(Path.of(args[1])) : Map.<String, Double>of();
        System.exit(run(device, 1, peer, System.out) ? 0 : 1);
    }

    private static Map<String, Double> read(Path file) throws IOException {
        var times = new HashMap<String, Double>();
        for (var line : Files.readAllLines(file)) {
            var parts = line.split("\t");
            times.put(parts[0], parts.length > 1 && parts[1].matches("[0-9.e+-]+") ? Double.parseDouble(parts[1]) : 0);
        }
        return times;
    }

    /// All checks and measurements; true if everything is right.
    ///
    /// @param scale divides the sizes: 1 for a real device
    /// @param peer microseconds of the peer by the name of a workload
    static boolean run(Device device, int scale, Map<String, Double> peer, PrintStream out) {
        var check = new GpuCheck(device, scale, out);
        out.printf("## %s: %s%n%n", LocalDate.now(), Backends.of(device).describe());
        boolean right = check.conformance() & check.large();
        check.launches();
        check.speed(peer);
        out.printf("Memory at the end: %s.%n", Backends.of(device).describe().replaceAll(".*MiB: ", ""));
        return right;
    }

    private boolean conformance() {
        int samples = 0;
        var found = new ArrayList<String>();
        for (var op : OpSamples.exemplars()) {
            var all = OpSamples.of(op);
            for (int i = 0; i < all.size(); i += scale) {
                samples++;
                found.addAll(OpConformance.differences(all.get(i), List.of(device)));
            }
        }
        return report("Samples of single operations, against float64", samples, found);
    }

    private boolean large() {
        return report("Large shapes against the processor, and twice the same bits", 12,
                LargeShapes.differences(device, scale));
    }

    private boolean report(String what, int count, List<String> found) {
        out.printf("%s: %,d, of which %,d wrong.%n", what, count, found.size());
        found.stream().limit(40).forEach(line -> out.printf("- %s%n", line));
        out.println();
        return found.isEmpty();
    }

    /// What an operation costs the host, alone and in a graph.
    private void launches() {
        int calls = Math.max(1, 2000 / scale);
        Scope.temporary(() -> {
            var x = Tensor.full(Shape.of(256), 1, DType.F32, device);
            Runnable steps = () -> Scope.temporary(() -> {
                for (int i = 0; i < calls; i++) {
                    x.add(1);
                }
            });
            steps.run();
            Backends.of(device).synchronize();
            long start = System.nanoTime();
            steps.run();
            double host = (System.nanoTime() - start) / 1e3 / calls;
            Backends.of(device).synchronize();
            double eager = (System.nanoTime() - start) / 1e3 / calls;
            try (var replay = Replay.on(device, "additions")) {
                Supplier<Tensor[]> work = () -> {
                    steps.run();
                    return new Tensor[0];
                };
                for (int i = 0; i < 3; i++) {
                    replay.run(work);
                }
                Backends.of(device).synchronize();
                start = System.nanoTime();
                replay.run(work);
                double compared = (System.nanoTime() - start) / 1e3 / calls;
                Backends.of(device).synchronize();
                double replayed = (System.nanoTime() - start) / 1e3 / calls;
                out.printf(Locale.ROOT, "A small addition: %.2f us of the host's time, %.2f us in all; in a graph of "
                        + "%,d of them %.2f us of the host's time, %.2f us in all.%n%n", host, eager, calls, compared,
                        replayed);
            }
        });
    }

    private void speed(Map<String, Double> peer) {
        out.printf("| what | us | rate | PyTorch us | speed against it |%n|---|---|---|---|---|%n");
        Scope.temporary(() -> {
            for (var workload : Workloads.of(device, scale)) {
                double seconds = workload.seconds(device, scale == 1 ? .2 : 0);
                double other = peer.getOrDefault(workload.name(), 0.0);
                out.printf(Locale.ROOT, "| %s | %.1f | %s | %s | %s |%n", workload.name(), seconds * 1e6,
                        workload.rate(seconds), other == 0 ? "" : String.format(Locale.ROOT, "%.1f", other),
                        other == 0 ? "" : String.format(Locale.ROOT, "%.2f", other / seconds / 1e6));
            }
        });
        out.println();
    }
}
