package org.sfumato.tensor.io;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;

/// The index of tensors that are spread over several files of one folder, as the Hugging Face hub writes it:
/// `{"metadata": {"total_size": 123}, "weight_map": {"tensor": "file", ...}}`.
///
/// @param files the file of each tensor, a path inside the folder of the index
/// @param metadata what else it says, as texts
record ShardIndex(SequencedMap<String, String> files, Map<String, String> metadata) {
    static final String FORMAT = "index of shards";

    private static final String MAP = "weight_map";
    private static final String METADATA = "metadata";

    /// Reads and checks the index at `path`. That the files exist is not looked at.
    ///
    /// @throws FormatException at the first rule that is broken
    static ShardIndex read(Path path) throws IOException {
        long size = Files.size(path);
        if (size > SafetensorsHeader.LONGEST) {
            throw new FormatException(FORMAT, path, "it has " + size + " bytes, at most " + SafetensorsHeader.LONGEST);
        }
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(Files.readAllBytes(path)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(FORMAT, path, "it is not UTF-8", e);
        }
        try (var json = SafetensorsHeader.JSON.createParser(ObjectReadContext.empty(), text)) {
            return new Reader(json, path).index();
        } catch (JacksonException e) {
            throw new FormatException(FORMAT, path, "it cannot be read: " + e.getOriginalMessage(), e);
        }
    }

    /// Writes this index over `json`. A text of `metadata` that is a whole number is written as one.
    void write(java.io.Writer out) {
        try (var json = SafetensorsHeader.JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeObjectPropertyStart(METADATA);
            metadata.forEach((key, text) -> property(json, key, text));
            json.writeEndObject();
            json.writeObjectPropertyStart(MAP);
            files.forEach(json::writeStringProperty);
            json.writeEndObject();
            json.writeEndObject();
        }
    }

    private static void property(JsonGenerator json, String key, String text) {
        if (text.matches("[0-9]{1,18}")) {
            json.writeNumberProperty(key, Long.parseLong(text));
        } else {
            json.writeStringProperty(key, text);
        }
    }

    /// The grammar, over Jackson's tokens.
    private record Reader(JsonParser json, Path path) {
        ShardIndex index() throws FormatException {
            require(json.nextToken() == JsonToken.START_OBJECT, "it is not a JSON object");
            SequencedMap<String, String> files = null;
            Map<String, String> metadata = null;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                var field = json.currentName();
                json.nextToken();
                switch (field) {
                    case MAP -> {
                        require(files == null, MAP + " stands twice");
                        files = files();
                    }
                    case METADATA -> {
                        require(metadata == null, METADATA + " stands twice");
                        metadata = metadata();
                    }
                    default -> json.skipChildren();
                }
            }
            require(json.nextToken() == null, "text follows its JSON object");
            require(files != null, "it has no " + MAP);
            return new ShardIndex(files, metadata == null ? Map.of() : metadata);
        }

        private SequencedMap<String, String> files() throws FormatException {
            require(json.currentToken() == JsonToken.START_OBJECT, MAP + " is not an object");
            var files = new LinkedHashMap<String, String>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                var name = json.currentName();
                var quoted = SafetensorsHeader.quoted(name);
                require(json.nextToken() == JsonToken.VALUE_STRING, MAP + ": the file of " + quoted + " is not a text");
                var file = json.getString();
                require(isInside(file), MAP + ": " + quoted + " lies in " + SafetensorsHeader.quoted(file)
                        + ", which is no file inside the folder of the index");
                require(files.put(name, file) == null, MAP + ": " + quoted + " stands twice");
            }
            return files;
        }

        /// A relative path that stays inside, by its text: the hub's own cache has links to files elsewhere.
        private static boolean isInside(String file) {
            try {
                var inside = Path.of(file);
                boolean climbs = java.util.stream.StreamSupport.stream(inside.spliterator(), false)
                        .anyMatch(part -> part.toString().equals("..") || part.toString().equals("."));
                return !file.isEmpty() && !inside.isAbsolute() && !climbs && file.indexOf('\\') < 0;
            } catch (InvalidPathException e) {
                return false;
            }
        }

        private Map<String, String> metadata() throws FormatException {
            var metadata = new LinkedHashMap<String, String>();
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return metadata;
            }
            require(json.currentToken() == JsonToken.START_OBJECT, METADATA + " is not an object");
            while (json.nextToken() != JsonToken.END_OBJECT) {
                var key = json.currentName();
                if (json.nextToken().isScalarValue()) {
                    require(metadata.put(key, json.getString()) == null,
                            METADATA + ": " + SafetensorsHeader.quoted(key) + " stands twice");
                } else {
                    json.skipChildren();
                }
            }
            return metadata;
        }

        private void require(boolean fine, String what) throws FormatException {
            if (!fine) {
                throw new FormatException(FORMAT, path, what);
            }
        }
    }
}
