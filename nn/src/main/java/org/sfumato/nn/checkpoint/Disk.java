package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HexFormat;
import java.util.Set;
import java.util.zip.CRC32C;

/// File operations that are on the disk when they return, so that their order survives a loss of power.
final class Disk {
    private static final int CHUNK = 1 << 20;

    private Disk() { }

    /// Makes the file `path` of `bytes`.
    static void write(Path path, byte[] bytes) throws IOException {
        var options = Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        try (var channel = FileChannel.open(path, options)) {
            var buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }

    /// Replaces the file `path`, or makes it: at any moment the old one or the whole new one is there.
    static void replace(Path path, byte[] bytes, Path temporary) throws IOException {
        Files.deleteIfExists(temporary);
        write(temporary, bytes);
        move(temporary, path);
    }

    /// Renames a file or folder within its parent in one step; an existing file at `to` is replaced.
    static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        force(to.getParent());
    }

    /// Makes the names inside `folder` last. Some systems cannot open a folder; there the file system answers for it.
    static void force(Path folder) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(folder, StandardOpenOption.READ);
        } catch (IOException e) {
            System.getLogger("org.sfumato.checkpoint").log(System.Logger.Level.DEBUG,
                    "cannot force folder {0}: {1}", folder, e);
            return;
        }
        try (channel) {
            channel.force(true);
        }
    }

    /// Deletes `path` and, if it is a folder, all inside. Links are deleted, not followed.
    static void deleteTree(Path path) throws IOException {
        Files.walkFileTree(path, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /// CRC-32C of the file `path`, eight hexadecimal digits. Source of the polynomial: RFC 3720, section 12.1.
    static String crc32c(Path path) throws IOException {
        var crc = new CRC32C();
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            var buffer = ByteBuffer.allocateDirect(Math.clamp(channel.size(), 1, CHUNK));
            while (channel.read(buffer.clear()) >= 0) {
                crc.update(buffer.flip());
            }
        }
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
