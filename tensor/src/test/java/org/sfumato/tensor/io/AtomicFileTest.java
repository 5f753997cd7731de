package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    private Path folder;

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private Path old() throws IOException {
        return Files.writeString(folder.resolve("file"), "old");
    }

    private void onlyTheOldFileIsThere() throws IOException {
        assertThat(folder.resolve("file")).hasContent("old");
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void theNewFileReplacesTheOldOne() throws IOException {
        AtomicFile.write("test", old(), channel -> AtomicFile.writeAll(channel, bytes("new")));
        assertThat(folder.resolve("file")).hasContent("new");
        try (var files = Files.list(folder)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aRelativePathIsTakenFromTheWorkingDirectory() throws IOException {
        var relative = Path.of("").toAbsolutePath().relativize(folder.resolve("file").toAbsolutePath());
        AtomicFile.write("test", relative, channel -> AtomicFile.writeAll(channel, bytes("new")));
        assertThat(folder.resolve("file")).hasContent("new");
    }

    @Test
    void aLinkStaysALink() throws IOException {
        var link = Files.createSymbolicLink(folder.resolve("link"), old());
        AtomicFile.write("test", link, channel -> AtomicFile.writeAll(channel, bytes("new")));
        assertThat(link).isSymbolicLink();
        assertThat(folder.resolve("file")).hasContent("new");
    }

    @Test
    void anErrorHalfWayLeavesTheOldFile() throws IOException {
        var path = old();
        assertThatThrownBy(() -> AtomicFile.write("test", path, channel -> {
            AtomicFile.writeAll(channel, bytes("half"));
            throw new IOException("No space left on device");
        })).isInstanceOf(IOException.class).hasMessage("test: cannot write " + path + ": No space left on device");
        onlyTheOldFileIsThere();
        assertThatThrownBy(() -> AtomicFile.write("test", path, _ -> {
            throw new IllegalStateException("freed");
        })).isInstanceOf(IllegalStateException.class);
        onlyTheOldFileIsThere();
    }

    @Test
    void aFullDiskLeavesTheOldFile() throws IOException {
        var full = Path.of("/dev/full");
        Assumptions.assumeTrue(Files.isWritable(full), "skipped: no /dev/full here");
        var path = old();
        assertThatThrownBy(() -> AtomicFile.write("test", path, _ -> {
            try (var arena = Arena.ofConfined(); var channel = FileChannel.open(full, StandardOpenOption.WRITE)) {
                AtomicFile.writeAll(channel, arena.allocate(1 << 20));
            }
        })).isInstanceOf(IOException.class).hasMessageContaining("cannot write").hasMessageContaining("space");
        onlyTheOldFileIsThere();
    }

    @Test
    void aFolderThatCannotBeWrittenIsNamed() throws IOException {
        var path = old();
        var absent = folder.resolve("none").resolve("x");
        assertThatThrownBy(() -> AtomicFile.write("test", absent, _ -> { }))
                .isInstanceOf(IOException.class)
                .hasMessage("test: cannot write " + absent + ": there is no such folder");
        assertThatThrownBy(() -> AtomicFile.write("test", path.resolve("x"), _ -> { }))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("test: cannot write " + path.resolve("x") + ": ");
        assertThatThrownBy(() -> AtomicFile.write("test", folder, _ -> { }))
                .isInstanceOf(IOException.class).hasMessageContaining("no regular file");
        onlyTheOldFileIsThere();
    }

    @Test
    void aChannelThatTakesLittleAtATimeGetsAll() throws IOException {
        var taken = new java.io.ByteArrayOutputStream();
        try (var arena = Arena.ofConfined(); var slow = new java.nio.channels.WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) {
                taken.write(source.get());
                return 1;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() { }
        }) {
            AtomicFile.writeAll(slow, arena.allocateFrom("twenty-one bytes long"));
        }
        assertThat(taken.toString(java.nio.charset.StandardCharsets.UTF_8)).isEqualTo("twenty-one bytes long\0");
    }
}
