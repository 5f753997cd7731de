package org.sfumato.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.testing.ChildJvm;
import tools.jackson.databind.json.JsonMapper;

/// Documents that pyarrow and Python's csv module wrote (make_data.py), and texts made here.
class DocumentFormatTest {
    @TempDir
    Path temp;

    private static Path fixture(String name) {
        return Path.of("src/test/resources/org/sfumato/models/data", name);
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(temp.resolve(name), text);
    }

    private static List<Document> read(DocumentFormat format, Path file) throws IOException {
        var all = new ArrayList<Document>();
        try (var reader = format.open(file)) {
            for (var next = reader.next(); next.isPresent(); next = reader.next()) {
                assertThat(reader.position()).isBetween(0L, Files.size(file));
                all.add(next.get());
            }
            assertThat(reader.next()).isEmpty();
        }
        return all;
    }

    private static List<String> texts(DocumentFormat format, Path file) throws IOException {
        return read(format, file).stream().map(Document::text).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"snappy.parquet", "zstd.parquet", "gzip.parquet", "plain.parquet", "delta.parquet",
        "delta_length.parquet", "required.parquet", "nested.parquet", "empty.parquet", "excel.csv", "all_quoted.csv",
        "tabs.tsv", "lines.txt.gz", "lines.txt.zst"})
    void whatPythonWroteIsRead(String name) throws IOException {
        var expected = JsonMapper.shared().readTree(fixture("expected.json").toFile()).get(name);
        var format = DocumentFormat.of(fixture(name), name.startsWith("nested") ? "meta.text" : "text", "\n");
        var found = read(format, fixture(name));
        assertThat(found).hasSize(expected.size());
        for (int i = 0; i < found.size(); i++) {
            assertThat(found.get(i).text()).as(found.get(i).place()).isEqualTo(expected.get(i).get(1).stringValue());
            assertThat(found.get(i).number()).isEqualTo(expected.get(i).get(0).asLong());
            assertThat(found.get(i).begins()).isTrue();
        }
    }

    @Test
    void separatorsCutTextIntoDocuments() throws IOException {
        var stories = file("stories.txt", "Once\n\nupon\n<|endoftext|>\na time<|endoftext|><|endoftext|> \n"
                + "<|endoftext|>\r\nthere was\r\n<|endoftext|>\n");
        assertThat(texts(new PlainText("<|endoftext|>"), stories))
                .containsExactly("Once\n\nupon", "a time", "there was");
        assertThat(read(new PlainText("<|endoftext|>"), stories)).extracting(Document::number)
                .containsExactly(1L, 2L, 5L);
        var lines = file("lines.txt", "\uFEFFone\n\ntwo\r\n \nthree");
        assertThat(texts(PlainText.lines(), lines)).containsExactly("one", "two", "three");
        assertThat(read(PlainText.lines(), lines).getLast().place()).isEqualTo(lines + ": line 5");
        assertThat(texts(PlainText.whole(), lines)).containsExactly("one\n\ntwo\r\n \nthree");
        assertThat(texts(PlainText.whole(), file("blank.txt", " \n"))).isEmpty();
        assertThat(texts(PlainText.whole(), file("empty.txt", ""))).isEmpty();
    }

    /// However the parts are cut, together they are the document, and a separator is never cut.
    @Test
    void aLongDocumentComesInPartsThatMakeItUp() throws IOException {
        for (int seed = 0; seed < 30; seed++) {
            var random = new Random(seed);
            var whole = new StringBuilder();
            for (int i = 0; i < 400; i++) {
                whole.append(List.of("word", "long-word", "\uD83C\uDF2B", " ", " ", "\n", "<|", "<|e|").get(
                        random.nextInt(8)));
            }
            var text = whole + "<|e|>" + whole + "z<|e|>y";
            var path = file("long.txt", text);
            int longest = 12 + random.nextInt(60);
            var documents = new ArrayList<StringBuilder>();
            int ends = 0;
            try (var parts = new PlainText.Parts(Utf8Reader.open(path), path, "<|e|>", longest)) {
                for (var part = parts.next(); part.isPresent(); part = parts.next()) {
                    if (part.get().begins()) {
                        documents.add(new StringBuilder());
                    }
                    assertThat(part.get().text()).hasSizeLessThanOrEqualTo(longest)
                            .doesNotStartWith("\uDF2B").doesNotEndWith("\uD83C");
                    documents.getLast().append(part.get().text());
                    ends += part.get().ends() ? 1 : 0;
                }
                assertThat(ends).isEqualTo(documents.size());
            }
            var expected = Arrays.stream(text.split("<\\|e\\|>")).map(document -> document
                    .replaceFirst("^\n", "").replaceFirst("\n$", "")).filter(d -> !d.isBlank()).toList();
            assertThat(documents).map(StringBuilder::toString).isEqualTo(expected);
        }
    }

    @Test
    void partsEndWhereTokenizersCut() throws IOException {
        var path = file("prose.txt", "It was a foggy day.\nNobody saw the sea\nand nobody cared at all for it.");
        try (var parts = new PlainText.Parts(Utf8Reader.open(path), path, "", 40)) {
            assertThat(parts.next().orElseThrow().text()).isEqualTo("It was a foggy day.\nNobody saw the sea");
            assertThat(parts.next().orElseThrow().text()).isEqualTo("\nand nobody cared at all for it.");
        }
    }

    @Test
    void jsonLinesAreReadByField() throws IOException {
        var path = file("a.jsonl", """
                {"text": "ein\\u00e9", "meta": {"text": "x"}, "a.b": "dotted"}

                {"text": null, "meta": {"text": "y"}}
                {"text": "two\\nlines", "meta": {"text": ""}}
                """);
        assertThat(texts(new JsonLines("text"), path)).containsExactly("ein\u00e9", "two\nlines");
        assertThat(texts(new JsonLines("meta.text"), path)).containsExactly("x", "y");
        assertThat(read(new JsonLines("text"), path).getLast().place()).isEqualTo(path + ": line 4");
        assertThatThrownBy(() -> read(new JsonLines("a.b"), path)).isInstanceOf(FormatException.class)
                .hasMessage("jsonl: " + path + ": line 3: field \"a.b\" is missing"
                        + "\nhint: the fields are text, meta; name the one with the text");
        assertThatThrownBy(() -> read(new JsonLines("meta"), path)).hasMessageContaining("line 1", "is not text");
    }

    @Test
    void chatsAreReadAsObjects() throws IOException {
        var path = file("chats.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}\n");
        try (var chats = JsonLines.objects(path)) {
            var chat = chats.next().orElseThrow();
            assertThat(chat.value().at("/messages/0/content").stringValue()).isEqualTo("hi");
            assertThat(chat.line()).isEqualTo(1);
            assertThat(chats.next()).isEmpty();
        }
    }

    @Test
    void badFilesSayWhere() throws IOException {
        var broken = file("broken.jsonl", "{\"text\": \"a\"}\n{\"text\": \n");
        assertThatThrownBy(() -> read(new JsonLines("text"), broken)).isInstanceOf(FormatException.class)
                .hasMessageStartingWith("jsonl: " + broken + ": line 2 is no JSON, ");
        var array = file("array.jsonl", "[1]");
        assertThatThrownBy(() -> read(new JsonLines("text"), array)).hasMessageContaining(
                "line 1 is no object but array");
        var table = file("table.csv", "a,text\n1,one\n2,two,too many\n");
        assertThatThrownBy(() -> read(new Csv("text", ','), table)).isInstanceOf(FormatException.class)
                .hasMessageStartingWith("csv: " + table).hasMessageContaining("line 3");
        assertThatThrownBy(() -> read(new Csv("nothing", ','), table)).hasMessageContaining(
                "has no column \"nothing\"\nhint: the columns are a, text;");
        var open = file("open.csv", "a,text\n1,\"one\n");
        assertThatThrownBy(() -> read(new Csv("text", ','), open)).isInstanceOf(FormatException.class);
        assertThatThrownBy(() -> read(PlainText.whole(), temp)).hasMessageContaining("is a folder");
    }

    @Test
    void whatIsNotUtf8IsRefusedWithItsPlace() throws IOException {
        var latin = temp.resolve("latin.txt");
        Files.write(latin, "caf\u00e9 au lait".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> read(PlainText.whole(), latin)).isInstanceOf(FormatException.class)
                .hasMessageStartingWith("data: " + latin + ": is not UTF-8 at byte 3 of the text, 0xE9");
        assertThatThrownBy(() -> read(new Csv("a", ','), latin)).hasMessageContaining("is not UTF-8 at byte 3");
        var far = temp.resolve("far.txt");
        Files.write(far, ("ä".repeat(100_000)).getBytes(StandardCharsets.UTF_8));
        Files.write(far, new byte[] {'a', (byte) 0xC3}, StandardOpenOption.APPEND);
        assertThatThrownBy(() -> read(PlainText.whole(), far)).hasMessageContaining("at byte 200001 of the text, 0xC3");
    }

    @Test
    void damagedCompressionIsRefused() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write("a line of text\n".repeat(1000).getBytes(StandardCharsets.UTF_8));
        }
        var cut = temp.resolve("cut.txt.gz");
        Files.write(cut, Arrays.copyOf(bytes.toByteArray(), bytes.size() - 12));
        assertThatThrownBy(() -> read(PlainText.lines(), cut)).isInstanceOf(FormatException.class)
                .hasMessageContaining("cannot be read").hasMessageContaining("hint: it may be damaged");
        var frames = Files.readAllBytes(fixture("lines.txt.zst"));
        var damaged = temp.resolve("damaged.zst");
        for (int length : new int[] {5, 300, frames.length - 60, frames.length - 1}) {  // in the first and last frame
            Files.write(damaged, Arrays.copyOf(frames, length));
            assertThatThrownBy(() -> read(PlainText.lines(), damaged)).as("of %d bytes", length)
                    .isInstanceOf(FormatException.class).hasMessageContaining("it ends inside a frame");
        }
    }

    @Test
    void parquetOfAnotherKindIsRefused() throws IOException {
        var text = file("a.parquet", "this is no Parquet file");
        assertThatThrownBy(() -> read(new Parquet("text"), text)).isInstanceOf(FormatException.class)
                .hasMessageStartingWith("parquet: " + text + ": is no Parquet file");
        assertThatThrownBy(() -> read(new Parquet("story"), fixture("plain.parquet"))).hasMessageContaining(
                "has no column \"story\"\nhint: the columns are id, text;");
        assertThatThrownBy(() -> read(new Parquet("id"), fixture("plain.parquet"))).hasMessageContaining(
                "column \"id\" holds no texts");
        assertThatThrownBy(() -> read(new Parquet("meta.words.list.element"), fixture("nested.parquet")))
                .hasMessageContaining("holds no texts");
    }

    @Test
    void parquetThatIsNotUtf8IsRefusedWithItsRow() throws IOException {
        try (var reader = new Parquet("text").open(fixture("latin.parquet"))) {
            assertThat(reader.next().orElseThrow().text()).isEqualTo("fine");
            assertThat(reader.next().orElseThrow().text()).isEqualTo("\uFFFD is a character");
            assertThatThrownBy(reader::next).isInstanceOf(FormatException.class)
                    .hasMessage("parquet: " + fixture("latin.parquet") + ": row 4 is not UTF-8");
        }
    }

    /// 80 MB of text as one document and as JSON, with 48 MB for all objects.
    @Test
    void filesLargerThanMemoryAreRead() throws IOException, InterruptedException {
        var lines = temp.resolve("lines.jsonl.gz");
        var line = "{\"text\": \"" + "mist and fog ".repeat(60) + "\"}\n";
        try (var out = new GZIPOutputStream(Files.newOutputStream(lines), 1 << 16)) {
            var block = line.repeat(1000).getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < 100; i++) {
                out.write(block);
            }
        }
        var child = ChildJvm.run(CountCharacters.class, null, "-Xmx48m", "-Dfile=" + lines);
        assertThat(child.output()).endsWith("whole %d%njson %d%n".formatted(100_000L * line.length(),
                100_000L * 60 * "mist and fog ".length()));
        assertThat(child.status()).isZero();
    }

    /// Bytes changed at random: documents or an error that names the file, never another kind of failure.
    @Test
    void damagedParquetIsRefusedOrRead() throws IOException {
        int refused = 0;
        for (var name : List.of("snappy.parquet", "zstd.parquet", "gzip.parquet", "plain.parquet")) {
            var good = Files.readAllBytes(fixture(name));
            for (int seed = 0; seed < 15; seed++) {
                var random = new Random(seed);
                var bytes = random.nextInt(4) == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
                for (int i = 0; i < 4 && bytes.length > 0; i++) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                var path = Files.write(temp.resolve("damaged.parquet"), bytes);
                try {
                    read(new Parquet("text"), path);
                } catch (FormatException e) {
                    assertThat(e).hasMessageContaining(path.toString());
                    refused++;
                }
            }
        }
        assertThat(refused).isGreaterThan(15);
    }
}
