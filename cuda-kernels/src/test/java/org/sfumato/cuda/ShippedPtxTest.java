package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is shipped was made from the sources that lie beside it: no CUDA is needed to see a stale file.
class ShippedPtxTest {
    private static final Path SOURCES = Path.of("src/main/cuda");
    private static final Path SHIPPED = Path.of("src/main/resources/org/sfumato/cuda");

    static List<String> names() throws IOException {
        return list(SOURCES, ".cu").stream().map(path -> path.getFileName().toString().replace(".cu", "")).toList();
    }

    private static List<Path> list(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(path -> path.toString().endsWith(ending)).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void theStampIsThatOfTheSource(String name) throws IOException, NoSuchAlgorithmException {
        var hash = MessageDigest.getInstance("SHA-256");
        for (var header : list(SOURCES, ".cuh")) {
            hash.update(Files.readAllBytes(header));
        }
        hash.update(Files.readAllBytes(SOURCES.resolve(name + ".cu")));
        var lines = Files.readAllLines(SHIPPED.resolve(name + ".ptx"));
        assertThat(lines.getFirst()).as("%s.ptx is older than its source; run cuda-kernels/ptx where nvcc is", name)
                .isEqualTo("// " + HexFormat.of().formatHex(hash.digest()));
        assertThat(lines).contains(".version 7.0", ".target sm_" + (name.endsWith("80") ? "80" : "75"));
    }

    @Test
    void nothingIsShippedWithoutASource() throws IOException {
        assertThat(list(SHIPPED, ".ptx")).extracting(path -> path.getFileName().toString().replace(".ptx", ""))
                .containsExactlyElementsOf(names());
    }
}
