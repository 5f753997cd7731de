package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Printable;
import org.sfumato.models.trace.Trace;
import org.sfumato.models.trace.TraceDiff;
import org.sfumato.models.trace.TraceMeasures;
import org.sfumato.tensor.io.AtomicFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato trace`: what a sampler did, step by step.
@Command(name = "trace", description = "Show how a text was written: in numbers, again in the terminal, as a page.",
        footer = {"", "Example: sfumato generate --model DIR --trace a.trace; sfumato trace a.trace --html a.html"})
public final class TraceCommand implements Callable<Integer> {
    private static final double DELAY = .05;

    @Mixin
    Common common;

    @Parameters(paramLabel = "FILE", description = "What `sfumato generate --trace FILE` wrote.")
    Path file;

    @Option(names = "--html", paramLabel = "OUT", description = "Write a page with a slider over the steps.")
    Path html;

    @Option(names = "--replay", description = "Show the text being written once more.")
    boolean replay;

    @Option(names = "--delay", paramLabel = "S",
            description = "Seconds between the steps shown (default on a terminal: " + DELAY + ").")
    Double delay;

    @Option(names = "--diff", paramLabel = "OTHER", description = "Compare with another trace of the same canvas.")
    Path other;

    @Override
    public Integer call() throws IOException, InterruptedException {
        common.notNegative("--delay", delay == null ? 0 : delay);
        var trace = Trace.read(file);
        var diff = other == null ? null : TraceDiff.of(trace, Trace.read(other));
        if (html != null) {
            AtomicFile.write("page", html, trace.html());
        }
        if (replay) {
            replay(trace);
        }
        var fields = fields(TraceMeasures.of(trace));
        fields.put("text", trace.text(trace.ids(), Canvas.HIDDEN));
        fields.put("settings", trace.settings());
        if (diff != null) {
            fields.put("diff", fields(diff));
        }
        if (!common.json()) {
            if (diff == null) {
                print(trace, TraceMeasures.of(trace));
            } else {
                print(diff);
            }
        }
        common.result(fields);
        return ExitCode.OK;
    }

    private void replay(Trace trace) throws InterruptedException {
        try (var canvas = new Canvas(common.err(), (ids, gap) -> printable(trace.text(ids, gap)))) {
            double seconds = delay != null ? delay : canvas.isInPlace() ? DELAY : 0;
            for (var step : trace.steps()) {
                canvas.step(step);
                Thread.sleep((long) (seconds * 1000));
            }
        }
    }

    /// Lines without anything that a terminal obeys.
    private static String printable(String text) {
        return Arrays.stream(text.split("\n", -1)).map(Printable::of).collect(Collectors.joining("\n"));
    }

    private void print(Trace trace, TraceMeasures measures) {
        var out = common.out();
        trace.settings().forEach((name, value) -> out.printf("%-22s %s%n", Printable.of(name), Printable.of(value)));
        out.printf(Locale.ROOT, "%d steps wrote %d tokens at %d places, %d again; %d taken back%n", measures.steps(),
                measures.written(), measures.places(), measures.again(), measures.back());
        out.printf(Locale.ROOT, "mean probability %.3f, mean entropy %.3f nats%n", measures.confidence(),
                measures.entropy());
        out.println(printable(trace.text(trace.ids(), Canvas.HIDDEN)));
        if (html != null) {
            out.printf("page: %s%n", html);
        }
    }

    private void print(TraceDiff diff) {
        row("", file.getFileName(), other.getFileName());
        row("steps", diff.first().steps(), diff.second().steps());
        row("tokens written", diff.first().written(), diff.second().written());
        row("written again", diff.first().again(), diff.second().again());
        row("taken back", diff.first().back(), diff.second().back());
        row("mean probability", three(diff.first().confidence()), three(diff.second().confidence()));
        row("mean entropy", three(diff.first().entropy()), three(diff.second().entropy()));
        var out = common.out();
        out.printf("first step that differs: %s%n", said(diff.step()));
        out.printf("first place that differs: %s%n", said(diff.place()));
        out.printf(Locale.ROOT, "same tokens: %.1f %% of %d places%n", 100 * diff.agreement(), diff.first().places());
        out.printf(Locale.ROOT, "rank correlation of the order: %.3f%n", diff.order());
    }

    private void row(String name, Object first, Object second) {
        common.out().printf(Locale.ROOT, "%-18s %14s %14s%n", name, Printable.of(first.toString(), 14),
                Printable.of(second.toString(), 14));
    }

    private static String three(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static String said(OptionalInt number) {
        return number.isPresent() ? String.valueOf(number.getAsInt()) : "none";
    }

    private static Map<String, Object> fields(TraceMeasures measures) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("steps", measures.steps());
        fields.put("places", measures.places());
        fields.put("written", measures.written());
        fields.put("again", measures.again());
        fields.put("back", measures.back());
        fields.put("confidence", finite(measures.confidence()));
        fields.put("entropy", finite(measures.entropy()));
        return fields;
    }

    private static Map<String, Object> fields(TraceDiff diff) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("other", fields(diff.second()));
        fields.put("step", diff.step().isPresent() ? diff.step().getAsInt() : null);
        fields.put("place", diff.place().isPresent() ? diff.place().getAsInt() : null);
        fields.put("agreement", diff.agreement());
        fields.put("order", finite(diff.order()));
        return fields;
    }

    private static Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
