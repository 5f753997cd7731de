package org.sfumato.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tokenizers.ByteTokenizer;

class TextCorpusTest {
    @TempDir
    private Path folder;

    @Test
    void theEndOfTheTextValidates() {
        var corpus = TextCorpus.ofCharacters("abcdefghijklmnopqrs");          // 19 characters, 17.1 of them train
        assertThat(corpus.train().size()).isEqualTo(17);
        assertThat(corpus.train().window(15, 2)).containsExactly(15, 16);
        assertThat(corpus.validation().window(0, 2)).containsExactly(17, 18);
        assertThat(corpus.tokenizer().vocabularySize()).isEqualTo(19);
        var halves = TextCorpus.of("abcd", new ByteTokenizer(), 0.5);
        assertThat(halves.validation().window(0, 2)).containsExactly('c', 'd');
    }

    @Test
    void filesAreReadOneAfterTheOther() throws IOException {
        var one = Files.writeString(folder.resolve("one.txt"), "caf\u00E9\r\n");
        var two = Files.writeString(folder.resolve("two.txt"), "\uD83D\uDE00");
        assertThat(TextCorpus.read(one, two)).isEqualTo("caf\u00E9\r\n\uD83D\uDE00");
    }

    @Test
    void badFilesAreNamed() throws IOException {
        var empty = Files.createFile(folder.resolve("empty.txt"));
        var latin = Files.write(folder.resolve("latin.txt"), new byte[] {'c', 'a', 'f', (byte) 0xE9, '!'});
        var cut = Files.write(folder.resolve("cut.txt"), new byte[] {'a', (byte) 0xE2, (byte) 0x82});
        assertThatThrownBy(() -> TextCorpus.read(empty)).hasMessageContaining("empty.txt is empty");
        assertThatThrownBy(() -> TextCorpus.read(latin)).hasMessageContaining("latin.txt is not UTF-8 at byte 3, 0xE9");
        assertThatThrownBy(() -> TextCorpus.read(cut)).hasMessageContaining("cut.txt is not UTF-8 at byte 1, 0xE2");
        assertThatThrownBy(() -> TextCorpus.read(folder.resolve("none.txt"))).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("none.txt\nhint: the working directory is ");
        assertThatThrownBy(() -> TextCorpus.read(folder)).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("it is a directory");
        assertThatThrownBy(TextCorpus::read).hasMessage("text corpus: no files");
    }

    @Test
    void noPartMayBeEmpty() {
        assertThatThrownBy(() -> TextCorpus.ofCharacters("a")).hasMessageContaining("1 tokens leave a part empty");
        assertThatThrownBy(() -> TextCorpus.of("abc", new ByteTokenizer(), 1)).hasMessageContaining("train share");
        assertThatThrownBy(() -> TextCorpus.of("abc", new ByteTokenizer(), Double.NaN)).hasMessageContaining("NaN");
    }
}
