package org.sfumato.tensor.io;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;

/// The file of llama.cpp, versions 2 and 3, little-endian: metadata of thirteen types, then names, shapes, types and
/// places of tensors, then their data.
///
/// Shapes are given as elsewhere here, the last axis running fastest; in the file it is the first. Tensors are loaded
/// as [Encoding] says, quantised ones as f32; all types are listed. Source: ggml-org/ggml, `docs/gguf.md`.
final class Gguf {
    private static final int MAGIC = 0x46554747;                            // "GGUF"
    private static final int MOST_AXES = 4;
    private static final int DEEPEST = 8;
    private static final String ALIGNMENT = "general.alignment";
    private static final int TEXT = 8;
    private static final int LIST = 9;
    private static final int U32 = 4;

    /// Least bytes of a value of each type: u8, i8, u16, i16, u32, i32, f32, bool, text, list, u64, i64, f64.
    private static final int[] LEAST = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};

    private final FileBytes file;
    private final Cursor in;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    private long alignment = 32;

    private Gguf(FileBytes file, Cursor in) {
        this.file = file;
        this.in = in;
    }

    /// Opens the file at `path`.
    ///
    /// @throws FormatException at the first rule of the format that is broken
    static TensorFile open(Path path) throws IOException {
        var file = FileBytes.open("gguf", path);
        try (var arena = Arena.ofConfined()) {              // unmapped at once: what was looked at would stay resident
            var gguf = new Gguf(file, new Cursor(file, file.map(0, file.size(), arena)));
            gguf.read();
            return new ListedTensors(file, gguf.tensors, gguf.metadata);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private void read() throws IOException {
        if (in.i32("the magic number") != MAGIC) {
            throw file.wrong("it does not begin with GGUF");
        }
        int version = in.i32("the version");
        if (version != 2 && version != 3) {
            throw file.wrong("version " + Integer.toUnsignedString(version) + (version << 16 == 0 && version != 0
                    ? ": it is big-endian" : "") + ", versions 2 and 3 are read"
                    + "\nhint: convert the model again with a current llama.cpp");
        }
        long tensorCount = in.i64("the number of tensors");
        long pairs = in.i64("the number of metadata");
        int pairCount = in.count(pairs, 8 + 4 + 1, "metadata");
        in.count(tensorCount, 8 + 4 + 4 + 8, "tensors");
        for (int i = 0; i < pairCount; i++) {
            pair();
        }
        int count = in.count(tensorCount, 8 + 4 + 4 + 8, "tensors");
        for (int i = 0; i < count; i++) {
            tensor();
        }
        place();
    }

    private void pair() throws FormatException {
        var key = text("a key");
        var quoted = SafetensorsHeader.quoted(key);
        int type = type(quoted);
        if (key.equals(ALIGNMENT)) {
            if (type != U32) {
                throw file.wrong(quoted + " is no u32");
            }
            alignment = in.u32(quoted);
            if (Long.bitCount(alignment) != 1) {
                throw file.wrong(quoted + " is " + alignment + ", which is no power of two");
            }
            put(key, Long.toString(alignment));
        } else if (type == LIST) {
            var text = new StringWriter();
            try (var json = SafetensorsHeader.JSON.createGenerator(ObjectWriteContext.empty(), text)) {
                list(quoted, json, 1);
            }
            put(key, text.toString());
        } else {
            put(key, scalar(type, quoted).toString());
        }
    }

    private void put(String key, String value) throws FormatException {
        if (metadata.put(key, value) != null) {
            throw file.wrong("the key " + SafetensorsHeader.quoted(key) + " stands twice");
        }
    }

    private String text(String what) throws FormatException {
        return in.text(in.i64(what), what);
    }

    private int type(String what) throws FormatException {
        long type = in.u32(what);
        if (type >= LEAST.length) {
            throw file.wrong(what + " has the unknown type " + type);
        }
        return (int) type;
    }

    private Object scalar(int type, String what) throws FormatException {
        return switch (type) {
            case 0 -> (long) in.u8(what);
            case 1 -> (long) (byte) in.u8(what);
            case 2 -> (long) in.u16(what);
            case 3 -> (long) (short) in.u16(what);
            case U32 -> in.u32(what);
            case 5 -> (long) in.i32(what);
            case 6 -> Float.intBitsToFloat(in.i32(what));
            case 7 -> truth(what);
            case TEXT -> text(what);
            case 10 -> new java.math.BigInteger(Long.toUnsignedString(in.i64(what)));
            case 11 -> in.i64(what);
            case 12 -> Double.longBitsToDouble(in.i64(what));
            default -> throw file.wrong(what + " is a list where none can be");
        };
    }

    private boolean truth(String what) throws FormatException {
        int value = in.u8(what);
        if (value > 1) {
            throw file.wrong(what + " is " + value + ", which is no truth value");
        }
        return value == 1;
    }

    private void list(String what, JsonGenerator json, int depth) throws FormatException {
        if (depth > DEEPEST) {
            throw file.wrong(what + " has lists in lists, more than " + DEEPEST + " deep");
        }
        int type = type(what);
        int count = in.count(in.i64(what), LEAST[type], "values of " + what);
        json.writeStartArray();
        for (int i = 0; i < count; i++) {
            if (type == LIST) {
                list(what, json, depth + 1);
                continue;
            }
            switch (scalar(type, what)) {
                case Long number -> json.writeNumber(number);
                case Float number -> json.writeNumber(number);
                case Double number -> json.writeNumber(number);
                case java.math.BigInteger number -> json.writeNumber(number);
                case Boolean truth -> json.writeBoolean(truth);
                case Object text -> json.writeString(text.toString());
            }
        }
        json.writeEndArray();
    }

    /// One tensor; its place is counted from the start of the data, which is not known yet.
    private void tensor() throws FormatException {
        var name = text("the name of a tensor");
        var quoted = SafetensorsHeader.quoted(name);
        long axes = in.u32(quoted);
        if (axes > MOST_AXES) {
            throw file.wrong(quoted + " has " + axes + " axes, at most " + MOST_AXES);
        }
        var sizes = new long[(int) axes];
        for (int i = sizes.length - 1; i >= 0; i--) {
            sizes[i] = in.i64(quoted);
        }
        long number = in.u32(quoted);
        var type = GgmlType.of(number).orElseThrow(() -> file.wrong(quoted + " has the unknown type " + number));
        long offset = in.i64(quoted);
        long row = sizes.length == 0 ? 1 : sizes[sizes.length - 1];
        if (row % type.block() != 0) {
            throw file.wrong(quoted + ": rows of " + row + " elements are no whole blocks of " + type.block() + ", as "
                    + type + " needs");
        }
        try {
            var shape = Shape.of(sizes);
            long bytes = Math.multiplyExact(shape.count() / type.block(), (long) type.blockBytes());
            var stored = StoredTensor.dense(type.name(), Encoding.of(type.name()), shape, offset, bytes);
            if (tensors.put(name, stored) != null) {
                throw file.wrong("the tensor " + quoted + " stands twice");
            }
        } catch (ShapeException | ArithmeticException e) {
            throw file.wrong(quoted + ": " + IntStream.range(0, sizes.length).mapToObj(i -> "" + sizes[i]).toList()
                    + " is no shape: " + e.getMessage(), e);
        }
    }

    /// Counts the places from the start of the file, where they must lie one after another inside it.
    private void place() throws FormatException {
        long start = Math.ceilDiv(in.at(), alignment) * alignment;
        var sorted = tensors.entrySet().stream().sorted(Map.Entry.comparingByValue(
                Comparator.comparingLong(StoredTensor::at).thenComparingLong(StoredTensor::bytes))).toList();
        long end = 0;
        for (var e : sorted) {
            var stored = e.getValue();
            var quoted = SafetensorsHeader.quoted(e.getKey());
            if (stored.at() % alignment != 0) {
                throw file.wrong(quoted + " begins at " + stored.at() + ", no multiple of " + alignment);
            }
            if (stored.at() < end) {
                throw file.wrong(quoted + " begins at " + stored.at() + ", the tensor before it ends at " + end);
            }
            if (stored.at() > file.size() - start || stored.bytes() > file.size() - start - stored.at()) {
                throw file.wrong(quoted + " has " + stored.bytes() + " bytes at " + stored.at()
                        + ", the data have " + Math.max(0, file.size() - start));
            }
            end = stored.at() + stored.bytes();
        }
        tensors.replaceAll((_, t) -> StoredTensor.dense(t.label(), t.encoding(), t.shape(), start + t.at(),
                t.bytes()));
    }
}
