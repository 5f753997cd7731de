package org.sfumato.tensor.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// A safetensors file: named tensors and nothing that could be run.
///
/// ```java
/// try (var file = Safetensors.open(path)) {
///     var weight = file.tensor("embed.weight");          // read now; it outlives the file
/// }
/// Safetensors.write(path, Map.of("embed.weight", weight), Map.of("format", "pt"));
/// ```
///
/// Opening costs the header only. A tensor is read when it is asked for, into its own memory; [#segment] shows the
/// bytes of the mapped file instead.
///
/// Every rule of the format is checked on opening: lengths, JSON without duplicate names, types, sizes without
/// overflow, and that the tensors cover the data without hole or overlap. Source: huggingface/safetensors, README and
/// `Metadata::validate`.
public final class Safetensors implements TensorFile {
    /// What the header says of a tensor.
    ///
    /// @param dtype the format's name of the type, as `F32`; all of them are listed, not all can be loaded
    /// @param shape the sizes of the axes
    /// @param begin the first byte, counted from the start of the data
    /// @param end the byte after the last
    public record Entry(String dtype, Shape shape, long begin, long end) { }

    /// A tensor of any type of the format, as bytes.
    ///
    /// @param dtype the format's name of the type, as `U16`
    /// @param shape the sizes of the axes
    /// @param bytes the elements, row-major, little-endian
    public record Raw(String dtype, Shape shape, MemorySegment bytes) { }

    private final FileBytes file;
    private final SafetensorsHeader header;

    private Safetensors(FileBytes file) throws IOException {
        this.file = file;
        try (var arena = Arena.ofConfined()) {
            this.header = SafetensorsHeader.read(file.map(0, file.size(), arena), file.path());
        }
    }

