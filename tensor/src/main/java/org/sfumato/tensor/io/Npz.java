package org.sfumato.tensor.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;

/// NumPy's archive of named arrays, a zip file of npy files: `np.savez`, `np.savez_compressed`, `np.load`.
///
/// What is written depends on the arrays only: every entry bears the date 1980-01-01, as NumPy's do.
public final class Npz implements AutoCloseable {
    private static final String SUFFIX = ".npy";
    private static final int CHUNK = 1 << 16;
    /// DEFLATE cannot make more of a byte than this (258 bytes from 2 bits); entries that claim more are hostile.
    private static final long MOST_EXPANSION = 1032;
    private static final LocalDateTime NO_DATE = LocalDateTime.of(1980, 1, 1, 0, 0);

    private final Path path;
    private final ZipFile zip;
    private final SequencedMap<String, ZipEntry> entries = new LinkedHashMap<>();

    private Npz(Path path, ZipFile zip) throws FormatException {
        this.path = path;
        this.zip = zip;
        for (var entry : java.util.Collections.list(zip.entries())) {
            var file = entry.getName();
            if (!file.endsWith(SUFFIX)) {
                throw new FormatException("npz", path, "entry '" + file + "' is no npy file");
            }
            if (entries.put(file.substring(0, file.length() - SUFFIX.length()), entry) != null) {
                throw new FormatException("npz", path, "entry '" + file + "' stands twice");
            }
        }
    }

