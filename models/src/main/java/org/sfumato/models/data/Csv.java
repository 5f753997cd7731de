package org.sfumato.models.data;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.sfumato.tensor.io.FormatException;

/// A table as comma-separated values, with the names of the columns in its first row and the text in one of them. Cells
/// in quotation marks may hold separators, line breaks, and quotation marks twice. Empty lines are passed over; a row
/// with more or fewer cells than the first is an error. Source: RFC 4180.
///
/// @param column the name of the column
/// @param delimiter what stands between cells: a comma, or a tab
public record Csv(String column, char delimiter) implements DocumentFormat {
    private static final int LONGEST = 1 << 28;

    @Override
    public DataReader<Document> open(Path file) throws IOException {
        var in = Utf8Reader.open(file);
        try {
            var rows = CsvReader.builder().fieldSeparator(delimiter).allowUnclosedQuote(false)
                    .maxBufferSize(LONGEST).ofCsvRecord(in).iterator();
            var header = next(rows, file).orElseThrow(() -> new FormatException("csv", file, "has no rows"));
            int index = header.getFields().indexOf(column);
            if (index < 0) {
                throw new FormatException("csv", file, "has no column \"" + column + "\"\nhint: the columns are "
                        + String.join(", ", header.getFields()) + "; name the one with the text");
            }
            return new Cells(file, in, rows, index);
        } catch (IOException | RuntimeException | Error e) {
            in.close();
            throw e;
        }
    }

    private static Optional<CsvRecord> next(CloseableIterator<CsvRecord> rows, Path file) throws IOException {
        try {
            return rows.hasNext() ? Optional.of(rows.next()) : Optional.empty();
        } catch (CsvParseException e) {
            var cause = e.getCause() == null ? "" : ": " + e.getCause().getMessage();
            throw new FormatException("csv", file, e.getMessage() + cause, e);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private record Cells(Path file, Utf8Reader in, CloseableIterator<CsvRecord> rows, int index)
            implements DataReader<Document> {
        @Override
        public Optional<Document> next() throws IOException {
            for (var row = Csv.next(rows, file); row.isPresent(); row = Csv.next(rows, file)) {
                var text = row.get().getField(index);
                if (!text.isBlank()) {
                    return Optional.of(new Document(text, true, true, file, "line", row.get().getStartingLineNumber()));
                }
            }
            return Optional.empty();
        }

        @Override
        public long position() {
            return in.position();
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
