package org.sfumato.models.data;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// The files of a corpus, in order, each read by the format that its name tells.
///
/// @param files where they are
/// @param field the field or column of the text, see [DocumentFormat#of]
/// @param separator what stands between documents of plain text, or nothing if a file is one document
public record DocumentFiles(List<Path> files, String field, String separator) {
    private static final Pattern KNOWN = Pattern.compile(".+\\.(txt|text|jsonl|ndjson|json|csv|tsv|parquet)"
            + "(\\.gz|\\.zst)?");
    private static final Pattern GLOB = Pattern.compile("[*?\\[{]");

    /// Keeps a copy of the list.
    public DocumentFiles {
        files = List.copyOf(files);
    }

    /// The files that `places` name, place by place and each place's by name: files; folders, with all in them and
    /// below that ends in `.txt`, `.text`, `.jsonl`, `.ndjson`, `.json`, `.csv`, `.tsv` or `.parquet`, also with `.gz`
    /// or `.zst` behind, hidden ones left out; and patterns such as `data/train-*.parquet` or `data/**.txt`.
    ///
    /// @throws NoSuchFileException if a place names no file
    /// @throws IOException if a folder cannot be read
    public static DocumentFiles find(List<String> places, String field, String separator) throws IOException {
        var files = new ArrayList<Path>();
        for (var place : places) {
            var path = isGlob(place) ? null : Path.of(place);
            if (path != null && !Files.isDirectory(path)) {
                if (!Files.exists(path)) {
                    throw new NoSuchFileException(place);
                }
                files.add(path);
                continue;
            }
            var found = path == null ? matching(place) : below(path, file -> KNOWN.matcher(file.getFileName()
                    .toString().toLowerCase(Locale.ROOT)).matches());
            if (found.isEmpty()) {
                throw new NoSuchFileException(place, null, "nothing to read there");
            }
            files.addAll(found);
        }
        return new DocumentFiles(files, field, separator);
    }

    private static boolean isGlob(String place) {
        return GLOB.matcher(place).find() && !Files.exists(Path.of(place));
    }

    private static List<Path> matching(String glob) throws IOException {
        var fixed = glob.split(GLOB.pattern(), 2)[0];
        var folder = Path.of(fixed.substring(0, fixed.lastIndexOf('/') + 1));
        var matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
        return Files.isDirectory(folder) || folder.toString().isEmpty() ? below(folder, matcher::matches) : List.of();
    }

    private static List<Path> below(Path folder, Predicate<Path> wanted) throws IOException {
        try (var all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).filter(file -> !hidden(folder.relativize(file))).filter(wanted)
                    .sorted().toList();
        }
    }

    private static boolean hidden(Path relative) {
        for (var name : relative) {
            if (name.toString().startsWith(".")) {
                return true;
            }
        }
        return false;
    }

    /// Begins to read file number `index`, counted from 0.
    ///
    /// @throws IOException as [DocumentFormat#open]
    public DataReader<Document> open(int index) throws IOException {
        return DocumentFormat.of(files.get(index), field, separator).open(files.get(index));
    }

    /// Bytes of all files as they lie there.
    ///
    /// @throws IOException if one cannot be looked at
    public long bytes() throws IOException {
        long sum = 0;
        for (var file : files) {
            sum += Files.size(file);
        }
        return sum;
    }
}
