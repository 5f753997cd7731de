package org.sfumato.models.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/// How the documents of a file are found in it. Files are read as a stream, UTF-8 throughout; texts may be compressed
/// by gzip or Zstandard. Blank documents are passed over.
public sealed interface DocumentFormat permits PlainText, JsonLines, Csv, Parquet {
    /// The field or column that holds the text where none is named, as in most data sets of the Hugging Face hub.
    String FIELD = "text";

    /// Begins to read `file`.
    ///
    /// @throws org.sfumato.tensor.io.FormatException if it is of another format
    /// @throws IOException if it cannot be read
    DataReader<Document> open(Path file) throws IOException;

    /// The format that the name of `file` tells: `.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv`, `.parquet`, and text for
    /// any other; `.gz` and `.zst` behind it are passed over.
    ///
    /// @param field the field or column of the text, where there are such
    /// @param separator what stands between documents of plain text, or nothing if a file is one document
    static DocumentFormat of(Path file, String field, String separator) {
        var name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|zst)$", "");
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "jsonl", "ndjson", "json" -> new JsonLines(field);
            case "csv" -> new Csv(field, ',');
            case "tsv" -> new Csv(field, '\t');
            case "parquet" -> new Parquet(field);
            default -> new PlainText(separator);
        };
    }
}
