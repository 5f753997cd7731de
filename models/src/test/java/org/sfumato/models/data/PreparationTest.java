package org.sfumato.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import org.sfumato.tokenizers.ByteTokenizer;
import org.sfumato.tokenizers.CharTokenizer;
import org.sfumato.tokenizers.Tokenizer;

class PreparationTest {
    private static final OptionalInt NONE = OptionalInt.empty();
    private static final Preparation.Progress SILENT = (bytes, tokens, documents) -> { };

    @TempDir
    Path temp;

    /// Lines, some of them blank, in three files; returns those that are documents.
    static List<String> corpus(Path folder, int seed, int lines) throws IOException {
        var random = new Random(seed);
        var all = new ArrayList<String>();
        Files.createDirectories(folder);
        for (var name : List.of("a.txt", "b.txt", "c.txt")) {
            var text = new ArrayList<String>();
            for (int i = 0; i < lines; i++) {
                text.add(random.nextInt(9) == 0 ? "" : "line " + "word ".repeat(random.nextInt(30)) + i);
            }
            Files.write(folder.resolve(name), text);
            text.stream().filter(line -> !line.isBlank()).forEach(all::add);
        }
        return all;
    }

    private Preparation bytes(Path folder, long shardTokens) throws IOException {
        return new Preparation(new ByteTokenizer(), DocumentFiles.find(List.of(folder.toString()), "text", "\n"), NONE,
                OptionalInt.of(0), shardTokens);
    }

    @Test
    void tokensAreThoseOfTheDocumentsOneAfterAnother() throws IOException {
        for (int seed = 0; seed < 2; seed++) {
            var texts = temp.resolve("texts" + seed);
            var documents = corpus(texts, seed, 40);
            var out = temp.resolve("out" + seed);
            var tokenizer = new ByteTokenizer();
            var preparation = new Preparation(tokenizer, DocumentFiles.find(List.of(texts.toString()), "text", "\n"),
                    OptionalInt.of(1), OptionalInt.of(2), 900 + new Random(seed).nextInt(900));
            var index = preparation.run(out, SILENT);
            var expected = new ArrayList<Integer>();
            var starts = new ArrayList<Integer>();
            for (var document : documents) {
                starts.add(expected.size());
                expected.add(1);
                Arrays.stream(tokenizer.encode(document)).forEach(expected::add);
                expected.add(2);
            }
            try (var tokens = PreparedTokens.open(out)) {
                assertThat(tokens.toArray()).isEqualTo(expected.stream().mapToInt(i -> i).toArray());
                assertThat(tokens.documents()).isEqualTo(documents.size()).isEqualTo(index.documents());
                assertThat(index.shards()).hasSizeGreaterThan(3);
                for (int d = 0; d < documents.size(); d++) {
                    assertThat(tokens.start(d)).isEqualTo((long) starts.get(d));
                }
                assertThat(tokens.start(documents.size())).isEqualTo(tokens.size()).isEqualTo(index.tokens());
                var random = new Random(seed);
                for (int i = 0; i < 200; i++) {
                    int from = random.nextInt(expected.size());
                    int length = random.nextInt(expected.size() - from + 1);
                    assertThat(tokens.window(from, length)).isEqualTo(expected.subList(from, from + length)
                            .stream().mapToLong(id -> id).toArray());
                }
                assertThatThrownBy(() -> tokens.window(tokens.size() - 1, 2))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThat(tokens.at(tokens.size() - 1)).isEqualTo(2);
            }
        }
    }

    @Test
    void aDocumentMayFillSeveralFiles() throws IOException {
        var text = "to be or not to be, that is the question\n".repeat(Document.PART / 41 + 30_000);
        var path = Files.writeString(temp.resolve("long.txt"), text);
        var files = new DocumentFiles(List.of(path, path), "text", "");
        var index = new Preparation(new ByteTokenizer(), files, NONE, OptionalInt.of(7), 1 << 20)
                .run(temp.resolve("out"), SILENT);
        assertThat(index.documents()).isEqualTo(2);
        assertThat(index.shards()).hasSize(4);
        try (var tokens = PreparedTokens.open(temp.resolve("out"))) {
            var whole = new ByteTokenizer().encode(text);
            assertThat(tokens.start(1)).isEqualTo(whole.length + 1L);
            assertThat(tokens.part(0, whole.length).toArray()).isEqualTo(whole);
            assertThat(tokens.part(whole.length + 1, 2L * whole.length + 1).toArray()).isEqualTo(whole);
            assertThat(tokens.at(whole.length)).isEqualTo(7);
        }
    }

    @Test
    void idsBeyondSixteenBitsAreKept() throws IOException {
        var vocabulary = new StringBuilder();
        IntStream.range(0x20000, 0x20000 + 70_000).forEach(vocabulary::appendCodePoint);
        var tokenizer = CharTokenizer.ofVocabulary(vocabulary.toString());
        var text = Files.writeString(temp.resolve("wide.txt"), tokenizer.decode(0, 69_999, 65_535, 65_536, 1));
        var files = new DocumentFiles(List.of(text), "text", "");
        new Preparation(tokenizer, files, NONE, NONE, 100).run(temp.resolve("out"), SILENT);
        try (var tokens = PreparedTokens.open(temp.resolve("out"))) {
            assertThat(tokens.toArray()).containsExactly(0, 69_999, 65_535, 65_536, 1);
        }
    }

