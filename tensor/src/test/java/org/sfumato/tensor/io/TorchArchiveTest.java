package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What PyTorch wrote (make_torch.py) is read as PyTorch reads it; what it would never write is refused. The pickles of
/// the rules are assembled by hand, the zip files around them by the JDK.
class TorchArchiveTest {
    private static final String FLOATS = "ctorch\nFloatStorage\n";
    private static final String REBUILD = "ctorch._utils\n_rebuild_tensor_v2\n";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5})
    void everyProtocolGivesWhatPyTorchSaved(int protocol) throws IOException {
        var path = Fixtures.file("torch_p" + protocol + ".pt");
        var expected = Fixtures.contents(Fixtures.file("torch_expected.safetensors"));
        assertThat(expected).hasSize(19);
        assertThat(Fixtures.contents(path)).isEqualTo(expected);
        try (var file = TensorFile.open(path)) {
            assertThat(file.metadata()).containsEntry("step", "1099511627776").containsEntry("small.2", "-70000")
                    .containsEntry("loss", "0.125").containsEntry("name", "café").containsEntry("done", "true")
                    .containsEntry("betas.1", "0.95").containsEntry("3", "three").containsEntry("small.1", "300")
                    .hasSize(10);
            assertThat(file.storedAs("model.types.bfloat16")).isEqualTo("bfloat16");
            assertThat(file.storedAs("model.types.uint8")).isEqualTo("uint8");
            assertThat(file.bytes("model.views.step")).isEqualTo(4 * (12 + 8 + 3));
        }
    }

    @Test
    void aLoneTensorIsCalledTensor() {
        assertThat(Fixtures.contents(Fixtures.file("torch_single.pt"))).containsOnlyKeys("tensor");
    }

    @Test
    void whatCouldBeRunIsRefusedByName() {
        assertThatThrownBy(() -> TensorFile.open(Fixtures.file("torch_evil.pt"))).isInstanceOf(FormatException.class)
                .hasMessageContaining("it asks for 'posix.system', which is not allowed").hasMessageContaining("hint:");
        assertThatThrownBy(() -> TensorFile.open(Fixtures.file("torch_complex.pt")))
                .hasMessageContaining("it asks for 'torch.ComplexFloatStorage'");
        assertThatThrownBy(() -> TensorFile.open(Fixtures.file("torch_old.pt"))).isInstanceOf(FormatException.class)
                .hasMessageContaining("an old PyTorch file").hasMessageContaining("torch.save(torch.load(");
    }

    private Path archive(String pickle) throws IOException {
        var entries = new LinkedHashMap<String, byte[]>();
        entries.put("x/data.pkl", Fixtures.ascii(pickle));
        entries.put("x/data/0", new byte[16]);
        return Files.write(folder.resolve("case.pt"), Fixtures.zip(entries, ZipEntry.STORED));
    }

    private void refused(Path file, String why) {
        assertThatThrownBy(() -> TorchArchive.open(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining("case.pt").hasMessageContaining(why);
    }

    /// A tensor whose offset, sizes and strides are these instructions.
    private static String tensor(String key, int count, String places) {
        return REBUILD + "((X\7\0\0\0storage" + FLOATS + "X\1\0\0\0" + key + "X\3\0\0\0cpuK" + (char) count + "tQ"
                + places + "\u0089NtR";
    }

    @Test
    void viewsMustStayInTheirStorage() throws IOException {
        try (var file = TorchArchive.open(archive(tensor("0", 4, "K\1K\3\u0085K\1\u0085") + "."))) {
            assertThat(file.spec("tensor")).hasToString("f32 (3,)");
            assertThat(file.bytes("tensor")).isEqualTo(12);
        }
        refused(archive(tensor("0", 4, "K\2K\3\u0085K\1\u0085") + "."), "elements 2 to 4 are not in its storage of 4");
        refused(archive(tensor("0", 5, "K\0K\3\u0085K\1\u0085") + "."), "5 elements of float32 do not fit the 16");
        refused(archive(tensor("1", 4, "K\0K\3\u0085K\1\u0085") + "."), "there is no entry 'x/data/1'");
        refused(archive(tensor("0", 4, "J\u00ff\u00ff\u00ff\u00ffK\3\u0085K\1\u0085") + "."), "elements -1 to");
        refused(archive(tensor("0", 4, "K\0J\u00ff\u00ff\u00ff\u00ff\u0085K\1\u0085") + "."), "no whole number");
        refused(archive(tensor("0", 4, "K\0K\3\u0085K\1K\1\u0086") + "."), "1 sizes and 2 strides");
        var huge = "\u008a\10\0\0\0\0\0\0\0\100";                                       // 2^62
        refused(archive(tensor("0", 4, "K\0" + huge + huge + "\u0086K\1K\1\u0086") + "."), "its shape overflows");
        refused(archive(tensor("0", 4, "K\0K\2\u0085" + huge + "\u0085") + "."), "are not in its storage of 4");
        refused(archive(tensor("0", 4, "K\0J\0\0\0\1\u0085K\0\u0085") + "."), "more than 16 times the bytes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "cos\\nsystem\\n.                 | it asks for 'os.system'",
        "X\\2\\0\\0\\0osX\\6\\0\\0\\0system\\223. | it asks for 'os.system'",
        "ctorch\\nload\\n.                | it asks for 'torch.load'",
        "ccollections\\nOrderedDict\\nK\\1\\205R. | an OrderedDict with arguments",
        "ccollections\\nOrderedDict\\n.   | a Call where a tensor",
        "}]R.                             | a call of what is no function",
        "}K\\1b.                          | attributes of what is no dictionary",
        "(ios\\nsystem\\n.                | the instruction 0x69 is no part",
        "}\\201.                          | the instruction 0x81 is no part",
        "\\202\\1.                        | the instruction 0x82 is no part",
        "\\200\\6.                        | protocol 6, at most 5",
        "K\\1Q.                           | a persistent id that is no storage",
        ".                                | a value is taken from an empty stack",
        "K\\1(a.                          | a value is taken from an empty stack",
        "t.                               | there is no mark",
        "h\\1.                            | there is no memo 1",
        "K\\1K\\1a.                       | what is no list",
        "]K\\1K\\1s.                      | what is no dictionary",
        "}(K\\1u.                         | what is no dictionary",
        "}}K\\1s.                         | a key that is no text",
        "\\212\\11.                       | a number of 9 bytes",
        "X\\377\\377\\377\\377a.          | a text at byte 5 needs 4294967295 bytes",
        "X\\1\\0\\0\\0\\377.              | is not UTF-8",
        "ctorch                           | a name at byte",
        "}                                | an instruction at byte 1"})
    void aPickleOfAnythingElseIsRefused(String pickle, String why) throws IOException {
        refused(archive(pickle.strip().replace("\\n", "\n").translateEscapes()), why);
    }

    /// Lists that hold the one before 400 times: 64 million items in some thousand bytes; and one that holds itself.
    @Test
    void bombsAreRefused() throws IOException {
        refused(archive("](" + "N".repeat(400) + "eq\0](" + "h\0".repeat(400) + "eq\1](" + "h\1".repeat(400) + "e."),
                "its parts are shared more often");
        refused(archive("]q\0h\0a."), "more than 64 dictionaries and lists");
        refused(archive("]".repeat(100_000) + "a".repeat(99_999) + "."), "more than 64 dictionaries and lists");
        var key = "X\350\3\0\0" + "k".repeat(1000);
        var names = new StringBuilder("}" + key + "}(");
        for (int i = 0; i < 250; i++) {
            names.append('K').append((char) i).append("}(K\1NK\2NK\3NK\4NK\5NK\6Nu");
        }
        refused(archive(names + "us."), "the names of its parts are longer");
    }

    @Test
    void zipFilesOfOtherKindsAreRefused() throws IOException {
        var pickle = Map.of("x/data.pkl", Fixtures.ascii("}" + "N0".repeat(100) + "."));
        var file = folder.resolve("case.pt");
        refused(Files.write(file, Fixtures.zip(pickle, ZipEntry.DEFLATED)), "'x/data.pkl' is compressed");
        refused(Files.write(file, Fixtures.zip(Map.of("a.txt", new byte[1]), ZipEntry.STORED)), "without one data.pkl");
        refused(Files.write(file, Fixtures.zip(Map.of("a.npy", new byte[1]), ZipEntry.STORED)), "Npz.read");
        refused(Files.write(file, Fixtures.zip(Map.of("x/data.pkl", new byte[1], "x/constants.pkl", new byte[1]),
                ZipEntry.STORED)), "TorchScript");
        refused(Files.write(file, Fixtures.zip(Map.of("x/data.pkl", new byte[1], "x/byteorder", Fixtures.ascii("big")),
                ZipEntry.STORED)), "its byte order is not little");
        var whole = Files.readAllBytes(Fixtures.file("torch_p2.pt"));
        refused(Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 100)), "the download is incomplete");
    }

    /// 65,536 entries do not fit the old number of them.
    @Test
    void theListOfZip64IsRead() throws IOException {
        var entries = new LinkedHashMap<String, byte[]>();
        for (int i = 0; i < 65_536; i++) {
            entries.put("x/data/" + i, new byte[0]);
        }
        entries.put("x/data.pkl", Fixtures.ascii("}X\1\0\0\0aK\5s."));
        var zip = Files.write(folder.resolve("zip64"), Fixtures.zip(entries, ZipEntry.STORED));
        try (var file = TorchArchive.open(zip)) {
            assertThat(file.metadata()).containsExactly(Map.entry("a", "5"));
        }
    }
}
