package org.sfumato.models.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// A folder of tokens as [Preparation] writes it, mapped: of any size, read where it is looked at.
///
/// A window is read from its place, so its cost is that of reading a few kilobytes anywhere: little from a solid-state
/// disk or where memory holds the files, much from a turning disk.
public final class PreparedTokens implements Tokens, AutoCloseable {
    static final String INDEX = "index.json";
    static final String TOKENIZER = "sfumato-tokenizer.json";

    /// What the index says; written last: where it stands, all is there.
    ///
    /// @param format [TokenShard#FORMAT]
    /// @param version [TokenShard#VERSION]
    /// @param tokenizer SHA-256 of what the tokenizer is
    /// @param vocabulary how many ids there may be
    /// @param recipe SHA-256 of all that the files were made by
    /// @param tokens how many there are
    /// @param documents how many there are
    /// @param shards the files in order
    public record Index(String format, String version, String tokenizer, int vocabulary, String recipe, long tokens,
            long documents, List<Shard> shards) { }

    /// A file.
    ///
    /// @param name without folders
    /// @param tokens how many it holds
    /// @param documents how many begin in it
    /// @param crc32c of its tensors
    public record Shard(String name, long tokens, long documents, String crc32c) { }

    private final Path folder;
    private final Index index;
    private final Tokenizer tokenizer;
    private final List<TokenShard> shards;
    /// Tokens, and documents, before each file, and of all at the end.
    private final long[] tokensBefore;
    private final long[] documentsBefore;

    private PreparedTokens(Path folder, Index index, Tokenizer tokenizer, List<TokenShard> shards) {
        this.folder = folder;
        this.index = index;
        this.tokenizer = tokenizer;
        this.shards = shards;
        tokensBefore = new long[shards.size() + 1];
        documentsBefore = new long[shards.size() + 1];
        for (int i = 0; i < shards.size(); i++) {
            tokensBefore[i + 1] = tokensBefore[i] + shards.get(i).size();
            documentsBefore[i + 1] = documentsBefore[i] + shards.get(i).documents();
        }
    }

    /// True if a preparation of `folder` was begun; whether it was finished is for [#open] to say.
    public static boolean isPrepared(Path folder) {
        return Files.isRegularFile(folder.resolve(TOKENIZER));
    }

    /// Opens a folder and reads all of it once, to see that nothing has changed.
    ///
    /// @throws FormatException if it was not prepared to the end, or a file is missing or damaged
    /// @throws IOException if it cannot be read
    public static PreparedTokens open(Path folder) throws IOException {
        if (!isPrepared(folder) || !Files.isRegularFile(folder.resolve(INDEX))) {
            throw new FormatException("tokens", folder, "is no folder of tokens, or is not finished"
                    + "\nhint: sfumato data prepare makes one, and finishes it when run again");
        }
        var index = index(folder.resolve(INDEX));
        var json = Files.readString(folder.resolve(TOKENIZER));
        if (!sha256(json).equals(index.tokenizer)) {
            throw new FormatException("tokens", folder.resolve(TOKENIZER), "is not the tokenizer of these tokens");
        }
        var shards = new ArrayList<TokenShard>();
        try {
            for (var entry : index.shards) {
                shards.add(shard(folder.resolve(entry.name), index, entry));
            }
            return new PreparedTokens(folder, index, Tokenizers.fromJson(json), List.copyOf(shards));
        } catch (IOException | RuntimeException | Error e) {
            shards.forEach(TokenShard::close);
            throw e;
        }
    }

    private static Index index(Path file) throws IOException {
        Index index;
        try {
            index = RecordJson.read(Index.class, JsonMapper.shared().readTree(Files.readString(file)));
        } catch (JacksonException | IllegalArgumentException e) {
            throw new FormatException("tokens", file, "cannot be read, " + e.getMessage(), e);
        }
        if (!index.format.equals(TokenShard.FORMAT) || !index.version.equals(TokenShard.VERSION)) {
            throw new FormatException("tokens", file, "format " + index.format + ", version " + index.version
                    + ", is not " + TokenShard.FORMAT + ", version " + TokenShard.VERSION);
        }
        return index;
    }

    private static TokenShard shard(Path file, Index index, Shard entry) throws IOException {
        if (!Files.exists(file)) {
            throw new FormatException("tokens", file, "is missing\nhint: prepare the data again");
        }
        var shard = TokenShard.open(file, index.recipe);
        if (shard.size() != entry.tokens || !shard.crc().equals(entry.crc32c) || shard.documents() != entry.documents
                || shard.isWide() != TokenShard.wide(index.vocabulary)) {
            shard.close();
            throw new FormatException("tokens", file, "is not the file of the index\nhint: prepare the data again");
        }
        return shard;
    }

    static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /// What made the tokens.
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /// Refuses another tokenizer than that of these tokens.
    ///
    /// @throws IllegalArgumentException if `other` differs
    public PreparedTokens require(Tokenizer other) {
        if (!sha256(other.toJson()).equals(index.tokenizer)) {
            throw new IllegalArgumentException("tokens: " + folder + " was made by another tokenizer, of "
                    + index.vocabulary + " ids; this one has " + other.vocabularySize()
                    + "\nhint: prepare the text again with this one");
        }
        return this;
    }

    /// What the index says.
    public Index index() {
        return index;
    }

    @Override
    public long size() {
        return tokensBefore[shards.size()];
    }

    @Override
    public void copy(long offset, long[] rows, int at, int length) {
        Tokens.check(offset, length, size());
        int shard = holding(tokensBefore, offset);
        for (int done = 0; done < length; shard++) {
            long from = offset + done - tokensBefore[shard];
            int n = (int) Math.min(length - done, shards.get(shard).size() - from);
            shards.get(shard).copy(from, rows, at + done, n);
            done += n;
        }
    }

    /// How many documents there are.
    public long documents() {
        return documentsBefore[shards.size()];
    }

    /// The first token of document `document`; of the number of documents, the end of the last one.
    ///
    /// @throws IndexOutOfBoundsException if there is no such document
    public long start(long document) {
        if (document < 0 || document > documents()) {
            throw new IndexOutOfBoundsException("tokens: no document " + document + " of " + documents());
        }
        if (document == documents()) {
            return size();
        }
        int shard = holding(documentsBefore, document);
        return tokensBefore[shard] + shards.get(shard).document(document - documentsBefore[shard]);
    }

    /// The last place `i` with `before[i] <= index` and something in it.
    private static int holding(long[] before, long index) {
        int found = Arrays.binarySearch(before, index);
        int at = found >= 0 ? found : -found - 2;
        while (at + 1 < before.length && before[at + 1] <= index) {
            at++;
        }
        return at;
    }

    /// Ends the mapping. The tokens cannot be used any more.
    @Override
    public void close() {
        shards.forEach(TokenShard::close);
    }
}
