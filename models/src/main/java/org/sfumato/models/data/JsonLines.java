package org.sfumato.models.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.sfumato.tensor.io.FormatException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// JSON Lines: an object on each line, with the text in one of its fields. `null` and blank texts are passed over, and
/// so are blank lines. Source: jsonlines.org.
///
/// @param field the name of the field; that of a field in an object of the object has a dot in between, as `meta.text`
public record JsonLines(String field) implements DocumentFormat {
    private static final int LONGEST = 1 << 28;
    private static final String HINT = "\nhint: each line must be a JSON object of its own";
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder().streamReadConstraints(
            StreamReadConstraints.builder().maxStringLength(LONGEST).build()).build()).build();

    /// An object of a file.
    ///
    /// @param value what stands on the line
    /// @param line which it is, counted from 1
    public record Line(ObjectNode value, long line) { }

    @Override
    public DataReader<Document> open(Path file) throws IOException {
        return new Texts(file, field, objects(file));
    }

    /// The objects of `file` themselves, such as chats.
    ///
    /// @throws IOException if it cannot be read
    public static DataReader<Line> objects(Path file) throws IOException {
        return new Objects(file, new PlainText.Parts(Utf8Reader.open(file), file, "\n", LONGEST));
    }

    private record Objects(Path file, PlainText.Parts lines) implements DataReader<Line> {
        @Override
        public Optional<Line> next() throws IOException {
            var line = lines.next();
            if (line.isEmpty()) {
                return Optional.empty();
            }
            long number = line.get().number();
            try {
                var value = MAPPER.readTree(line.get().text());
                if (value instanceof ObjectNode object) {
                    return Optional.of(new Line(object, number));
                }
                throw wrong(number, "is no object but " + value.getNodeType().toString().toLowerCase(Locale.ROOT)
                        + HINT, null);
            } catch (JacksonException e) {
                throw wrong(number, "is no JSON, " + e.getOriginalMessage().lines().findFirst().orElse("")
                        + HINT, e);
            }
        }

        private FormatException wrong(long line, String what, Exception cause) {
            return new FormatException("jsonl", file, "line " + line + " " + what, cause);
        }

        @Override
        public long position() {
            return lines.position();
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    private record Texts(Path file, String field, DataReader<Line> objects) implements DataReader<Document> {
        @Override
        public Optional<Document> next() throws IOException {
            for (var line = objects.next(); line.isPresent(); line = objects.next()) {
                var text = text(line.get());
                if (!text.isBlank()) {
                    return Optional.of(new Document(text, true, true, file, "line", line.get().line));
                }
            }
            return Optional.empty();
        }

        private String text(Line line) throws FormatException {
            var value = line.value.get(field);
            if (value == null) {
                JsonNode at = line.value;
                for (var name : field.split("\\.")) {
                    at = at.path(name);
                }
                value = at;
            }
            if (value.isNull()) {
                return "";
            }
            if (!value.isString()) {
                throw new FormatException("jsonl", file, "line " + line.line + ": field \"" + field + "\" "
                        + (value.isMissingNode() ? "is missing" : "is not text") + "\nhint: the fields are "
                        + String.join(", ", line.value.propertyNames()) + "; name the one with the text");
            }
            return value.stringValue();
        }

        @Override
        public long position() {
            return objects.position();
        }

        @Override
        public void close() throws IOException {
            objects.close();
        }
    }
}