    /// The files are safetensors, whose reader is tested against the reference library's.
    @Test
    void anythingThatReadsSafetensorsReadsTheFiles() throws IOException {
        var documents = corpus(temp.resolve("texts"), 1, 20);
        bytes(temp.resolve("texts"), 1 << 20).run(temp.resolve("out"), SILENT);
        try (var file = Safetensors.open(temp.resolve("out/tokens-00000.safetensors"))) {
            assertThat(file.entry("tokens").dtype()).isEqualTo("U16");
            assertThat(file.metadata()).containsEntry("format", "sfumato-tokens").containsEntry("version", "1");
            assertThat(file.shape("documents").count()).isEqualTo(documents.size());
            assertThat(file.shape("tokens").count()).isEqualTo(documents.stream().mapToInt(d -> d.length() + 1).sum());
        }
    }

    private static void requireSame(Path folder, Path other) throws IOException {
        try (var files = Files.list(other)) {
            for (var file : files.toList()) {
                assertThat(Files.mismatch(file, folder.resolve(file.getFileName()))).as(file.toString()).isEqualTo(-1);
            }
        }
        try (var a = Files.list(folder); var b = Files.list(other)) {
            assertThat(a.map(Path::getFileName).sorted()).containsExactlyElementsOf(b.map(Path::getFileName).sorted()
                    .toList());
        }
    }

    @Test
    void whatWasLeftOffGoesOnAndEndsInTheSameBytes() throws IOException {
        var texts = temp.resolve("texts");
        corpus(texts, 3, 30);
        var whole = temp.resolve("whole");
        var shards = bytes(texts, 900).run(whole, SILENT).shards();
        var random = new Random(3);
        for (int i = 0; i < 6; i++) {
            var out = temp.resolve("out" + i);
            bytes(texts, 900).run(out, SILENT);
            Files.delete(out.resolve("index.json"));
            Files.writeString(out.resolve(".tokens-00001.safetensors.1.2.tmp"), "half");
            int cut = random.nextInt(shards.size());
            var shard = out.resolve(shards.get(cut).name());
            var content = Files.readAllBytes(shard);
            switch (i % 3) {
                case 0 -> Files.delete(shard);
                case 1 -> Files.write(shard, Arrays.copyOf(content, content.length / 2));
                default -> {
                    content[content.length - 1] ^= 1;
                    Files.write(shard, content);
                }
            }
            assertThatThrownBy(() -> PreparedTokens.open(out)).hasMessageContaining("is not finished");
            bytes(texts, 900).run(out, SILENT);
            requireSame(out, whole);
        }
    }

    @Test
    void killedAtAnyMomentItEndsInTheSameBytes() throws IOException, InterruptedException {
        var texts = temp.resolve("texts");
        corpus(texts, 8, 300);
        var whole = temp.resolve("whole");
        int shards = bytes(texts, PrepareOnce.SHARD_TOKENS).run(whole, SILENT).shards().size();
        var out = temp.resolve("out");
        var random = new Random();                       // the moment differs from run to run
        int kills = 0;
        for (int i = 1; i <= 3; i++) {
            var awaited = out.resolve(TokenShard.name(shards * i / 5));
            var process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1", "--add-modules", "jdk.incubator.vector",
                    "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                    PrepareOnce.class.getName(), texts.toString(), out.toString())
                    .redirectErrorStream(true).redirectOutput(temp.resolve("log").toFile()).start();
            try {
                while (process.isAlive() && !Files.exists(awaited)) {
                    Thread.sleep(1);
                }
                Thread.sleep(random.nextInt(10));
                kills += process.isAlive() ? 1 : 0;
            } finally {
                process.destroyForcibly().waitFor();
            }
            assertThat(temp.resolve("log")).content().doesNotContain("Exception");
        }
        assertThat(kills).isPositive();
        bytes(texts, PrepareOnce.SHARD_TOKENS).run(out, SILENT);
        requireSame(out, whole);
    }

