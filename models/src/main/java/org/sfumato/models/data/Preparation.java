package org.sfumato.models.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.tensor.io.AtomicFile;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tokenizers.Tokenizer;
import tools.jackson.databind.node.JsonNodeFactory;

/// Documents to tokens on the disk, so that a training reads ids and no text.
///
/// ```java
/// var files = DocumentFiles.find(List.of("stories/*.parquet"), "text", "");
/// new Preparation(tokenizer, files, OptionalInt.empty(), OptionalInt.of(endOfText), 1 << 26).run(folder, progress);
/// try (var tokens = PreparedTokens.open(folder)) { ... }
/// ```
///
/// The folder then holds `tokens-00000.safetensors` and so on ([TokenShard]), the tokenizer, and last of all
/// `index.json`. Each file is there as a whole or not at all, and says where reading went on, so a preparation that was
/// killed goes on after its last file and ends in the same bytes, as long as nobody has changed the texts meanwhile:
/// only their names and sizes are compared. Texts are encoded by several threads; what comes out does not depend on
/// their number.
///
/// @param tokenizer makes the ids
/// @param documents where the texts are
/// @param begin an id put before each document
/// @param end an id put after each document
/// @param shardTokens a file ends with the part of a document with which it has so many tokens
public record Preparation(Tokenizer tokenizer, DocumentFiles documents, OptionalInt begin, OptionalInt end,
        long shardTokens) {
    /// Tokens of a file where nothing else is asked for: 128 MB in 16 bits.
    public static final long SHARD_TOKENS = 1 << 26;

    private static final String RECIPE = "recipe.json";
    private static final String LOCK = ".lock";
    /// Characters that are encoded at a time, by all threads together.
    private static final int BATCH = 1 << 23;
    private static final int MOST_PARTS = 1 << 14;

    /// Looks on.
    @FunctionalInterface
    public interface Progress {
        /// So many `bytes` of the files are read, and so many tokens and documents made of them.
        void at(long bytes, long tokens, long documents);
    }

    /// Checks what can be checked.
    public Preparation {
        if (shardTokens < 1) {
            throw new IllegalArgumentException("preparation: files of " + shardTokens + " tokens, at least 1");
        }
        for (var id : new OptionalInt[] {begin, end}) {
            if (id.isPresent() && (id.getAsInt() < 0 || id.getAsInt() >= tokenizer.vocabularySize())) {
                throw new IllegalArgumentException("preparation: id " + id.getAsInt() + " is outside 0.."
                        + (tokenizer.vocabularySize() - 1));
            }
        }
    }

    /// Makes `folder`, or goes on with it where it was left; does nothing if it is complete.
    ///
    /// @throws FormatException if a file cannot be read, naming the line or row
    /// @throws IllegalArgumentException if the folder was begun with another tokenizer, other files or settings, or a
    ///     text has something for which the tokenizer has no id
    /// @throws IOException if it cannot be written, or another process is at it
    public PreparedTokens.Index run(Path folder, Progress progress) throws IOException {
        var wanted = recipe();
        Files.createDirectories(folder);
        try (var channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE); var _ = lock(channel, folder)) {
            start(folder, wanted);
            var recipe = PreparedTokens.sha256(wanted);
            if (!Files.exists(folder.resolve(PreparedTokens.INDEX))) {
                try (var run = new Run(folder, recipe, progress)) {
                    run.all();
                }
            }
        }
        try (var made = PreparedTokens.open(folder)) {
            return made.index();
        }
    }

    private static FileLock lock(FileChannel channel, Path folder) throws IOException {
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException _) {
            // another thread of this process has it: refused as if it were another process
        }
        if (lock == null) {
            throw new IOException("preparation: " + folder + " is being prepared by another process"
                    + "\nhint: wait for it, or take another folder");
        }
        return lock;
    }

    /// All on which the bytes of the folder depend.
    private String recipe() throws IOException {
        var json = JsonNodeFactory.instance.objectNode();
        json.put("format", TokenShard.FORMAT).put("version", TokenShard.VERSION);
        json.put("tokenizer", PreparedTokens.sha256(tokenizer.toJson()));
        json.put("begin", begin.orElse(-1)).put("end", end.orElse(-1)).put("shardTokens", shardTokens);
        json.put("field", documents.field()).put("separator", documents.separator());
        var files = json.putArray("files");
        for (var file : documents.files()) {
            files.addObject().put("name", file.getFileName().toString()).put("bytes", Files.size(file));
        }
        return json.toPrettyString() + "\n";
    }

    private void start(Path folder, String wanted) throws IOException {
        var file = folder.resolve(RECIPE);
        if (!Files.exists(file)) {
            try (var others = Files.list(folder)) {
                if (others.anyMatch(path -> !path.getFileName().toString().startsWith("."))) {
                    throw new IllegalArgumentException("preparation: " + folder
                            + " holds something else\nhint: name a folder that does not exist");
                }
            }
            AtomicFile.write("tokens", folder.resolve(PreparedTokens.TOKENIZER), tokenizer.toJson());
            AtomicFile.write("tokens", file, wanted);
        } else if (!Files.readString(file).equals(wanted)) {
            throw new IllegalArgumentException("preparation: " + folder + " was begun with another tokenizer, other"
                    + " files or other settings\nhint: see " + file + "; name another folder, or remove this one");
        }
        try (var left = Files.list(folder)) {
            for (var path : left.filter(p -> p.getFileName().toString().matches("\\..*\\.tmp")).toList()) {
                Files.delete(path);
            }
        }
    }

    /// One run.
    private final class Run implements AutoCloseable {
        private final Path folder;
        private final String recipe;
        private final Progress progress;
        private final List<PreparedTokens.Shard> shards = new ArrayList<>();
        private final List<Document> batch = new ArrayList<>();
        private final ShardBuilder shard = new ShardBuilder(TokenShard.wide(tokenizer.vocabularySize()));
        private TokenShard.Place place = new TokenShard.Place(0, 0);
        private long bytes;
        private long tokens;
        private long count;

        Run(Path folder, String recipe, Progress progress) {
            this.folder = folder;
            this.recipe = recipe;
            this.progress = progress;
        }

        void all() throws IOException {
            takeUp();
            int first = place.file();
            for (int i = 0; i < documents.files().size(); i++) {
                if (i >= first) {
                    file(i);
                }
                bytes += Files.size(documents.files().get(i));
            }
            if (shard.size() > 0) {
                write();
            }
            if (tokens == 0) {
                throw new IllegalArgumentException("preparation: the files hold no text");
            }
            var index = new PreparedTokens.Index(TokenShard.FORMAT, TokenShard.VERSION,
                    PreparedTokens.sha256(tokenizer.toJson()), tokenizer.vocabularySize(), recipe, tokens, count,
                    shards);
            AtomicFile.write("tokens", folder.resolve(PreparedTokens.INDEX),
                    RecordJson.write(index).toPrettyString() + "\n");
        }

        /// Goes on after the files that are there and whole.
        private void takeUp() throws IOException {
            for (int i = 0; Files.exists(folder.resolve(TokenShard.name(i))); i++) {
                var path = folder.resolve(TokenShard.name(i));
                try (var whole = TokenShard.open(path, recipe)) {
                    note(path, whole.size(), whole.documents(), whole.crc());
                    place = whole.next();
                } catch (FormatException _) {
                    return;                             // made again, and with it all that follow
                }
            }
        }

        private void note(Path path, long size, long begun, String crc) {
            shards.add(new PreparedTokens.Shard(path.getFileName().toString(), size, begun, crc));
            tokens += size;
            count += begun;
        }

        private void file(int number) throws IOException {
            if (place.file() != number) {
                place = new TokenShard.Place(number, 0);
            }
            try (var reader = documents.open(number)) {
                long left = place.part();
                long characters = 0;
                for (var next = reader.next(); next.isPresent(); next = reader.next()) {
                    if (left-- > 0) {
                        continue;
                    }
                    batch.add(next.get());
                    characters += next.get().text().length();
                    if (characters >= BATCH || batch.size() == MOST_PARTS) {
                        encode(bytes + reader.position());
                        characters = 0;
                    }
                }
                encode(bytes + reader.position());
            }
        }

        private void encode(long read) throws IOException {
            var encoded = batch.parallelStream().map(Preparation.this::encode).toList();
            for (int i = 0; i < encoded.size(); i++) {
                append(batch.get(i), encoded.get(i));
                place = new TokenShard.Place(place.file(), place.part() + 1);
                if (shard.size() >= shardTokens) {
                    write();
                }
            }
            batch.clear();
            progress.at(read, tokens + shard.size(), count + shard.documents());
        }

        private void append(Document document, int[] ids) {
            if (document.begins()) {
                shard.begin();
                begin.ifPresent(shard::add);
            }
            shard.add(ids);
            if (document.ends()) {
                end.ifPresent(shard::add);
            }
        }

        private void write() throws IOException {
            var path = folder.resolve(TokenShard.name(shards.size()));
            long size = shard.size();
            long begun = shard.documents();
            note(path, size, begun, shard.write(path, recipe, place));
        }

        @Override
        public void close() {
            shard.close();
        }
    }

    private int[] encode(Document document) {
        try {
            return tokenizer.encode(document.text());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(document.place() + ": " + e.getMessage(), e);
        }
    }
}
