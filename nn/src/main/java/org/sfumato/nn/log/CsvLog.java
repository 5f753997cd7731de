package org.sfumato.nn.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.sfumato.tensor.io.FormatException;

/// A table of numbers, a row per logged step, in a CSV file (RFC 4180) whose first column is `step`. Each row is in the
/// file as soon as it is appended; a cell without a value is empty.
public final class CsvLog implements AutoCloseable {
    private static final String STEP = "step";
    private static final Pattern PLAIN = Pattern.compile("[^\",\\s]+");

    private final Path path;
    private final List<String> columns;
    private final FileChannel channel;

    private CsvLog(Path path, List<String> columns, FileChannel channel) {
        this.path = path;
        this.columns = columns;
        this.channel = channel;
    }

    /// Opens the file `path`, or makes it with its header. Rows after `lastStep` are dropped, and so is a row that was
    /// cut off: a run that goes on from `lastStep` writes them again.
    ///
    /// @param lastStep the last step whose row stays; -1 drops all
    /// @param columns the names after `step`, without commas, quotes and spaces
    /// @throws FormatException if the file has other columns
    /// @throws IOException if it cannot be read or written
    public static CsvLog open(Path path, long lastStep, String... columns) throws IOException {
        for (var column : columns) {
            if (!PLAIN.matcher(column).matches()) {
                throw new IllegalArgumentException("csv: column '" + column + "' holds a comma, quote or space");
            }
        }
        var names = new ArrayList<>(List.of(STEP));
        names.addAll(Arrays.asList(columns));
        var text = new StringBuilder(String.join(",", names)).append('\n');
        if (Files.exists(path) && Files.size(path) > 0) {
            for (var row : rows(path, names)) {
                if (step(row, path) <= lastStep) {
                    text.append(row).append('\n');
                }
            }
        }
        replace(path.toAbsolutePath(), text.toString());
        return new CsvLog(path, List.copyOf(names.subList(1, names.size())),
                FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
    }

    private static List<String> rows(Path path, List<String> names) throws IOException {
        var text = Files.readString(path);
        var lines = text.lines().toList();
        var header = String.join(",", names);
        if (!lines.getFirst().equals(header)) {
            throw new FormatException("csv", path, "its columns are " + lines.getFirst() + ", not " + header
                    + "\nhint: move the file away, or log in another folder");
        }
        boolean cutOff = !text.endsWith("\n");
        return lines.subList(1, Math.max(1, cutOff ? lines.size() - 1 : lines.size()));
    }

    private static long step(String row, Path path) throws FormatException {
        int comma = row.indexOf(',');
        try {
            return Long.parseLong(comma < 0 ? row : row.substring(0, comma));
        } catch (NumberFormatException e) {
            throw new FormatException("csv", path, "a row begins with no step: " + row);
        }
    }

    private static void replace(Path path, String text) throws IOException {
        var temporary = path.resolveSibling("." + path.getFileName() + ".new");
        Files.writeString(temporary, text);
        Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Appends a row. Values that are not finite are written as `NaN`, `Infinity` and `-Infinity`.
    ///
    /// @param values by column; columns without one stay empty
    /// @throws IllegalArgumentException if a column is unknown
    /// @throws UncheckedIOException if it cannot be written
    public synchronized void append(long step, Map<String, Double> values) {
        for (var name : values.keySet()) {
            if (!columns.contains(name)) {
                throw new IllegalArgumentException("csv: " + path + " has no column " + name + "\nhint: it has "
                        + String.join(", ", columns));
            }
        }
        var row = new StringBuilder(Long.toString(step));
        for (var column : columns) {
            row.append(',').append(values.containsKey(column) ? values.get(column).toString() : "");
        }
        var bytes = ByteBuffer.wrap(row.append('\n').toString().getBytes(StandardCharsets.UTF_8));
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("csv: cannot write " + path + ": " + e.getMessage(), e);
        }
    }

    /// The points of one column of the file `path`, cells without a value left out.
    ///
    /// @throws FormatException if there is no such column, or a cell is no number
    /// @throws IOException if the file cannot be read
    public static List<LossCurve.Point> column(Path path, String column) throws IOException {
        var header = Files.readString(path).lines().findFirst().orElse("");
        var names = List.of(header.split(",", -1));
        int at = names.indexOf(column);
        if (at < 1 || !names.getFirst().equals(STEP)) {
            throw new FormatException("csv", path, "it has no column " + column + "\nhint: it has " + header);
        }
        var points = new ArrayList<LossCurve.Point>();
        for (var row : rows(path, names)) {
            var cells = row.split(",", -1);
            try {
                if (!cells[at].isEmpty()) {
                    points.add(new LossCurve.Point(step(row, path), Double.parseDouble(cells[at])));
                }
            } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
                throw new FormatException("csv", path, "a row has no number under " + column + ": " + row);
            }
        }
        return points;
    }

    /// Closes the file.
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
