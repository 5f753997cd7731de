package org.sfumato.models.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.zip.CRC32C;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;

/// A file of token ids, mapped: a safetensors file, so that anything can read it, with two tensors and free texts.
///
/// - `documents`, `I64` (D): where documents begin, counted in tokens of this file, ascending. A document may go on in
///   the next file, which then begins before its first document.
/// - `tokens`, `U16` or `U32` (N): the ids, one document after another.
/// - `format` and `version`; `recipe`, the SHA-256 of what the file was made by; `crc32c`, of both tensors' bytes;
///   `file` and `part`, where reading goes on for the next file.
///
/// A format of our own would be no faster: the tensors lie aligned and are read in place.
///
/// Source: huggingface/safetensors, README.
final class TokenShard implements AutoCloseable {
    static final String FORMAT = "sfumato-tokens";
    static final String VERSION = "1";
    private static final int LARGEST_SHORT = 1 << 16;
    private static final int PIECE = 1 << 26;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Where reading goes on: after `part` parts of documents of file number `file`, both counted from 0.
    record Place(int file, long part) { }

    private final Safetensors file;
    private final Place next;
    private final boolean wide;
    private final MemorySegment tokens;
    private final MemorySegment documents;

    private TokenShard(Safetensors file, Place next) {
        this.file = file;
        this.next = next;
        this.wide = file.entry("tokens").dtype().equals("U32");
        this.tokens = file.segment("tokens");
        this.documents = file.segment("documents");
    }

    static String name(int number) {
        return "tokens-%05d.safetensors".formatted(number);
    }

    /// Opens the file and checks every byte of it.
    ///
    /// @throws FormatException if it is damaged, or was made by another recipe
    static TokenShard open(Path path, String recipe) throws IOException {
        var file = Safetensors.open(path);
        try {
            return new TokenShard(file, checked(file, path, recipe));
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static Place checked(Safetensors file, Path path, String recipe) throws FormatException {
        var texts = file.metadata();
        if (!FORMAT.equals(texts.get("format")) || !VERSION.equals(texts.get("version"))) {
            throw wrong(path, "format " + texts.get("format") + ", version " + texts.get("version") + ", is not "
                    + FORMAT + ", version " + VERSION);
        }
        if (!recipe.equals(texts.get("recipe"))) {
            throw wrong(path, "it was made by another tokenizer or from other files");
        }
        if (!file.names().containsAll(List.of("tokens", "documents"))
                || !file.entry("tokens").dtype().matches("U16|U32")
                || !file.entry("documents").dtype().equals("I64")) {
            throw wrong(path, "it holds no tokens");
        }
        var crc = crc(file.segment("documents"), file.segment("tokens"));
        if (!crc.equals(texts.get("crc32c"))) {
            throw wrong(path, "its bytes have changed, CRC-32C " + crc + " != " + texts.get("crc32c"));
        }
        try {
            return new Place(Integer.parseInt(texts.get("file")), Long.parseLong(texts.get("part")));
        } catch (NumberFormatException e) {
            throw new FormatException("tokens", path, "it does not say where reading goes on", e);
        }
    }

    private static FormatException wrong(Path path, String what) {
        return new FormatException("tokens", path, what + "\nhint: prepare the data again, into another folder");
    }

    /// Writes a file, atomically; returns its checksum.
    ///
    /// @param ids element type as [#wide] has it
    static String write(Path path, String recipe, boolean wide, MemorySegment documents, MemorySegment ids, Place next)
            throws IOException {
        var tensors = new LinkedHashMap<String, Safetensors.Raw>();
        tensors.put("documents", new Safetensors.Raw("I64", Shape.of(documents.byteSize() / Long.BYTES), documents));
        tensors.put("tokens", new Safetensors.Raw(wide ? "U32" : "U16", Shape.of(ids.byteSize() / bytes(wide)), ids));
        var crc = crc(documents, ids);
        var texts = new LinkedHashMap<String, String>();                  // in one order, so that bytes are the same
        texts.put("format", FORMAT);
        texts.put("version", VERSION);
        texts.put("recipe", recipe);
        texts.put("crc32c", crc);
        texts.put("file", Integer.toString(next.file));
        texts.put("part", Long.toString(next.part));
        Safetensors.writeRaw(path, tensors, texts);
        return crc;
    }

    /// True if ids below `vocabularySize` need 32 bits.
    static boolean wide(int vocabularySize) {
        return vocabularySize > LARGEST_SHORT;
    }

    static int bytes(boolean wide) {
        return wide ? Integer.BYTES : Short.BYTES;
    }

    static String crc(MemorySegment... parts) {
        var crc = new CRC32C();
        for (var part : parts) {
            for (long at = 0; at < part.byteSize(); at += PIECE) {
                crc.update(part.asSlice(at, Math.min(PIECE, part.byteSize() - at)).asByteBuffer());
            }
        }
        return "%08x".formatted(crc.getValue());
    }

    static void put(MemorySegment ids, boolean wide, long index, int id) {
        if (wide) {
            ids.set(INT, index * Integer.BYTES, id);
        } else {
            ids.set(SHORT, index * Short.BYTES, (short) id);
        }
    }

    static void putDocument(MemorySegment documents, long index, long start) {
        documents.set(LONG, index * Long.BYTES, start);
    }

    Place next() {
        return next;
    }

    String crc() {
        return file.metadata().get("crc32c");
    }

    boolean isWide() {
        return wide;
    }

    long size() {
        return tokens.byteSize() / bytes(wide);
    }

    long documents() {
        return documents.byteSize() / Long.BYTES;
    }

    long document(long index) {
        return documents.get(LONG, index * Long.BYTES);
    }

    void copy(long offset, long[] rows, int at, int length) {
        if (wide) {
            for (int i = 0; i < length; i++) {
                rows[at + i] = Integer.toUnsignedLong(tokens.get(INT, (offset + i) * Integer.BYTES));
            }
        } else {
            for (int i = 0; i < length; i++) {
                rows[at + i] = Short.toUnsignedLong(tokens.get(SHORT, (offset + i) * Short.BYTES));
            }
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
