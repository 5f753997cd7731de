package org.sfumato.models.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/// Text in which documents are told apart by a separator.
///
/// One that is longer than [Document#PART] characters comes in parts. They are cut before a line break, else before a
/// space, that follows a letter or digit, where tokenizers cut too; so the tokens are those of the whole, but for
/// tokenizers that look further or that put something before each text, as SentencePiece's do. Then a part may begin
/// with a token that the whole has not.
///
/// @param separator what stands between documents: a line feed for one document a line, `<|endoftext|>` as in
///     TinyStories; empty if a file is one document. A line break beside a separator is not part of a document.
public record PlainText(String separator) implements DocumentFormat {
    private static final String LINE_FEED = "\n";

    /// Checks that there is one.
    public PlainText {
        Objects.requireNonNull(separator, "separator");
    }

    /// One document a line.
    public static PlainText lines() {
        return new PlainText(LINE_FEED);
    }

    /// One document a file.
    public static PlainText whole() {
        return new PlainText("");
    }

    @Override
    public DataReader<Document> open(Path file) throws IOException {
        return new Parts(Utf8Reader.open(file), file, separator, Document.PART);
    }

    /// The stretches between separators, cut where they become too long.
    static final class Parts implements DataReader<Document> {
        private static final int CHUNK = 1 << 16;

        private final Utf8Reader in;
        private final Path file;
        private final String separator;
        private final String unit;
        private final int longest;
        private final char[] chunk = new char[CHUNK];
        /// What was read and not yet given; `start` is where that begins, `scanned` how far there is no separator.
        private final StringBuilder pending = new StringBuilder();
        private int start;
        private int scanned;
        private boolean begins = true;
        private boolean ended;
        private long number;

        Parts(Utf8Reader in, Path file, String separator, int longest) {
            this.in = in;
            this.file = file;
            this.separator = separator;
            this.unit = separator.equals(LINE_FEED) ? "line" : "document";
            this.longest = longest;
        }

        @Override
        public Optional<Document> next() throws IOException {
            while (true) {
                int end = separator.isEmpty() ? -1 : pending.indexOf(separator, scanned);
                Optional<Document> found;
                if (end >= 0 && end - start <= longest) {
                    found = document(end, true);
                    start = end + separator.length();
                    scanned = start;
                } else if (pending.length() - start > longest) {
                    int cut = cut();
                    found = document(cut, false);
                    start = cut;
                } else if (ended) {
                    found = document(pending.length(), true);
                    start = pending.length();
                    if (found.isEmpty()) {
                        return found;
                    }
                } else {
                    fill();
                    continue;
                }
                if (found.isPresent()) {
                    return found;
                }
            }
        }

        private void fill() throws IOException {
            pending.delete(0, start);
            start = 0;
            scanned = Math.max(0, pending.length() - separator.length() + 1);
            int n = in.read(chunk, 0, CHUNK);
            if (n < 0) {
                ended = true;
            } else {
                pending.append(chunk, 0, n);
            }
        }

        private Optional<Document> document(int end, boolean complete) {
            number += begins ? 1 : 0;
            int from = start;
            int to = end;
            if (separator.equals(LINE_FEED)) {
                to -= complete && to > from && pending.charAt(to - 1) == '\r' ? 1 : 0;
            } else if (!separator.isEmpty()) {
                from += begins ? breakAt(from, end) : 0;
                to -= complete ? breakBefore(to, from) : 0;
            }
            var text = pending.substring(from, to);
            boolean first = begins;
            begins = complete;
            return first && complete && text.isBlank() ? Optional.empty()
                    : Optional.of(new Document(text, first, complete, file, unit, number));
        }

        private int breakAt(int from, int end) {
            if (from < end && pending.charAt(from) == '\n') {
                return 1;
            }
            return from + 1 < end && pending.charAt(from) == '\r' && pending.charAt(from + 1) == '\n' ? 2 : 0;
        }

        private int breakBefore(int to, int from) {
            if (to == from || pending.charAt(to - 1) != '\n') {
                return 0;
            }
            return to - 1 > from && pending.charAt(to - 2) == '\r' ? 2 : 1;
        }

        /// Where a part that is too long ends: as late as possible, in its second half. What may be the beginning of a
        /// separator stays.
        private int cut() {
            int latest = start + longest - separator.length();
            int space = -1;
            for (int i = latest; i > start + longest / 2; i--) {
                char c = pending.charAt(i);
                if ((c == '\n' || c == ' ' && space < 0) && Character.isLetterOrDigit(pending.charAt(i - 1))) {
                    if (c == '\n') {
                        return i;
                    }
                    space = i;
                }
            }
            if (space > 0) {
                return space;
            }
            return Character.isHighSurrogate(pending.charAt(latest - 1)) ? latest - 1 : latest;
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
