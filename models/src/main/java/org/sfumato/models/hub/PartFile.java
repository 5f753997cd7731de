package org.sfumato.models.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/// What of a file has come: `NAME.part` beside where it will lie, with the server's tag of the content in
/// `NAME.part.etag`. It outlives the process, and one process at a time has it.
final class PartFile implements AutoCloseable {
    private final Path target;
    private final Path part;
    private final Path tag;
    private final FileChannel channel;

    private PartFile(Path target, Path part, Path tag, FileChannel channel) {
        this.target = target;
        this.part = part;
        this.tag = tag;
        this.channel = channel;
    }

    /// Goes on with what is there, or begins.
    static PartFile open(Path target) throws IOException {
        Files.createDirectories(target.toAbsolutePath().getParent());
        var part = target.resolveSibling(target.getFileName() + ".part");
        var channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() == null) {
                throw new OverlappingFileLockException();
            }
            channel.position(channel.size());
            return new PartFile(target, part, part.resolveSibling(part.getFileName() + ".etag"), channel);
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IOException("download: " + target + " is being loaded already\nhint: wait for the other one", e);
        }
    }

    Path path() {
        return part;
    }

    long size() {
        try {
            return channel.position();
        } catch (IOException e) {
            throw new IllegalStateException(e);                         // of an open channel
        }
    }

    /// The tag of the content that the part is of, if there is a part and the server gave one.
    Optional<String> tag() throws IOException {
        try {
            return size() > 0 ? Optional.of(Files.readString(tag)) : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /// Forgets what has come; what will come has this tag.
    void restart(Optional<String> newTag) throws IOException {
        channel.truncate(0);
        channel.position(0);
        Files.deleteIfExists(tag);
        if (newTag.isPresent()) {
            Files.writeString(tag, newTag.get());
        }
    }

    void append(List<ByteBuffer> pieces) throws IOException {
        try {
            for (var piece : pieces) {
                while (piece.hasRemaining()) {
                    channel.write(piece);
                }
            }
        } catch (IOException e) {
            throw new IOException("download: cannot write " + part + ": " + e.getMessage() + "; it keeps "
                    + channel.position() + " bytes\nhint: make room and run it again, it goes on from there", e);
        }
    }

    /// Gives the file its name if it has the checksum; else nothing is kept.
    ///
    /// @throws IOException if it does not, naming both digests
    void finish(Optional<Checksum> checksum) throws IOException {
        channel.force(true);
        if (checksum.isPresent()) {
            var found = checksum.get().of(part);
            if (!found.equals(checksum.get())) {
                restart(Optional.empty());
                Files.delete(part);
                throw new IOException("download: " + target.getFileName() + " came with the " + found + ", not "
                        + checksum.get().hex() + ": it is damaged or was changed\nhint: nothing of it is kept; run it "
                        + "again");
            }
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        Files.deleteIfExists(tag);
    }

    /// An empty part is not kept.
    @Override
    public void close() throws IOException {
        try (channel) {
            if (channel.isOpen() && channel.size() == 0) {
                Files.deleteIfExists(part);
                Files.deleteIfExists(tag);
            }
        }
    }
}
