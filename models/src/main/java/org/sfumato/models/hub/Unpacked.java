package org.sfumato.models.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipFile;

/// The one file in a zip archive that is wanted.
///
/// @param entry its name there
/// @param size its bytes
record Unpacked(String entry, long size, Checksum checksum) {
    private static final int CHUNK = 1 << 16;

    boolean is(Path file) throws IOException {
        return Files.size(file) == size && checksum.of(file).equals(checksum);
    }

    /// Writes the entry to `result` and removes the archive.
    void unpack(Path archive, Path result) throws IOException {
        try (var zip = new ZipFile(archive.toFile()); var part = PartFile.open(result)) {
            var found = zip.getEntry(entry);
            if (found == null) {
                throw new IOException("download: " + archive + " has no file " + entry);
            }
            part.restart(Optional.empty());
            try (var in = zip.getInputStream(found)) {
                for (byte[] chunk; (chunk = in.readNBytes(CHUNK)).length > 0;) {
                    part.append(List.of(ByteBuffer.wrap(chunk)));
                }
            }
            part.finish(Optional.of(checksum));
        }
        Files.delete(archive);
    }
}
