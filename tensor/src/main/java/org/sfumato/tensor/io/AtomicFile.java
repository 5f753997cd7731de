package org.sfumato.tensor.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/// Writing a file so that, whatever happens, either the old one or the whole new one is there: a temporary file in
/// the same folder, forced to the disk, renamed over the target, the folder forced as well.
public final class AtomicFile {
    private static final int CHUNK = 1 << 26;

    /// What fills the file.
    @FunctionalInterface
    interface Body {
        void writeTo(WritableByteChannel channel) throws IOException;
    }

    private AtomicFile() { }

    /// Replaces `path` by `text` in UTF-8.
    ///
    /// @param format the name of the format, for the message
    /// @throws IOException if that fails, saying why; `path` is as before
    public static void write(String format, Path path, String text) throws IOException {
        write(format, path, text.getBytes(StandardCharsets.UTF_8));
    }

    /// Replaces `path` by `bytes`.
    ///
    /// @param format the name of the format, for the message
    /// @throws IOException if that fails, saying why; `path` is as before
    public static void write(String format, Path path, byte[] bytes) throws IOException {
        write(format, path, channel -> writeAll(channel, ByteBuffer.wrap(bytes)));
    }

    /// Replaces `path` by what `body` writes.
    ///
    /// @param format the name of the format, for the message
    /// @throws IOException if that fails, saying why; `path` is as before, and no temporary file is left
    static void write(String format, Path path, Body body) throws IOException {
        try {
            var target = Files.isSymbolicLink(path) ? path.toRealPath() : path.toAbsolutePath();
            if (Files.exists(target) && !Files.isRegularFile(target)) {
                throw new IOException("it exists and is no regular file");
            }
            replace(target, body);
        } catch (IOException e) {
            throw new IOException(format + ": cannot write " + path + ": " + reason(e), e);
        }
    }

    private static void replace(Path target, Body body) throws IOException {
        var temporary = target.resolveSibling("." + target.getFileName() + "." + ProcessHandle.current().pid() + "."
                + Long.toHexString(System.nanoTime()) + ".tmp");
        boolean done = false;
        var channel = FileChannel.open(temporary, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
        try {
            try (channel) {
                body.writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            done = true;
        } finally {
            if (!done) {
                Files.deleteIfExists(temporary);
            }
        }
        forceFolder(target.getParent());
    }

    /// Makes the new name itself last. Some systems cannot open a folder; there the file system answers for it.
    private static void forceFolder(Path folder) {
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            System.getLogger("org.sfumato.io").log(System.Logger.Level.DEBUG,
                    "cannot force folder {0}: {1}", folder, e);
        }
    }

    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such folder";
            case AccessDeniedException _ -> "permission denied";
            case NotDirectoryException _ -> "its folder is a file";
            case FileAlreadyExistsException _ -> "the temporary file exists";
            default -> e.getMessage();
        };
    }

    /// Writes all of `data`, of any size.
    static void writeAll(WritableByteChannel channel, MemorySegment data) throws IOException {
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            writeAll(channel, data.asSlice(at, Math.min(CHUNK, data.byteSize() - at)).asByteBuffer());
        }
    }

    /// Writes all that remains of `data`.
    static void writeAll(WritableByteChannel channel, ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            channel.write(data);
        }
    }
}
