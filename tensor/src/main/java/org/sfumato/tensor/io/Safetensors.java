package org.sfumato.tensor.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// A safetensors file: named tensors and nothing that could be run.
///
/// ```java
/// try (var file = Safetensors.open(path)) {
///     var weight = file.tensor("embed.weight");          // copied; it outlives the file
/// }
/// Safetensors.write(path, Map.of("embed.weight", weight), Map.of("format", "pt"));
/// ```
///
/// The file is mapped, not read: opening costs its header only, and its size is limited by the address space. A file
/// that shrinks while it is open makes the JVM throw an [InternalError] where the missing bytes are read.
///
/// Every rule of the format is checked on opening: lengths, JSON without duplicate names, types, sizes without
/// overflow, and that the tensors cover the data without hole or overlap. Source: huggingface/safetensors, README and
/// `Metadata::validate`.
public final class Safetensors implements AutoCloseable {
    /// What the header says of a tensor.
    ///
    /// @param dtype the format's name of the type, as `F32`; types that [DType] lacks are listed, not loaded
    /// @param shape the sizes of the axes
    /// @param begin the first byte, counted from the start of the data
    /// @param end the byte after the last
    public record Entry(String dtype, Shape shape, long begin, long end) { }

    private final Path path;
    private final Arena arena;
    private final MemorySegment data;
    private final SafetensorsHeader header;

    private Safetensors(Path path, Arena arena, MemorySegment data) throws FormatException {
        this.path = path;
        this.arena = arena;
        this.data = data;
        this.header = SafetensorsHeader.read(data, path);
    }

    /// Maps the file at `path` and checks its header.
    ///
    /// @throws FormatException if the file breaks a rule of the format
    /// @throws IOException if it cannot be read
    public static Safetensors open(Path path) throws IOException {
        var arena = Arena.ofShared();
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new Safetensors(path, arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /// All tensors of the file at `path`, on the default device, in the order of their data.
    ///
    /// @throws FormatException if the file breaks a rule of the format or holds a type that [DType] lacks; then nothing
    ///     is loaded
    /// @throws IOException if it cannot be read
    public static Map<String, Tensor> read(Path path) throws IOException {
        try (var file = open(path)) {
            for (var name : file.names()) {
                file.checked(name);
            }
            var tensors = new LinkedHashMap<String, Tensor>();
            for (var name : file.names()) {
                tensors.put(name, file.tensor(name));
            }
            return tensors;
        }
    }

    /// The names of all tensors, in the order of their data.
    public List<String> names() {
        return List.copyOf(header.entries().keySet());
    }

    /// What the header says of tensor `name`.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    public Entry entry(String name) {
        var entry = header.entries().get(name);
        if (entry == null) {
            throw new IllegalArgumentException("safetensors: " + path + ": there is no tensor "
                    + SafetensorsHeader.quoted(name)
                    + "\nhint: it has " + header.entries().size() + " tensors, see names()");
        }
        return entry;
    }

    /// Shape and type of tensor `name`.
    ///
    /// @throws FormatException if its type is none of [DType]
    /// @throws IllegalArgumentException if there is no such tensor
    public Spec spec(String name) throws FormatException {
        var entry = entry(name);
        return new Spec(entry.shape, dtype(entry.dtype).orElseThrow(() -> new FormatException("safetensors", path,
                "tensor " + SafetensorsHeader.quoted(name) + " is " + entry.dtype
                + ", which has no counterpart here")));
    }

    /// The free texts of the header.
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(header.metadata());
    }

    /// The bytes of tensor `name` in the mapped file: row-major, little-endian, read-only, aligned to nothing, valid
    /// until the file is closed.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    public MemorySegment segment(String name) {
        var entry = entry(name);
        return data.asSlice(header.dataStart() + entry.begin, entry.end - entry.begin);
    }

    /// A copy of tensor `name` on the default device.
    ///
    /// @throws FormatException if its type is none of [DType], or a truth value is neither 0 nor 1
    /// @throws IllegalArgumentException if there is no such tensor
    /// @throws IllegalStateException if the file is closed
    public Tensor tensor(String name) throws FormatException {
        return tensor(name, Settings.current().device());
    }

    /// A copy of tensor `name` on `device`.
    ///
    /// @throws FormatException if its type is none of [DType], or a truth value is neither 0 nor 1
    /// @throws IllegalArgumentException if there is no such tensor
    /// @throws IllegalStateException if the file is closed
    public Tensor tensor(String name, Device device) throws FormatException {
        var spec = checked(name);
        return Tensor.of(segment(name), spec.shape(), spec.dtype(), device);
    }

    private Spec checked(String name) throws FormatException {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("safetensors: " + path + ": used after it was closed");
        }
        var spec = spec(name);
        long bad = spec.dtype() == DType.BOOL ? badTruth(segment(name)) : -1;
        if (bad >= 0) {
            throw new FormatException("safetensors", path, "tensor " + SafetensorsHeader.quoted(name) + ": element "
                    + bad + " is neither 0 nor 1");
        }
        return spec;
    }

    /// Where the first byte lies that is neither 0 nor 1; -1 if there is none. Kernels rely on truth values being 0
    /// or 1.
    static long badTruth(MemorySegment bytes) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            if ((bytes.get(ValueLayout.JAVA_BYTE, i) & ~1) != 0) {
                return i;
            }
        }
        return -1;
    }

    /// Unmaps the file. Tensors made from it stay, segments do not.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    /// Replaces the file at `path`, or makes it, with `tensors` and free texts. The order is that of the reference
    /// library, types by falling size and then names, so that every element lies aligned; the data begin at a
    /// multiple of 64 bytes. If anything fails, the old file is untouched.
    ///
    /// @throws IOException if that fails, saying why
    /// @throws IllegalArgumentException if a name or text is no Unicode text, or a name is `__metadata__`
    /// @throws IllegalStateException if a tensor was freed
    public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        for (var e : metadata.entrySet()) {
            requireText(e.getKey());
            requireText(e.getValue());
        }
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

    private static List<String> order(Map<String, Tensor> tensors) {
        var names = new ArrayList<>(tensors.keySet());
        for (var name : names) {
            requireText(name);
            if (name.equals(SafetensorsHeader.METADATA)) {
                throw new IllegalArgumentException("safetensors: a tensor cannot be called " + name);
            }
        }
        names.sort(Comparator.<String>comparingInt(name -> rank(tensors.get(name).dtype()))
                .thenComparing(name -> name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
        return names;
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

    private static Optional<DType> dtype(String label) {
        return Arrays.stream(DType.values()).filter(type -> label(type).equals(label)).findFirst();
    }
}
