package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.Scope;
import org.sfumato.testing.Fuzz;
import org.sfumato.testing.Mutations;

/// Damaged files, see [Fuzz]: nor may a tensor grow beyond a multiple of the file.
class TensorFileFuzzTest {
    /// Bytes on the heap for each byte of the file: a pickle can ask for a map with each byte.
    private static final long HEAP = 256;
    /// Bytes of a tensor for each byte of the file: a view may repeat it 16 times, and bytes are widened to i32.
    private static final long TENSOR = 64;

    @TempDir
    private Path folder;

    private static void fuzz(Fuzz.Damaged damaged) throws IOException {
        new Fuzz(HEAP).run(damaged, path -> readAll(path, Files.size(path)));
    }

    private static void readAll(Path path, long size) throws IOException {
        try (var file = TensorFile.open(path); var scope = Scope.open("fuzz")) {
            for (var name : file.names()) {
                read(file, name, scope, size);
            }
        }
    }

    private static void read(TensorFile file, String name, Scope scope, long size) throws IOException {
        assertThat(file.shape(name)).isNotNull();
        assertThat(file.storedAs(name)).isNotEmpty();
        try {
            var spec = file.spec(name);
            assertThat(spec.bytes()).as(name).isLessThanOrEqualTo(TENSOR * size);
            var tensor = scope.call(Fixtures.unchecked(() -> file.tensor(name)));
            assertThat(tensor.spec()).isEqualTo(spec);
            tensor.close();
        } catch (FormatException e) {
            assertThat(e.getMessage()).contains("no counterpart");
        } catch (UncheckedIOException e) {
            assertThat(e.getMessage()).contains("neither 0 nor 1");
        }
    }

    private void fuzzFile(String fixture) throws IOException {
        var bytes = Files.readAllBytes(Fixtures.file(fixture));
        fuzz(random -> Fuzz.fresh(folder.resolve("file"), Mutations.of(bytes, random)));
    }

    @Test
    void safetensors() throws IOException {
        fuzzFile("python.safetensors");
    }

    @Test
    void llama2() throws IOException {
        var bytes = Llama2BinTest.byHand().array();
        fuzz(random -> Fuzz.fresh(folder.resolve("file"), Mutations.of(bytes, random)));
    }

    @Test
    void gguf() throws IOException {
        fuzzFile("all.gguf");
    }

    @Test
    void archivesOfPyTorch() throws IOException {
        fuzzFile("torch_p2.pt");
    }

    @Test
    void picklesOfProtocolTwo() throws IOException {
        fuzzPickle("torch_p2.pt");
    }

    @Test
    void picklesOfProtocolFive() throws IOException {
        fuzzPickle("torch_p5.pt");
    }

    /// Damage to the pickle alone, within a zip file that is fine.
    private void fuzzPickle(String fixture) throws IOException {
        var entries = new LinkedHashMap<String, byte[]>();
        try (var zip = new ZipFile(Fixtures.file(fixture).toFile())) {
            for (var entry : Collections.list(zip.entries())) {
                entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
            }
        }
        var name = entries.firstEntry().getKey();
        var pickle = entries.firstEntry().getValue();
        assertThat(name).endsWith("data.pkl");
        fuzz(random -> {
            entries.put(name, Mutations.of(pickle, random));
            return Fuzz.fresh(folder.resolve("file"), Fixtures.zip(entries, ZipEntry.STORED));
        });
    }

    @Test
    void indexesOfShards() throws IOException {
        try (var files = Files.newDirectoryStream(Fixtures.file("sharded"))) {
            for (var file : files) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
        var index = folder.resolve("model.safetensors.index.json");
        var bytes = Files.readAllBytes(index);
        fuzz(random -> Fuzz.fresh(index, Mutations.of(bytes, random)));
    }
}
