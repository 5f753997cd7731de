package org.sfumato.tensor.io;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.LongStream;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// The head of a safetensors file: eight bytes of length, little-endian, then a JSON object.
///
/// @param entries the tensors in the order of their data
/// @param metadata the texts under `__metadata__`
/// @param dataStart where in the file the data begin
record SafetensorsHeader(SequencedMap<String, Safetensors.Entry> entries, Map<String, String> metadata,
                         long dataStart) {
    /// The longest JSON that the format allows, in bytes.
    static final int LONGEST = 100_000_000;
    /// The key of the free texts.
    static final String METADATA = "__metadata__";

    private static final int ALIGNMENT = 64;
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Bits per element of every type of the format; some have no counterpart in [org.sfumato.tensor.DType].
    private static final Map<String, Integer> BITS = Map.ofEntries(
            Map.entry("BOOL", 8), Map.entry("F4", 4), Map.entry("F6_E2M3", 6), Map.entry("F6_E3M2", 6),
            Map.entry("U8", 8), Map.entry("I8", 8), Map.entry("F8_E5M2", 8), Map.entry("F8_E4M3", 8),
            Map.entry("F8_E8M0", 8), Map.entry("F8_E4M3FNUZ", 8), Map.entry("F8_E5M2FNUZ", 8), Map.entry("I16", 16),
            Map.entry("U16", 16), Map.entry("F16", 16), Map.entry("BF16", 16), Map.entry("I32", 32),
            Map.entry("U32", 32), Map.entry("F32", 32), Map.entry("C64", 64), Map.entry("F64", 64),
            Map.entry("I64", 64), Map.entry("U64", 64));

    /// JSON with names and texts of any length that the format allows.
    static final JsonFactory JSON = JsonFactory.builder().streamReadConstraints(StreamReadConstraints.builder()
            .maxNameLength(LONGEST).maxStringLength(LONGEST).build()).build();

    /// Reads and checks the head of `data`, all of `file`.
    ///
    /// @throws FormatException at the first rule of the format that is broken
    static SafetensorsHeader read(MemorySegment data, Path file) throws FormatException {
        long size = data.byteSize();
        if (size < Long.BYTES) {
            throw wrong(file, size + " bytes are too few for the length of the header, 8");
        }
        long length = data.get(LENGTH, 0);
        if (length < 0 || length > LONGEST) {
            throw wrong(file, "the header claims " + Long.toUnsignedString(length) + " bytes, at most " + LONGEST);
        }
        if (length > size - Long.BYTES) {
            throw wrong(file, "the header claims " + length + " bytes, the file has " + (size - Long.BYTES)
                    + " after its length");
        }
        var text = utf8(data.asSlice(Long.BYTES, length), file);
        var metadata = new LinkedHashMap<String, String>();
        var found = new LinkedHashMap<String, Safetensors.Entry>();
        try (var json = JSON.createParser(ObjectReadContext.empty(), text)) {
            new Reader(json, file).header(found, metadata);
        } catch (JacksonException e) {
            throw new FormatException("safetensors", file, "the header cannot be read: " + e.getOriginalMessage(), e);
        }
        var entries = inOrder(found);
        checkData(entries, size - Long.BYTES - length, file);
        return new SafetensorsHeader(entries, metadata, Long.BYTES + length);
    }

    private static String utf8(MemorySegment bytes, Path file) throws FormatException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.asByteBuffer()).toString();
        } catch (CharacterCodingException e) {
            throw new FormatException("safetensors", file, "the header is not UTF-8", e);
        }
    }

    private static SequencedMap<String, Safetensors.Entry> inOrder(Map<String, Safetensors.Entry> found) {
        var sorted = new LinkedHashMap<String, Safetensors.Entry>();
        found.entrySet().stream().sorted(Map.Entry.comparingByValue(
                        Comparator.comparingLong(Safetensors.Entry::begin).thenComparingLong(Safetensors.Entry::end)))
                .forEach(e -> sorted.put(e.getKey(), e.getValue()));
        return sorted;
    }

    /// The tensors must cover the data from first to last byte, each as long as its shape says, none upon another.
    private static void checkData(Map<String, Safetensors.Entry> entries, long available, Path file)
            throws FormatException {
        long at = 0;
        for (var e : entries.entrySet()) {
            var entry = e.getValue();
            var name = quoted(e.getKey());
            if (entry.begin() != at) {
                throw wrong(file, name + " begins at " + entry.begin() + ", the tensor before it ends at " + at);
            }
            if (entry.end() < entry.begin()) {
                throw wrong(file, name + " ends at " + entry.end() + " before it begins at " + entry.begin());
            }
            long bytes = bytes(entry, name, file);
            if (entry.end() - entry.begin() != bytes) {
                throw wrong(file, name + ": " + entry.dtype() + " " + entry.shape() + " needs " + bytes + " bytes, has "
                        + (entry.end() - entry.begin()));
            }
            at = entry.end();
        }
        if (at != available) {
            throw wrong(file, "the tensors end at byte " + at + " of the data, the file at byte " + available);
        }
    }

    private static long bytes(Safetensors.Entry entry, String name, Path file) throws FormatException {
        try {
            long bits = Math.multiplyExact(entry.shape().count(), (long) BITS.get(entry.dtype()));
            if (bits % Byte.SIZE != 0) {
                throw wrong(file, name + ": " + entry.dtype() + " " + entry.shape() + " does not end at a whole byte");
            }
            return bits / Byte.SIZE;
        } catch (ArithmeticException e) {
            throw new FormatException("safetensors", file, name + ": the size of " + entry.shape() + " overflows", e);
        }
    }

    /// Bits of an element of the type `dtype`. Throws [IllegalArgumentException] if the format has no such type.
    static int bits(String dtype) {
        var bits = BITS.get(dtype);
        if (bits == null) {
            throw new IllegalArgumentException("safetensors: the format has no type " + quoted(dtype));
        }
        return bits;
    }

    private static FormatException wrong(Path file, String what) {
        return new FormatException("safetensors", file, what);
    }

    /// `name` for a message, shortened: a hostile file may hold names of megabytes.
    static String quoted(String name) {
        return "'" + (name.length() > 200 ? name.substring(0, 200) + "..." : name) + "'";
    }

    /// The head of a file with these tensors, so padded with spaces that the data begin at a multiple of 64 bytes.
    ///
    /// @throws IOException if the JSON would be longer than the format allows
    static ByteBuffer write(Map<String, Safetensors.Entry> entries, Map<String, String> metadata) throws IOException {
        var text = new StringWriter();
        try (var json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectPropertyStart(METADATA);
                metadata.forEach(json::writeStringProperty);
                json.writeEndObject();
            }
            entries.forEach((name, entry) -> {
                json.writeObjectPropertyStart(name);
                json.writeStringProperty("dtype", entry.dtype());
                json.writeName("shape");
                json.writeArray(entry.shape().sizes(), 0, entry.shape().rank());
                json.writeName("data_offsets");
                json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
                json.writeEndObject();
            });
            json.writeEndObject();
        }
        var bytes = StandardCharsets.UTF_8.newEncoder().encode(java.nio.CharBuffer.wrap(text.getBuffer()));
        int whole = Math.ceilDiv(Long.BYTES + bytes.remaining(), ALIGNMENT) * ALIGNMENT;
        if (whole - Long.BYTES > LONGEST) {
            throw new IOException("the header needs " + (whole - Long.BYTES) + " bytes, at most " + LONGEST);
        }
        var head = ByteBuffer.allocate(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(whole - Long.BYTES).put(bytes);
        while (head.hasRemaining()) {
            head.put((byte) ' ');
        }
        return head.flip();
    }

    /// The grammar of the header, over Jackson's tokens.
    private record Reader(JsonParser json, Path file) {
        void header(Map<String, Safetensors.Entry> entries, Map<String, String> metadata) throws FormatException {
            require(json.nextToken() == JsonToken.START_OBJECT, "the header is not a JSON object");
            var seen = new HashMap<String, Boolean>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                var name = json.currentName();
                require(StandardCharsets.UTF_8.newEncoder().canEncode(name), "a name is no Unicode text");
                require(seen.put(name, true) == null, "the name " + quoted(name) + " stands twice");
                json.nextToken();
                if (name.equals(METADATA)) {
                    metadata(metadata);
                } else {
                    entries.put(name, entry(quoted(name)));
                }
            }
            require(json.nextToken() == null, "text follows the JSON object of the header");
        }

        private void metadata(Map<String, String> metadata) throws FormatException {
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            require(json.currentToken() == JsonToken.START_OBJECT, METADATA + " is not an object of texts");
            while (json.nextToken() != JsonToken.END_OBJECT) {
                var key = json.currentName();
                require(json.nextToken() == JsonToken.VALUE_STRING, METADATA + ": " + quoted(key) + " is not a text");
                require(metadata.put(key, json.getString()) == null, METADATA + ": " + quoted(key) + " stands twice");
            }
        }

        private Safetensors.Entry entry(String name) throws FormatException {
            require(json.currentToken() == JsonToken.START_OBJECT, name + " is not an object");
            String dtype = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                var field = json.currentName();
                json.nextToken();
                switch (field) {
                    case "dtype" -> {
                        require(dtype == null, name + ": dtype stands twice");
                        dtype = dtype(name);
                    }
                    case "shape" -> {
                        require(shape == null, name + ": shape stands twice");
                        shape = sizes(name + ": shape");
                    }
                    case "data_offsets" -> {
                        require(offsets == null, name + ": data_offsets stands twice");
                        offsets = sizes(name + ": data_offsets");
                    }
                    default -> json.skipChildren();
                }
            }
            require(dtype != null, name + " has no dtype");
            require(shape != null, name + " has no shape");
            require(offsets != null, name + " has no data_offsets");
            require(offsets.size() == 2, name + ": data_offsets are " + offsets.size() + " numbers, not 2");
            return new Safetensors.Entry(dtype, shape(name, shape), offsets.getFirst(), offsets.getLast());
        }

        private String dtype(String name) throws FormatException {
            require(json.currentToken() == JsonToken.VALUE_STRING, name + ": dtype is not a text");
            var dtype = json.getString();
            require(BITS.containsKey(dtype), name + ": unknown dtype " + quoted(dtype));
            return dtype;
        }

        private Shape shape(String name, List<Long> sizes) throws FormatException {
            try {
                return Shape.of(sizes.stream().flatMapToLong(LongStream::of).toArray());
            } catch (ShapeException e) {
                throw new FormatException("safetensors", file, name + ": " + e.getMessage(), e);
            }
        }

        private List<Long> sizes(String what) throws FormatException {
            require(json.currentToken() == JsonToken.START_ARRAY, what + " is not a list");
            var sizes = new ArrayList<Long>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                require(json.currentToken() == JsonToken.VALUE_NUMBER_INT && !json.getString().startsWith("-"),
                        what + " holds " + quoted(json.getString()) + ", not a whole number from 0 on");
                sizes.add(json.getLongValue());
            }
            return sizes;
        }

        private void require(boolean fine, String what) throws FormatException {
            if (!fine) {
                throw wrong(file, what);
            }
        }
    }
}
