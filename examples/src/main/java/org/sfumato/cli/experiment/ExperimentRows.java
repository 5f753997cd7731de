package org.sfumato.cli.experiment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.tensor.io.AtomicFile;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What an experiment has measured, a JSON object a line, each written down as soon as it is there: what a killed run
/// has measured is not measured again. A line that was cut off by the end of the process is dropped.
final class ExperimentRows {
    private static final String FORMAT = "experiment";

    private final Path folder;
    private final String name;
    private final List<JsonNode> rows = new ArrayList<>();

    /// Something that takes long.
    interface Measurement {
        Map<String, ?> take() throws IOException;
    }

    private ExperimentRows(Path folder, String name) {
        this.folder = folder;
        this.name = name;
    }

    /// The rows `NAME.jsonl` in `folder`, none at first.
    ///
    /// @param settings of which every row depends; they are kept beside the rows
    /// @throws IllegalArgumentException if there are rows of other settings
    static ExperimentRows open(Path folder, String name, Map<String, ?> settings) throws IOException {
        Files.createDirectories(folder);
        var described = folder.resolve(name + ".settings.json");
        var wanted = JsonMapper.shared().readTree(Common.toJson(settings));
        if (Files.exists(described) && !JsonMapper.shared().readTree(Files.readString(described)).equals(wanted)) {
            throw new IllegalArgumentException("there is an experiment with other settings in " + folder + ", see "
                    + described.getFileName() + "\nhint: the same options to go on with it, or another --out");
        }
        AtomicFile.write(FORMAT, described, wanted.toPrettyString() + "\n");
        var found = new ExperimentRows(folder, name);
        found.read();
        return found;
    }

    private Path file() {
        return folder.resolve(name + ".jsonl");
    }

    private void read() throws IOException {
        if (!Files.exists(file())) {
            return;
        }
        var text = Files.readString(file());
        int whole = text.lastIndexOf('\n') + 1;
        text.substring(0, whole).lines().map(JsonMapper.shared()::readTree).forEach(rows::add);
        if (whole < text.length()) {
            AtomicFile.write(FORMAT, file(), text.substring(0, whole));
        }
    }

    /// The row with all of `key`'s fields, which begin it.
    Optional<JsonNode> find(Map<String, ?> key) {
        var wanted = JsonMapper.shared().readTree(Common.toJson(key));
        return rows.stream().filter(row -> wanted.properties().stream()
                .allMatch(field -> field.getValue().equals(row.get(field.getKey())))).findFirst();
    }

    /// The row of `key`: as it was measured before, or else now.
    JsonNode row(Map<String, ?> key, Measurement measurement) throws IOException {
        var known = find(key);
        if (known.isPresent()) {
            return known.get();
        }
        var fields = new LinkedHashMap<String, Object>(key);
        fields.putAll(measurement.take());
        var line = Common.toJson(fields);
        try (var channel = FileChannel.open(file(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            var bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        rows.add(JsonMapper.shared().readTree(line));
        return rows.getLast();
    }

    /// All rows, in the order in which they were measured.
    List<JsonNode> all() {
        return List.copyOf(rows);
    }

    /// Writes all rows as `NAME.csv`, what they say together as `NAME.md`, and gives both to the user.
    void report(Common common, Markdown table) throws IOException {
        csv();
        AtomicFile.write(FORMAT, folder.resolve(name + ".md"), table.toString());
        if (!common.json()) {
            common.out().print(table);
        }
        common.result(Map.of("rows", all()));
    }

    /// The mean of `field`; NaN if a row has none, or there are no rows.
    static double mean(List<JsonNode> rows, String field) {
        return rows.stream().mapToDouble(row -> row.path(field).asDouble(Double.NaN)).average().orElse(Double.NaN);
    }

    /// The standard error of the mean.
    static double error(double[] values) {
        double mean = Arrays.stream(values).average().orElse(Double.NaN);
        double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
        return Math.sqrt(squares / (values.length - 1) / values.length);
    }

    /// Writes them as a table, `NAME.csv`.
    void csv() throws IOException {
        var columns = new LinkedHashSet<String>();
        rows.forEach(row -> columns.addAll(row.propertyNames()));
        var csv = new StringBuilder(String.join(",", columns)).append('\n');
        for (var row : rows) {
            csv.append(String.join(",", columns.stream().map(column -> cell(row.path(column))).toList())).append('\n');
        }
        AtomicFile.write(FORMAT, folder.resolve(name + ".csv"), csv.toString());
    }

    private static String cell(JsonNode value) {
        var text = value.isMissingNode() || value.isNull() ? ""
                : value.isString() ? value.asString() : value.toString();
        return text.matches("[^\",\n\r]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
