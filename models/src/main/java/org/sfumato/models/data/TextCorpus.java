package org.sfumato.models.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.sfumato.tokenizers.CharTokenizer;
import org.sfumato.tokenizers.Tokenizer;

/// A text as tokens, cut in two by position: the beginning trains, the end validates.
///
/// {@snippet :
/// var corpus = TextCorpus.ofCharacters(TextCorpus.read(Path.of("input.txt")));
/// long[] batch = corpus.train().windows(rng.fold(step), 16, 256);      // (16, 256), row-major
/// }
///
/// @param tokenizer what made the tokens
/// @param all both parts
/// @param train the first part
/// @param validation the rest
public record TextCorpus(Tokenizer tokenizer, Tokens all, Tokens train, Tokens validation) {
    /// The share of the tokens that trains: nine of ten. Source: nanoGPT.
    public static final double TRAIN_SHARE = 0.9;
    /// The most tokens that validate of prepared ones: to score more takes minutes at each end of a training.
    public static final long MOST_VALIDATION = 1 << 16;

    /// The characters of `text`, with a vocabulary made of them all, so that validation meets no unknown one.
    ///
    /// Throws [IllegalArgumentException] if a part would be empty.
    public static TextCorpus ofCharacters(String text) {
        return of(text, CharTokenizer.fromText(text), TRAIN_SHARE);
    }

    /// The tokens of `text`; of `n` tokens the first `floor(trainShare * n)` train.
    ///
    /// Throws [IllegalArgumentException] if `trainShare` is not between 0 and 1, or if a part would be empty.
    public static TextCorpus of(String text, Tokenizer tokenizer, double trainShare) {
        if (!(trainShare > 0 && trainShare < 1)) {
            throw new IllegalArgumentException("text corpus: train share is not between 0 and 1, " + trainShare);
        }
        var all = new TokenArray(tokenizer.encode(text));
        return cut(tokenizer, all, (long) (all.size() * trainShare));
    }

    /// Prepared tokens: the last tenth validates, or the last [#MOST_VALIDATION] if that is less. They are read where
    /// they lie and must stay open.
    ///
    /// Throws [IllegalArgumentException] if a part would be empty.
    public static TextCorpus of(PreparedTokens tokens) {
        return cut(tokens.tokenizer(), tokens,
                Math.max((long) (tokens.size() * TRAIN_SHARE), tokens.size() - MOST_VALIDATION));
    }

    private static TextCorpus cut(Tokenizer tokenizer, Tokens all, long cut) {
        if (cut == 0 || cut == all.size()) {
            throw new IllegalArgumentException("text corpus: " + all.size() + " tokens leave a part empty, " + cut
                    + " to train and " + (all.size() - cut) + " to validate\nhint: a longer text");
        }
        return new TextCorpus(tokenizer, all, all.part(0, cut), all.part(cut, all.size()));
    }

    /// The text of UTF-8 files, one after the other with nothing in between.
    ///
    /// Throws [UncheckedIOException] if a file is missing or cannot be read, [IllegalArgumentException] if one is empty
    /// or is not UTF-8; nothing is replaced.
    public static String read(Path... files) {
        if (files.length == 0) {
            throw new IllegalArgumentException("text corpus: no files");
        }
        var text = new StringBuilder();
        for (var file : files) {
            text.append(decode(bytes(file), file));
        }
        return text.toString();
    }

    private static byte[] bytes(Path file) {
        try {
            var bytes = Files.readAllBytes(file);
            if (bytes.length == 0) {
                throw new IllegalArgumentException("text corpus: " + file
                        + " is empty\nhint: name a file with text in it");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new UncheckedIOException("text corpus: no file " + file + "\nhint: the working directory is "
                    + Path.of("").toAbsolutePath(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("text corpus: " + file + " cannot be read, " + e.getMessage()
                    + (Files.isDirectory(file) ? "\nhint: it is a directory; name the files in it" : ""), e);
        }
    }

    private static CharBuffer decode(byte[] bytes, Path file) {
        var in = ByteBuffer.wrap(bytes);
        var out = CharBuffer.allocate(bytes.length);                    // UTF-8 never has more chars than bytes
        var result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
        if (result.isError()) {
            throw new IllegalArgumentException("text corpus: " + file + " is not UTF-8 at byte " + in.position()
                    + ", 0x%02X".formatted(bytes[in.position()]) + "\nhint: convert it, e.g. iconv -t UTF-8");
        }
        return out.flip();
    }
}