    @Test
    void twoCannotPrepareTheSameFolder() throws IOException {
        corpus(temp.resolve("texts"), 8, 10);
        var out = Files.createDirectories(temp.resolve("out"));
        try (var channel = FileChannel.open(out.resolve(".lock"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE); var _ = channel.lock()) {
            assertThatThrownBy(() -> bytes(temp.resolve("texts"), 100).run(out, SILENT))
                    .hasMessageStartingWith("preparation: " + out + " is being prepared by another process");
        }
    }

    @Test
    void anotherRecipeIsRefused() throws IOException {
        var texts = temp.resolve("texts");
        corpus(texts, 3, 20);
        var out = temp.resolve("out");
        bytes(texts, 900).run(out, SILENT);
        assertThatThrownBy(() -> bytes(texts, 901).run(out, SILENT)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("was begun with another tokenizer, other files or other settings\nhint: ");
        Files.writeString(texts.resolve("c.txt"), "more");
        assertThatThrownBy(() -> bytes(texts, 900).run(out, SILENT)).hasMessageContaining("was begun with another");
        var taken = Files.createDirectories(temp.resolve("taken"));
        Files.writeString(taken.resolve("thesis.tex"), "mine");
        assertThatThrownBy(() -> bytes(texts, 900).run(taken, SILENT)).hasMessageContaining("holds something else");
        assertThat(taken.resolve("thesis.tex")).hasContent("mine");
    }

    @Test
    void damageIsNoticed() throws IOException {
        var texts = temp.resolve("texts");
        corpus(texts, 5, 30);
        var out = temp.resolve("out");
        bytes(texts, 600).run(out, SILENT);
        var shard = out.resolve("tokens-00001.safetensors");
        var good = Files.readAllBytes(shard);
        for (int at = 0; at < good.length; at += 149) {
            var bad = good.clone();
            bad[at] ^= 0x10;
            Files.write(shard, bad);
            assertThatThrownBy(() -> PreparedTokens.open(out)).as("byte %d", at).isInstanceOf(FormatException.class)
                    .hasMessageContaining("tokens-00001");
        }
        Files.write(shard, Files.readAllBytes(out.resolve("tokens-00000.safetensors")));
        assertThatThrownBy(() -> PreparedTokens.open(out)).hasMessageContaining("is not the file of the index");
        Files.delete(shard);
        assertThatThrownBy(() -> PreparedTokens.open(out)).hasMessageContaining("is missing");
        Files.write(shard, good);
        PreparedTokens.open(out).close();
        Files.writeString(out.resolve("sfumato-tokenizer.json"), " ", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> PreparedTokens.open(out)).hasMessageContaining("is not the tokenizer of these");
    }

    @Test
    void anotherTokenizerIsRefused() throws IOException {
        corpus(temp.resolve("texts"), 6, 10);
        bytes(temp.resolve("texts"), 600).run(temp.resolve("out"), SILENT);
        try (var tokens = PreparedTokens.open(temp.resolve("out"))) {
            assertThat(tokens.require(new ByteTokenizer())).isSameAs(tokens);
            assertThat(tokens.tokenizer().name()).isEqualTo("bytes");
            Tokenizer other = CharTokenizer.fromText("abc");
            assertThatThrownBy(() -> tokens.require(other)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("was made by another tokenizer, of 256 ids; this one has 3");
        }
    }

    @Test
    void textWithoutIdsIsNamed() throws IOException {
        var path = Files.writeString(temp.resolve("a.txt"), "abc\nabd\n");
        var preparation = new Preparation(CharTokenizer.fromText("abc"),
                new DocumentFiles(List.of(path), "text", "\n"), NONE, NONE, 100);
        assertThatThrownBy(() -> preparation.run(temp.resolve("out"), SILENT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(path + ": line 2: encode: character 'd' (U+0064) at index 2");
        var empty = Files.writeString(temp.resolve("empty.txt"), "\n");
        assertThatThrownBy(() -> new Preparation(new ByteTokenizer(), new DocumentFiles(List.of(empty), "text", "\n"),
                NONE, NONE, 100).run(temp.resolve("none"), SILENT)).hasMessage("preparation: the files hold no text");
        assertThatThrownBy(() -> new Preparation(new ByteTokenizer(), new DocumentFiles(List.of(empty), "text", "\n"),
                NONE, OptionalInt.of(256), 100)).hasMessage("preparation: id 256 is outside 0..255");
    }

    @Test
    void filesAreFoundInOrder() throws IOException {
        var folder = Files.createDirectories(temp.resolve("data/deep"));
        for (var name : List.of("b.txt", "a.jsonl", "deep/c.csv.gz", "deep/d.PARQUET", "notes.md", ".hidden.txt")) {
            Files.writeString(temp.resolve("data").resolve(name), "");
        }
        var found = DocumentFiles.find(List.of(temp.resolve("data").toString()), "text", "").files();
        assertThat(found).map(path -> temp.resolve("data").relativize(path).toString())
                .containsExactly("a.jsonl", "b.txt", "deep/c.csv.gz", "deep/d.PARQUET");
        assertThat(DocumentFiles.find(List.of(temp + "/data/*.{txt,md}", folder.resolve("c.csv.gz").toString()), "text",
                "").files()).map(path -> path.getFileName().toString()).containsExactly("b.txt", "notes.md",
                "c.csv.gz");
        for (var nothing : List.of(temp + "/none", temp + "/data/*.png", temp + "/none/*.txt")) {
            assertThatThrownBy(() -> DocumentFiles.find(List.of(nothing), "text", ""))
                    .isInstanceOf(NoSuchFileException.class).hasMessageContaining(nothing);
        }
    }
}
