package org.sfumato.models.data;

import java.io.IOException;
import java.nio.file.Path;

/// A process that reads the property `file` as one text, and as JSON lines, and says how many characters they have.
final class CountCharacters {
    private CountCharacters() { }

    static void main() throws IOException {
        var file = Path.of(System.getProperty("file"));
        IO.println("whole " + characters(PlainText.whole(), file));
        IO.println("json " + characters(new JsonLines("text"), file));
    }

    private static long characters(DocumentFormat format, Path file) throws IOException {
        long sum = 0;
        try (var reader = format.open(file)) {
            for (var next = reader.next(); next.isPresent(); next = reader.next()) {
                sum += next.get().text().length();
            }
        }
        return sum;
    }
}
