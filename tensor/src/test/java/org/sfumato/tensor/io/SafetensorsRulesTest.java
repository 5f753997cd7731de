package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.tensor.Shape;
import org.sfumato.testing.SharedData;

/// What is accepted and what is refused, before any tensor is made. The rules are those of the reference library's
/// own tests.
class SafetensorsRulesTest {
    private static final String A = "'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}";

    @TempDir
    private Path folder;

    /// A file with this header, `'` standing for `"`, and so many bytes of data.
    private Path file(String header, int dataBytes) throws IOException {
        var json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, dataBytes);
    }

    private Path file(long claimed, byte[] header, int dataBytes) throws IOException {
        var bytes = ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(claimed).put(header);
        return Files.write(folder.resolve("case.safetensors"), bytes.array());
    }

    private void refused(Path file, String why) {
        assertThatThrownBy(() -> Safetensors.open(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining("case.safetensors").hasMessageContaining(why);
    }

    @Test
    void theConformanceFilesAreAcceptedOrRefusedAsTheReferenceDoes() throws IOException {
        var cases = SharedData.require("fmt-safetensors");
        var lines = Files.readAllLines(cases.resolve("expected.tsv"));
        assertThat(lines).hasSize(38);
        for (var line : lines.subList(1, lines.size())) {
            var cells = line.split("\t");
            var file = cases.resolve(cells[0]);
            if (cells[1].equals("OK")) {
                assertThatCode(() -> Safetensors.open(file).close()).as(cells[0]).doesNotThrowAnyException();
            } else {
                assertThatThrownBy(() -> Safetensors.open(file)).as(line).isInstanceOf(FormatException.class)
                        .hasMessageContaining(cells[0]);
            }
        }
    }

    @Test
    void realFilesListTheirTensors() throws IOException {
        var cases = SharedData.require("fmt-safetensors");
        try (var file = Safetensors.open(cases.resolve("candle_mel_filters.safetensors"))) {
            assertThat(file.names()).containsExactly("mel_80");
            assertThat(file.spec("mel_80")).hasToString("f32 (80, 201)");
            assertThat(file.segment("mel_80").byteSize()).isEqualTo(80 * 201 * 4);
        }
        try (var file = Safetensors.open(cases.resolve("own_all_dtypes.safetensors"))) {
            assertThat(file.names()).hasSize(13);
            assertThat(file.entry("t_U64").dtype()).isEqualTo("U64");
            assertThatThrownBy(() -> file.spec("t_U64")).isInstanceOf(FormatException.class)
                    .hasMessageContaining("tensor 't_U64' is U64, which has no counterpart here");
            assertThatThrownBy(() -> file.tensor("t_U64")).isInstanceOf(FormatException.class);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}                   | 3 | the tensors end at byte 4",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}                   | 5 | the tensors end at byte 4",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}}                   | 4 | needs 8 bytes, has 4",
        "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}                  | 4 | holds '-1'",
        "{'a':{'dtype':'F32','shape':[-0],'data_offsets':[0,0]}}                  | 0 | holds '-0'",
        "{'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}}                 | 4 | holds '1.0'",
        "{'a':{'dtype':'F32','shape':[1e0],'data_offsets':[0,4]}}                 | 4 | holds '1e0'",
        "{'a':{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}}                 | 4 | holds '1'",
        "{'a':{'dtype':'F32','shape':[[1]],'data_offsets':[0,4]}}                 | 4 | not a whole number",
        "{'a':{'dtype':'F32','shape':1,'data_offsets':[0,4]}}                     | 4 | shape is not a list",
        "{'a':{'dtype':'F32','shape':[18446744073709551616],'data_offsets':[0,4]}}| 4 | out of range",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,4]}}| 4 | too many elements",
        "{'a':{'dtype':'F32','shape':[2305843009213693952],'data_offsets':[0,0]}} | 0 | overflows",
        "{'a':{'dtype':'F4','shape':[3],'data_offsets':[0,1]}}                    | 1 | whole byte",
        "{'a':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}}                   | 4 | unknown dtype 'f32'",
        "{'a':{'dtype':7,'shape':[1],'data_offsets':[0,4]}}                       | 4 | dtype is not a text",
        "{'a':{'shape':[1],'data_offsets':[0,4]}}                                 | 4 | 'a' has no dtype",
        "{'a':{'dtype':'F32','data_offsets':[0,4]}}                               | 4 | 'a' has no shape",
        "{'a':{'dtype':'F32','shape':[1]}}                                        | 4 | 'a' has no data_offsets",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0]}}                     | 4 | are 1 numbers",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4,8]}}                 | 4 | are 3 numbers",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}                   | 4 | begins at 4",
        "{'a':{'dtype':'F32','shape':[1],'shape':[1],'data_offsets':[0,4]}}       | 4 | shape stands twice",
        "{'a':null}                                                               | 0 | 'a' is not an object",
        "{'a':['F32',[1],[0,4]]}                                                  | 4 | 'a' is not an object",
        "[]                                                                       | 0 | not a JSON object",
        "{'a':                                                                    | 0 | cannot be read",
        "{}{}                                                                     | 0 | text follows",
        "{} x                                                                     | 0 | cannot be read",
        "{'__metadata__':{'k':1}}                                                 | 0 | 'k' is not a text",
        "{'__metadata__':{'k':'1','k':'2'}}                                       | 0 | 'k' stands twice",
        "{'__metadata__':[]}                                                      | 0 | not an object of texts",
        "{'\\ud800':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}             | 4 | no Unicode text"})
    void aBrokenRuleIsNamed(String header, int dataBytes, String why) throws IOException {
        refused(file(header.strip(), dataBytes), why);
    }

    @Test
    void tensorsMayNeitherOverlapNorLeaveAHole() throws IOException {
        refused(file("{" + A + ",'b':{'dtype':'F32','shape':[1],'data_offsets':[2,6]}}", 6), "'b' begins at 2");
        refused(file("{" + A + ",'b':{'dtype':'F32','shape':[1],'data_offsets':[8,12]}}", 12), "'b' begins at 8");
        refused(file("{" + A + ",'b':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}", 4), "begins at 0");
        refused(file("{" + A + ",'b':{'dtype':'F32','shape':[1],'data_offsets':[4,9223372036854775807]}}", 8),
                "needs 4 bytes");
    }

    @Test
    void aNameMayNotStandTwice() throws IOException {
        refused(file("{" + A + "," + A + "}", 4), "the name 'a' stands twice");
        refused(file("{" + A + ",'\\u0061':{'dtype':'F32','shape':[0],'data_offsets':[4,4]}}", 4),
                "the name 'a' stands twice");
        refused(file("{'__metadata__':{},'__metadata__':{}}", 0), "'__metadata__' stands twice");
    }

    @Test
    void theLengthOfTheHeaderIsChecked() throws IOException {
        refused(file(3, "{}".getBytes(StandardCharsets.UTF_8), 0), "claims 3 bytes, the file has 2");
        refused(file(100_000_001, new byte[2], 0), "claims 100000001 bytes, at most 100000000");
        refused(file(-1, new byte[2], 0), "claims 18446744073709551615 bytes");
        refused(file(0, new byte[0], 0), "not a JSON object");
        refused(Files.write(folder.resolve("case.safetensors"), new byte[7]), "7 bytes are too few");
        refused(Files.write(folder.resolve("case.safetensors"), new byte[0]), "0 bytes are too few");
    }

    @Test
    void theHeaderIsStrictUtf8() throws IOException {
        refused(file(2, new byte[] {(byte) 0xff, (byte) 0xfe}, 0), "not UTF-8");
        byte[] overlong = {'{', '"', (byte) 0xc0, (byte) 0xaf, '"', ':', '1', '}'};
        refused(file(overlong.length, overlong, 0), "not UTF-8");
        byte[] surrogate = {'{', '"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"', ':', '1', '}'};
        refused(file(surrogate.length, surrogate, 0), "not UTF-8");
        byte[] mark = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf, '{', '}'};
        refused(file(mark.length, mark, 0), "cannot be read");
    }

    @Test
    void deepNestingAndLongNamesDoNotHurt() throws IOException {
        refused(file("{'a':{'x':" + "[".repeat(100_000), 0), "cannot be read");
        refused(file("{'" + "n".repeat(200_000) + "':1}", 0), "...' is not an object");
        var longName = "{'" + "n".repeat(200_000) + "':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}";
        try (var file = Safetensors.open(file(longName, 4))) {
            assertThat(file.names().getFirst()).hasSize(200_000);
        }
    }

    @Test
    void whatIsAllowedIsRead() throws IOException {
        var header = "  {'b':{'data_offsets':[4,4],'shape':[0,9223372036854775807],'dtype':'F32','more':{'x':[1,{}]}},"
                + "'__metadata__':{'format':'pt','':''}," + A + "}  ";
        try (var file = Safetensors.open(file(header, 4))) {
            assertThat(file.names()).containsExactly("a", "b");
            assertThat(file.metadata()).isEqualTo(Map.of("format", "pt", "", ""));
            assertThat(file.entry("b")).isEqualTo(new Safetensors.Entry("F32", Shape.of(0, Long.MAX_VALUE), 4, 4));
            assertThat(file.segment("b").byteSize()).isZero();
            assertThat(file.segment("a").isReadOnly()).isTrue();
            assertThatThrownBy(() -> file.spec("c"))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no tensor 'c'");
        }
        Safetensors.open(file("{'__metadata__':null}", 0)).close();
    }

    @Test
    void aClosedFileIsRefusedAndClosingTwiceIsHarmless() throws IOException {
        var file = Safetensors.open(file("{" + A + "}", 4));
        var segment = file.segment("a");
        file.close();
        file.close();
        assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> file.tensor("a")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("after it was closed");
    }

    @Test
    void anAbsentFileIsSaidToBeAbsent() {
        assertThatThrownBy(() -> Safetensors.open(folder.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void filesBeyondTwoGibibytesAreMapped() throws IOException {
        long elements = 700_000_000;                                        // 2.6 GiB of f32, sparse on disk
        var path = file("{'x':{'dtype':'F32','shape':[" + elements + "],'data_offsets':[0," + 4 * elements + "]}}", 0);
        long start = Files.size(path);
        try (var raw = new RandomAccessFile(path.toFile(), "rw")) {
            raw.setLength(start + 4 * elements);
            raw.seek(start + 4 * elements - 4);
            raw.writeInt(Integer.reverseBytes(Float.floatToIntBits(42.5f)));
        }
        try (var file = Safetensors.open(path)) {
            var little = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
            assertThat(file.segment("x").byteSize()).isEqualTo(2_800_000_000L);
            assertThat(file.segment("x").getAtIndex(little, elements - 1)).isEqualTo(42.5f);
            assertThat(file.segment("x").getAtIndex(little, elements - 2)).isZero();
        }
    }
}