    /// Opens the file at `path` and checks its header.
    ///
    /// @throws FormatException if the file breaks a rule of the format
    /// @throws IOException if it cannot be read
    public static Safetensors open(Path path) throws IOException {
        var file = FileBytes.open("safetensors", path);
        try {
            return new Safetensors(file);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /// All tensors of the file at `path`, on the default device, in the order of their data.
    ///
    /// @throws FormatException if the file breaks a rule of the format or holds a type that cannot be loaded; then
    ///     nothing stays loaded
    /// @throws IOException if it cannot be read
    public static Map<String, Tensor> read(Path path) throws IOException {
        try (var file = open(path)) {
            return file.tensors();
        }
    }

    @Override
    public List<String> names() {
        return List.copyOf(header.entries().keySet());
    }

    /// What the header says of tensor `name`.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    public Entry entry(String name) {
        var entry = header.entries().get(name);
        if (entry == null) {
            throw new IllegalArgumentException("safetensors: " + file.path() + ": there is no tensor "
                    + SafetensorsHeader.quoted(name)
                    + "\nhint: it has " + header.entries().size() + " tensors, see names()");
        }
        return entry;
    }

    private StoredTensor stored(String name) {
        var entry = entry(name);
        return StoredTensor.dense(entry.dtype, Encoding.of(entry.dtype), entry.shape,
                header.dataStart() + entry.begin, entry.end - entry.begin);
    }

    @Override
    public Shape shape(String name) {
        return entry(name).shape;
    }

    @Override
    public Spec spec(String name) throws FormatException {
        return stored(name).spec(file, name);
    }

    @Override
    public String storedAs(String name) {
        return entry(name).dtype;
    }

    @Override
    public long bytes(String name) {
        return stored(name).bytes();
    }

    /// The free texts of the header.
    @Override
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /// The bytes of tensor `name` in the mapped file: row-major, little-endian, read-only, aligned to nothing, valid
    /// until the file is closed. A file that shrinks meanwhile makes the JVM throw an [InternalError] where the missing
    /// bytes are read.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    public MemorySegment segment(String name) {
        var stored = stored(name);
        try {
            return file.slice(stored.at(), stored.bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Tensor tensor(String name, DType type, Device device) throws IOException {
        return stored(name).read(file, name, type, device);
    }

    @Override
    public Tensor mapped(List<String> names, DType type, Device device) throws IOException {
        var mapped = StoredTensor.mapped(names.stream().map(this::stored).toList(), file, names, type, device);
        return mapped.isPresent() ? mapped.get() : Stacked.read(this, names, type, device);
    }

    @Override
    public void read(String name, Tensor into) throws IOException {
        stored(name).read(file, name, into);
    }

    /// Closes the file. Tensors read from it stay, segments do not.
    @Override
    public void close() {
        file.close();
    }

    /// Replaces the file at `path`, or makes it, with `tensors` and free texts. The order is that of the reference
    /// library, types by falling size and then names, so that every element lies aligned; the data begin at a
    /// multiple of 64 bytes. If anything fails, the old file is untouched.
    ///
    /// @throws IOException if that fails, saying why
    /// @throws IllegalArgumentException if a name or text is no Unicode text, or a name is `__metadata__`
    /// @throws IllegalStateException if a tensor was freed
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        requireTexts(metadata);
        var entries = new LinkedHashMap<String, Entry>();
        long at = 0;
        for (var name : order(tensors)) {
            var spec = tensors.get(name).operand().spec();          // refuses freed memory before any work
            entries.put(name, new Entry(label(spec.dtype()), spec.shape(), at, Math.addExact(at, spec.bytes())));
            at += spec.bytes();
        }
        AtomicFile.write("safetensors", path, channel -> {
            AtomicFile.writeAll(channel, SafetensorsHeader.write(entries, metadata));
            for (var name : entries.keySet()) {
                try (var arena = Arena.ofConfined()) {
                    AtomicFile.writeAll(channel, tensors.get(name).toSegment(arena));
                }
            }
        });
    }

    /// Like [#write], with tensors of any type of the format, in the order in which they are given: larger elements
    /// first, so that all lie aligned.
    ///
    /// @throws IOException if that fails, saying why
    /// @throws IllegalArgumentException if a name or text is no Unicode text, or bytes do not fit their type and shape
    public static void writeRaw(Path path, SequencedMap<String, Raw> tensors, Map<String, String> metadata)
            throws IOException {
        requireTexts(metadata);
        var entries = new LinkedHashMap<String, Entry>();
        long at = 0;
        for (var e : tensors.entrySet()) {
            requireName(e.getKey());
            var raw = e.getValue();
            long bytes = raw.bytes.byteSize();
            if (bytes * Byte.SIZE != raw.shape.count() * SafetensorsHeader.bits(raw.dtype)) {
                throw new IllegalArgumentException("safetensors: " + e.getKey() + ": " + raw.dtype + " " + raw.shape
                        + " is not " + bytes + " bytes");
            }
            entries.put(e.getKey(), new Entry(raw.dtype, raw.shape, at, at + bytes));
            at += bytes;
        }
        AtomicFile.write("safetensors", path, channel -> {
            AtomicFile.writeAll(channel, SafetensorsHeader.write(entries, metadata));
            for (var raw : tensors.values()) {
                AtomicFile.writeAll(channel, raw.bytes);
            }
        });
    }

    /// Writes `tensors` into `folder` as the Hugging Face hub has them: one file `model.safetensors`, or several of at
    /// most `most` bytes of tensors each with `model.safetensors.index.json`. A tensor is never cut; one that is larger
    /// has a file of its own. `transformers` loads the folder if `metadata` has `format` = `pt`.
    ///
    /// @throws java.nio.file.FileAlreadyExistsException if a model lies there already
    /// @throws IOException if it cannot be written; then no index is left, and some of the files may be
    /// @throws IllegalArgumentException as [#write], or if `most` is less than 1
    public static void writeFolder(Path folder, Map<String, Tensor> tensors, Map<String, String> metadata, long most)
            throws IOException {
        Shards.write(folder, tensors, metadata, most);
    }

    private static List<String> order(Map<String, Tensor> tensors) {
        var names = new ArrayList<>(tensors.keySet());
        names.forEach(Safetensors::requireName);
        names.sort(Comparator.<String>comparingInt(name -> rank(tensors.get(name).dtype()))
                .thenComparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
        return names;
    }

    private static void requireName(String name) {
        requireText(name);
        if (name.equals(SafetensorsHeader.METADATA)) {
            throw new IllegalArgumentException("safetensors: a tensor cannot be called " + name);
        }
    }

    private static void requireTexts(Map<String, String> metadata) {
        metadata.forEach((key, value) -> {
            requireText(key);
            requireText(value);
        });
    }

    private static void requireText(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("safetensors: a name or text holds half a surrogate pair");
        }
    }

    /// The place of a type in a file, as in the reference library.
    private static int rank(DType type) {
        return switch (type) {
            case I64 -> 0;
            case F64 -> 1;
            case F32 -> 2;
            case I32 -> 3;
            case BF16 -> 4;
            case F16 -> 5;
            case BOOL -> 6;
        };
    }

    private static String label(DType type) {
        return switch (type) {
            case F32 -> "F32";
            case F64 -> "F64";
            case BF16 -> "BF16";
            case F16 -> "F16";
            case I64 -> "I64";
            case I32 -> "I32";
            case BOOL -> "BOOL";
        };
    }
}
