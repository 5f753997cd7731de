package org.sfumato.models.data;

import dev.hardwood.InputFile;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.reader.ColumnReader;
import dev.hardwood.reader.ParquetFileReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.sfumato.tensor.io.FormatException;

/// A Parquet file with the text in one of its columns. Rows where it is null or blank are passed over. Pages may be
/// uncompressed or compressed by Snappy, gzip or Zstandard. Source: the Parquet format, by the reader Hardwood.
///
/// @param column the name of the column; one in a structure has a dot in between, as `meta.text`
public record Parquet(String column) implements DocumentFormat {
    private static final int ROWS = 256;

    @Override
    public DataReader<Document> open(Path file) throws IOException {
        long bytes = Files.size(file);
        ParquetFileReader reader;
        try {
            reader = ParquetFileReader.open(InputFile.of(file));
        } catch (RuntimeException | IOException e) {
            throw wrong(file, "is no Parquet file, " + firstLine(e), e);
        }
        try {
            requireText(reader, file);
            return new Rows(file, reader, reader.buildColumnReader(column).batchSize(ROWS).build(), bytes,
                    Math.max(1, reader.getFileMetaData().numRows()));
        } catch (RuntimeException e) {
            reader.close();
            throw wrong(file, "column \"" + column + "\" cannot be read, " + firstLine(e), e);
        } catch (IOException | Error e) {
            reader.close();
            throw e;
        }
    }

    private void requireText(ParquetFileReader reader, Path file) throws FormatException {
        var columns = reader.getFileSchema().getColumns();
        var found = columns.stream().filter(c -> c.fieldPath().toString().equals(column)).findFirst();
        var hint = "\nhint: the columns are " + String.join(", ", columns.stream()
                .map(c -> c.fieldPath().toString()).toList()) + "; name the one with the text";
        if (found.isEmpty()) {
            throw wrong(file, "has no column \"" + column + "\"" + hint, null);
        }
        if (found.get().type() != PhysicalType.BYTE_ARRAY || found.get().maxRepetitionLevel() > 0) {
            throw wrong(file, "column \"" + column + "\" holds no texts" + hint, null);
        }
    }

    private static FormatException wrong(Path file, String what, Exception cause) {
        return new FormatException("parquet", file, what, cause);
    }

    private static String firstLine(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage().lines().findFirst().orElse("");
    }

    private static final class Rows implements DataReader<Document> {
        private static final char REPLACEMENT = '\uFFFD';

        private final Path file;
        private final ParquetFileReader reader;
        private final ColumnReader column;
        private final long bytes;
        private final long rows;
        private String[] batch = {};
        private int at;
        private long row;

        Rows(Path file, ParquetFileReader reader, ColumnReader column, long bytes, long rows) {
            this.file = file;
            this.reader = reader;
            this.column = column;
            this.bytes = bytes;
            this.rows = rows;
        }

        @Override
        public Optional<Document> next() throws IOException {
            while (at < batch.length || read()) {
                var text = batch[at++];
                row++;
                if (text != null && text.indexOf(REPLACEMENT) >= 0) {
                    requireUtf8(column.getBinaries()[at - 1]);
                }
                if (text != null && !text.isBlank()) {
                    return Optional.of(new Document(text, true, true, file, "row", row));
                }
            }
            return Optional.empty();
        }

        /// Hardwood puts [#REPLACEMENT] where bytes are no text, which may also stand there by right.
        private void requireUtf8(byte[] bytes) throws FormatException {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            } catch (CharacterCodingException e) {
                throw wrong(file, "row " + row + " is not UTF-8", e);
            }
        }

        private boolean read() throws IOException {
            try {
                if (!column.nextBatch()) {
                    return false;
                }
                batch = column.getStrings();
                at = 0;
                return true;
            } catch (RuntimeException e) {
                throw wrong(file, "rows from " + (row + 1) + " on cannot be read, " + firstLine(e)
                        + "\nhint: it may be damaged or cut off; get it again", e);
            }
        }

        @Override
        public long position() {
            return (long) ((double) row / rows * bytes);
        }

        @Override
        public void close() throws IOException {
            column.close();
            reader.close();
        }
    }
}
