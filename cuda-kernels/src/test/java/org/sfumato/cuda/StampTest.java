package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.cuda.interpreter.InterpretedDriver;

/// The PTX that ships is what the script `ptx` made of the sources beside it: its first line holds the SHA-256 of all
/// headers, in the order of their names, and the source. So a stale one shows where there is no nvcc.
class StampTest {
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final Path RESOURCES = Path.of("src/main/resources/org/sfumato/cuda");

    private static List<Path> files(Path folder, String ending) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var all = Files.list(folder)) {
            return all.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        }
    }

    /// What the first line of the PTX must be.
    private static String stamp(List<byte[]> headers, byte[] source) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            headers.forEach(digest::update);
            return "// " + HexFormat.of().formatHex(digest.digest(source));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /// The sources whose PTX is missing or was made of something else.
    private static List<String> stale(Path sources, Path resources) throws IOException {
        var headers = new ArrayList<byte[]>();
        for (var header : files(sources, ".cuh")) {
            headers.add(Files.readAllBytes(header));
        }
        var found = new ArrayList<String>();
        for (var source : files(sources, ".cu")) {
            var name = source.getFileName().toString().replace(".cu", "");
            var ptx = resources.resolve(name + ".ptx");
            boolean fresh = Files.exists(ptx)
                    && Files.readAllLines(ptx).getFirst().equals(stamp(headers, Files.readAllBytes(source)));
            if (!fresh) {
                found.add(name);
            }
        }
        return found;
    }

    @Test
    void theShippedPtxIsThatOfTheSources() throws IOException {
        assertThat(stale(SOURCES, RESOURCES)).as("stale; run cuda-kernels/ptx where nvcc is installed").isEmpty();
        for (var ptx : files(RESOURCES, ".ptx")) {
            assertThat(SOURCES.resolve(ptx.getFileName().toString().replace(".ptx", ".cu"))).exists();
        }
    }

    @Test
    void aChangedSourceAndAChangedHeaderAreNoticed(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("a.cuh"), "header");
        Files.writeString(folder.resolve("b.cu"), "source");
        // printf 'headersource' | sha256sum
        Files.writeString(folder.resolve("b.ptx"),
                "// df2a5b879ac1bf4b3f0ae310969270b957c73ecb29f7d93fe8a8a5f9906d0c43\n.version 7.0\n");
        assertThat(stale(folder, folder)).isEmpty();
        Files.writeString(folder.resolve("b.cu"), "changed");
        assertThat(stale(folder, folder)).containsExactly("b");
        Files.writeString(folder.resolve("b.cu"), "source");
        Files.writeString(folder.resolve("a.cuh"), "changed");
        assertThat(stale(folder, folder)).containsExactly("b");
        Files.delete(folder.resolve("b.ptx"));
        assertThat(stale(folder, folder)).containsExactly("b");
    }

    /// Every kernel that ships is known to the interpreter, also those that no test runs.
    @Test
    void theInterpreterKnowsEveryShippedInstruction() throws IOException {
        var driver = InterpretedDriver.of(8, 0);
        for (var ptx : files(RESOURCES, ".ptx")) {
            driver.load(ptx.getFileName().toString(), Files.readString(ptx, StandardCharsets.UTF_8));
        }
    }
}
