package org.sfumato.cli.experiment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.cli.text.Frontier;
import org.sfumato.nn.log.CsvLog;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.io.AtomicFile;
import tools.jackson.databind.JsonNode;

/// The rows of a leaderboard as tables and pictures.
record Leaderboard(Path out, List<String> kinds, int seeds, ExperimentRows scores, ExperimentRows samples,
        ExperimentRows frontier) {
    static final String FILE = "leaderboard.md";

    void write() throws IOException {
        scores.csv();
        frontier.csv();
        AtomicFile.write("leaderboard", out.resolve(FILE), table() + "\n" + frontierTable() + "\n" + texts());
        AtomicFile.write("leaderboard", out.resolve("leaderboard.svg"), new LossCurve("Held-out text while training",
                "tokens seen (millions)", "nats per token", Scale.LINEAR, Scale.LINEAR).svg(curves()));
        if (!frontier.all().isEmpty()) {
            AtomicFile.write("leaderboard", out.resolve("frontier.svg"),
                    Frontier.picture("Quality and diversity of samples").svg(frontierCurves()));
        }
    }

    /// A Markdown table, the best first.
    String table() {
        var text = new StringBuilder("""
                | model | parameters | steps | tokens seen | held-out nats/token | s.e. of the estimate | seeds |
                |---|---|---|---|---|---|---|
                """);
        kinds.stream().sorted(Comparator.comparingDouble(this::mean)).map(this::line).forEach(text::append);
        return text.toString();
    }

    private String line(String kind) {
        var own = rows(kind).toList();
        double mean = mean(kind);
        double squares = own.stream().mapToDouble(row -> Math.pow(row.get("nats").asDouble() - mean, 2)).sum();
        double error = Math.sqrt(own.stream().mapToDouble(row -> Math.pow(number(row, "stderr"), 2)).sum())
                / own.size();                                           // NaN of one noisy version, which has none
        return String.format(Locale.ROOT, "| %s | %,d | %,.0f | %.1f M | %s%.4f%s | %s | %d |%n", kind,
                own.getFirst().get("parameters").asLong(), average(own, "steps"), average(own, "trainedTokens") / 1e6,
                error == 0 ? "" : "<= ", mean,
                own.size() < 2 ? "" : String.format(Locale.ROOT, " +- %.4f", Math.sqrt(squares / (own.size() - 1))),
                error == 0 ? "exact" : Double.isNaN(error) ? "-" : String.format(Locale.ROOT, "%.4f", error),
                own.size());
    }

    private double mean(String kind) {
        return average(rows(kind).toList(), "nats");
    }

    private static double average(List<JsonNode> rows, String field) {
        return rows.stream().mapToDouble(row -> row.get(field).asDouble()).average().orElseThrow();
    }

    private Stream<JsonNode> rows(String kind) {
        return scores.all().stream().filter(row -> row.get("kind").asString().equals(kind)
                && row.get("seed").asInt() <= seeds);
    }

    private String frontierTable() {
        var text = new StringBuilder("""
                | model | passes | temperature | nats under the judge | entropy | distinct-4 | repeated-4 | words | \
                copied-8 | s a sample |
                |---|---|---|---|---|---|---|---|---|---|
                """);
        for (var row : frontier.all()) {
            text.append(String.format(Locale.ROOT, "| %s | %.0f | %.2f | %.3f +- %.3f | %.3f | %.3f | %.3f | %.3f "
                    + "| %.3f | %.2f |%n", row.get("kind").asString(), number(row, "passes"),
                    number(row, "temperature"), number(row, "nats"), number(row, "stderr"),
                    number(row, "entropy"), number(row, "distinct"), number(row, "repetition"),
                    number(row, "words"), number(row, "copied"), number(row, "seconds")));
        }
        return text.toString();
    }

    private static double number(JsonNode row, String field) {
        return row.get(field).isNumber() ? row.get(field).asDouble() : Double.NaN;
    }

    private String texts() {
        var text = new StringBuilder();
        for (var row : samples.all()) {
            text.append(row.get("kind").asString()).append(":\n\n");
            row.get("text").asString().lines().forEach(line -> text.append("    ").append(line).append('\n'));
            text.append('\n');
        }
        return text.toString();
    }

    /// The held-out bound of the first seeds while they were trained.
    private List<LossCurve.Series> curves() throws IOException {
        var curves = new ArrayList<LossCurve.Series>();
        for (var kind : kinds) {
            var row = rows(kind).findFirst().orElseThrow();
            double tokens = row.get("trainedTokens").asDouble() / row.get("steps").asDouble() / 1e6;
            var points = CsvLog.column(Contest.folder(out, kind, row.get("seed").asLong()).resolve("log.csv"),
                    "validation").stream().map(point -> new LossCurve.Point(point.step() * tokens, point.value()));
            curves.add(new LossCurve.Series(kind, points.toList(), 0));
        }
        return curves;
    }

    /// Of the most steps.
    private List<LossCurve.Series> frontierCurves() {
        return kinds.stream().map(kind -> {
            var own = frontier.all().stream().filter(row -> row.get("kind").asString().equals(kind)).toList();
            int most = own.stream().mapToInt(row -> row.get("steps").asInt()).max().orElse(0);
            return new LossCurve.Series(kind, own.stream().filter(row -> row.get("steps").asInt() == most)
                    .map(row -> new LossCurve.Point(number(row, "entropy"), number(row, "nats")))
                    .sorted(Comparator.comparingDouble(LossCurve.Point::step)).toList(), 0);
        }).toList();
    }
}