    /// Opens the archive at `path`; arrays are read when asked for.
    ///
    /// @throws FormatException if it is no zip file of npy files
    /// @throws IOException if it cannot be read
    public static Npz open(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new java.nio.file.NoSuchFileException(path.toString());
        }
        ZipFile zip;
        try {
            zip = new ZipFile(path.toFile());
        } catch (ZipException e) {
            throw new FormatException("npz", path, e.getMessage(), e);
        }
        try {
            return new Npz(path, zip);
        } catch (IOException | RuntimeException e) {
            zip.close();
            throw e;
        }
    }

    /// All arrays of the archive at `path`, on the default device, in the order of the archive.
    ///
    /// @throws FormatException if an array breaks a rule of the format or has a type that
    ///     [org.sfumato.tensor.DType] lacks
    /// @throws IOException if it cannot be read
    public static Map<String, Tensor> read(Path path) throws IOException {
        try (var file = open(path)) {
            var tensors = new LinkedHashMap<String, Tensor>();
            try {
                for (var name : file.names()) {
                    tensors.put(name, file.tensor(name));
                }
            } catch (IOException e) {
                tensors.values().forEach(Tensor::close);
                throw e;
            }
            return tensors;
        }
    }

    /// The names of the arrays, in the order of the archive.
    public List<String> names() {
        return List.copyOf(entries.keySet());
    }

    /// The array `name` on the default device.
    ///
    /// @throws FormatException if it breaks a rule of the format or has a type that [org.sfumato.tensor.DType] lacks
    /// @throws IOException if it cannot be read
    /// @throws IllegalArgumentException if there is none
    public Tensor tensor(String name) throws IOException {
        return tensor(name, Settings.current().device());
    }

    /// The array `name` on `device`.
    ///
    /// @throws FormatException if it breaks a rule of the format or has a type that [org.sfumato.tensor.DType] lacks
    /// @throws IOException if it cannot be read
    /// @throws IllegalArgumentException if there is none
    public Tensor tensor(String name, Device device) throws IOException {
        var entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("npz: " + path + ": there is no array '" + name
                    + "'\nhint: it has " + names());
        }
        try (var arena = Arena.ofConfined()) {
            return Npy.tensor(content(entry, arena), device);
        } catch (ZipException | java.io.EOFException | IllegalArgumentException e) {
            throw new FormatException("npz", path, "array '" + name + "': " + e.getMessage(), e);
        }
    }

    private MemorySegment content(ZipEntry entry, Arena arena) throws IOException {
        long size = entry.getSize();
        if (size < 0 || size / MOST_EXPANSION > entry.getCompressedSize()) {
            throw new ZipException("it claims " + size + " bytes, compressed to " + entry.getCompressedSize());
        }
        var content = arena.allocate(Math.max(1, size), 64).asSlice(0, size);
        var crc = new CRC32();                                              // ZipFile leaves this to its users
        var chunk = new byte[CHUNK];
        long at = 0;
        try (var in = zip.getInputStream(entry)) {
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                if (n > size - at) {
                    throw new ZipException("it is longer than the " + size + " bytes it claims");
                }
                MemorySegment.copy(MemorySegment.ofArray(chunk), 0, content, at, n);
                crc.update(chunk, 0, n);
                at += n;
            }
        }
        if (at != size || crc.getValue() != entry.getCrc()) {
            throw new ZipException(at != size
                    ? "it ends after " + at + " of " + size + " bytes" : "its checksum is wrong");
        }
        return content;
    }

    /// Closes the file. Tensors made from it stay.
    @Override
    public void close() throws IOException {
        zip.close();
    }

    /// Replaces the archive at `path`, or makes it, with `tensors`, as they are. If that fails, the old file is
    /// untouched.
    ///
    /// @throws IOException if that fails, saying why
    /// @throws IllegalArgumentException if a name is no Unicode text, or NumPy has no such array (see [Npy#write])
    /// @throws IllegalStateException if a tensor was freed
    public static void write(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, tensors, ZipEntry.STORED);
    }

    /// As [#write], compressed.
    ///
    /// @throws IOException if that fails, saying why
    /// @throws IllegalArgumentException if a name is no Unicode text, or NumPy has no such array (see [Npy#write])
    /// @throws IllegalStateException if a tensor was freed
    public static void writeCompressed(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, tensors, ZipEntry.DEFLATED);
    }

    private static void write(Path path, Map<String, Tensor> tensors, int method) throws IOException {
        var heads = new LinkedHashMap<String, ByteBuffer>();
        tensors.forEach((name, tensor) -> {
            if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
                throw new IllegalArgumentException("npz: a name holds half a surrogate pair");
            }
            heads.put(name, NpyHeader.write(tensor.operand().spec()));
        });
        AtomicFile.write("npz", path, channel -> {
            try (var zip = new ZipOutputStream(new BufferedOutputStream(stream(channel), CHUNK))) {
                for (var e : heads.entrySet()) {
                    try (var arena = Arena.ofConfined()) {
                        put(zip, e.getKey(), e.getValue().array(), tensors.get(e.getKey()).toSegment(arena), method);
                    }
                }
            }
        });
    }

    private static void put(ZipOutputStream zip, String name, byte[] head, MemorySegment data, int method)
            throws IOException {
        var entry = new ZipEntry(name + SUFFIX);
        entry.setTimeLocal(NO_DATE);
        entry.setMethod(method);
        if (method == ZipEntry.STORED) {
            var crc = new CRC32();
            forEachChunk(head, data, (bytes, n) -> crc.update(bytes, 0, n));
            entry.setSize(head.length + data.byteSize());
            entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        forEachChunk(head, data, (bytes, n) -> zip.write(bytes, 0, n));
        zip.closeEntry();
    }

    @FunctionalInterface
    private interface Sink {
        void take(byte[] bytes, int length) throws IOException;
    }

    private static void forEachChunk(byte[] head, MemorySegment data, Sink sink) throws IOException {
        sink.take(head, head.length);
        var chunk = new byte[CHUNK];
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            int n = (int) Math.min(CHUNK, data.byteSize() - at);
            MemorySegment.copy(data, at, MemorySegment.ofArray(chunk), 0, n);
            sink.take(chunk, n);
        }
    }

    /// The channel as a stream whose closing leaves the channel open: it is to be forced to the disk first.
    private static OutputStream stream(WritableByteChannel channel) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                AtomicFile.writeAll(channel, ByteBuffer.wrap(bytes, from, length));
            }
        };
    }
}
