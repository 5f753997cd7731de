package org.sfumato.tensor.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.sfumato.tensor.cpu.Parallel;

/// The bytes of an open file of tensors, of any size: read at their place into memory of the caller, or mapped.
///
/// Tensors that need memory of their own are read, not copied out of a mapping: the pages of a mapping that were
/// touched count as resident memory beside the tensor, and a file that shrinks meanwhile is an exception here and an
/// [InternalError] there.
final class FileBytes implements AutoCloseable {
    private static final int PIECE = 1 << 22;

    private final String format;
    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final Identity identity;
    private Arena arena;
    private MemorySegment mapped;
    private FileChannel writable;

    private FileBytes(String format, Path path, FileChannel channel, Identity identity) throws IOException {
        this.format = format;
        this.path = path;
        this.channel = channel;
        this.size = channel.size();
        this.identity = identity;
    }

    /// What tells one file at a path from another that was put there later, or from itself after a write.
    private record Identity(Optional<Object> key, long size, FileTime modified) {
        static Identity of(Path path) throws IOException {
            var attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Identity(Optional.ofNullable(attributes.fileKey()), attributes.size(),
                    attributes.lastModifiedTime());
        }
    }

    /// Opens the file at `path` for reading.
    ///
    /// @param format the name of the format, for messages
    /// @throws IOException if there is no such file, or it is no regular one
    static FileBytes open(String format, Path path) throws IOException {
        var channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            if (!Files.isRegularFile(path)) {
                throw new IOException(format + ": " + path + ": is no regular file");
            }
            return new FileBytes(format, path, channel, Identity.of(path));
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    String format() {
        return format;
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    /// Fills `into`, native memory, from byte `at` on, by all threads if that is much: fresh memory costs more to touch
    /// than a cached file to copy.
    ///
    /// @throws FormatException if the file has become shorter since it was opened
    /// @throws IllegalStateException if the file is closed
    void read(long at, MemorySegment into) throws IOException {
        requireOpen();
        try {
            Parallel.grains(into.byteSize(), PIECE, (b0, b1) -> piece(at + b0, into.asSlice(b0, b1 - b0)));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void piece(long at, MemorySegment into) {
        var piece = into.asByteBuffer();
        try {
            while (piece.hasRemaining()) {
                if (channel.read(piece, at + piece.position()) < 0) {
                    throw wrong("it had " + size + " bytes when it was opened and has " + channel.size());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The bytes [at, at + length) of the mapped file: read-only, valid until the file is closed.
    ///
    /// @throws IllegalStateException if the file is closed
    synchronized MemorySegment slice(long at, long length) throws IOException {
        requireOpen();
        if (mapped == null) {
            arena = Arena.ofShared();                   // not before: to close it stops all threads for a moment
            mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
        }
        return mapped.asSlice(at, length);
    }

    /// The same bytes in a mapping of their own, which ends with `owner`.
    MemorySegment map(long at, long length, Arena owner) throws IOException {
        requireOpen();
        return channel.map(FileChannel.MapMode.READ_ONLY, at, length, owner);
    }

    /// The same bytes in a mapping that can be written without the file being written, which ends with `owner`. Empty
    /// if the file may not be opened for writing, which such a mapping needs, or if another file lies at its path by
    /// now, or it was written to: then only the open one has the bytes that were asked for.
    synchronized Optional<MemorySegment> mapPrivately(long at, long length, Arena owner) throws IOException {
        requireOpen();
        if (writable == null) {
            try {
                writable = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            } catch (IOException | SecurityException _) {
                return Optional.empty();
            }
        }
        return Identity.of(path).equals(identity)
                ? Optional.of(writable.map(FileChannel.MapMode.PRIVATE, at, length, owner)) : Optional.empty();
    }

    /// @throws IllegalStateException if the file is closed
    void requireOpen() {
        if (!channel.isOpen()) {
            throw new IllegalStateException(format + ": " + path + ": used after it was closed");
        }
    }

    FormatException wrong(String what) {
        return new FormatException(format, path, what);
    }

    FormatException wrong(String what, Throwable cause) {
        return new FormatException(format, path, what, cause);
    }

    /// Closes the file and ends its mapping. To close it again does nothing.
    @Override
    public synchronized void close() {
        try (channel; var _ = writable) {
            // both are closed
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            if (arena != null && arena.scope().isAlive()) {
                arena.close();
            }
        }
    }
}
