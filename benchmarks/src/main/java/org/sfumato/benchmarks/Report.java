package org.sfumato.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sfumato.cli.shared.Common;

/// The lines that a command prints, all of one form: `sfumato VERSION jdk25 KIND NAME: figure, figure`.
final class Report {
    private final Common common;
    private final List<Map<String, String>> rows = new ArrayList<>();

    Report(Common common) {
        this.common = common;
    }

    /// Prints a line; with `--json` it is in the result, too.
    void line(String kind, String name, String figures) {
        var version = Report.class.getPackage().getImplementationVersion();
        common.out().println("sfumato " + (version == null ? "development" : version) + " jdk"
                + Runtime.version().feature() + " " + kind + " " + name + ": " + figures);
        common.out().flush();
        var row = new LinkedHashMap<String, String>();
        row.put("kind", kind);
        row.put("name", name);
        row.put("figures", figures);
        rows.add(row);
    }

    /// Prints a line of times, and speeds as shares of a ceiling.
    ///
    /// @param work flop or bytes of a call
    /// @param unit `GFLOP/s` or `GB/s`
    /// @param ceiling what the machine can do, a second
    void line(String kind, String name, Timing timing, double work, String unit, double ceiling) {
        double rate = work / timing.median();
        line(kind, name, format("median %s, best %s, %.1f %s, %.0f %% of peak", time(timing.median()),
                time(timing.best()), rate / 1e9, unit, 100 * rate / ceiling));
    }

    /// Milliseconds to four digits.
    static String time(double seconds) {
        return format("%s ms", seconds < .01 ? format("%.4f", seconds * 1e3) : format("%.2f", seconds * 1e3));
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    /// Ends the output.
    void end() {
        common.result(Map.of("rows", rows));
    }
}
