package org.sfumato.cli.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Progress;
import org.sfumato.models.data.DocumentFiles;
import org.sfumato.models.data.DocumentFormat;
import org.sfumato.models.data.Preparation;
import org.sfumato.models.data.PreparedTokens;
import org.sfumato.tokenizers.ByteTokenizer;
import org.sfumato.tokenizers.SentencePieceTokenizer;
import org.sfumato.tokenizers.SubwordTokenizer;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato data prepare`: documents to tokens on the disk.
@Command(name = "prepare", description = {"Make tokens of texts, for training on data of any size.",
    "Read are text, JSON Lines (.jsonl), tables (.csv, .tsv) and .parquet, by the end of the name; texts also as .gz "
        + "and .zst. What was stopped goes on when run again."})
final class DataPrepareCommand implements Callable<Integer> {
    private static final long MEGABYTE = 1_000_000;
    private static final String BYTES = "bytes";
    /// Says with which means it reads; that is nobody's business here.
    private static final Logger PARQUET_READER = Logger.getLogger("dev.hardwood");

    @Mixin
    Common common;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files, folders of them, or quoted patterns.")
    List<String> places;

    @Option(names = "--tokenizer", required = true, paramLabel = "PATH",
            description = "A folder of a model, a file of a tokenizer, or: bytes.")
    String tokenizer;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where the tokens go.")
    Path out;

    @Option(names = "--field", defaultValue = DocumentFormat.FIELD, paramLabel = "NAME",
            description = "Field or column of the text (default ${DEFAULT-VALUE}).")
    String field;

    @Option(names = "--separator", defaultValue = "", paramLabel = "TEXT",
            description = "What stands between the documents of a text file, as <|endoftext|> or \\n. Default: "
                    + "a file is a document.")
    String separator;

    @Option(names = "--begin", paramLabel = "TOKEN", description = "A token to put before each document.")
    String begin;

    @Option(names = "--end", paramLabel = "TOKEN", description = "A token to put after each document.")
    String end;

    @Option(names = "--shard-tokens", defaultValue = "" + Preparation.SHARD_TOKENS, paramLabel = "N",
            description = "Tokens of a file (default ${DEFAULT-VALUE}).")
    long shardTokens;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--shard-tokens", shardTokens);
        PARQUET_READER.setLevel(Level.WARNING);
        common.files(places.stream().map(Path::of).toList());
        var known = tokenizer.equals(BYTES) ? new ByteTokenizer() : Tokenizers.load(Path.of(tokenizer));
        var files = DocumentFiles.find(places, field, separator.replace("\\n", "\n").replace("\\t", "\t"));
        var preparation = new Preparation(known, files, id("--begin", begin, known), id("--end", end, known),
                shardTokens);
        long total = files.bytes();
        long unit = total < 10 * MEGABYTE ? 1000 : MEGABYTE;
        PreparedTokens.Index index;
        try (var progress = Progress.start(common.err(), "prepare", Math.max(1, Math.ceilDiv(total, unit)),
                unit == MEGABYTE ? "MB" : "kB")) {
            progress.update(0, "");
            index = preparation.run(out, (bytes, tokens, documents) -> progress.update(Math.ceilDiv(bytes, unit),
                    String.format(Locale.ROOT, "%,d tokens", tokens)));
        }
        common.out().printf(Locale.ROOT, "%,d tokens of %,d documents in %,d files: %s%n", index.tokens(),
                index.documents(), index.shards().size(), out);
        var fields = new LinkedHashMap<String, Object>();
        fields.put("tokens", index.tokens());
        fields.put("documents", index.documents());
        fields.put("files", index.shards().size());
        fields.put("vocabulary", index.vocabulary());
        fields.put("out", out.toString());
        common.result(fields);
        return ExitCode.OK;
    }

    private static OptionalInt id(String option, String token, Tokenizer tokenizer) {
        if (token == null) {
            return OptionalInt.empty();
        }
        var id = switch (tokenizer) {
            case SubwordTokenizer words -> words.id(token);
            case SentencePieceTokenizer pieces -> pieces.id(token);
            default -> {
                var ids = tokenizer.encode(token);
                yield ids.length == 1 ? OptionalInt.of(ids[0]) : OptionalInt.empty();
            }
        };
        if (id.isEmpty()) {
            throw new IllegalArgumentException(option + ": \"" + token + "\" is no token of this tokenizer"
                    + "\nhint: such as <|endoftext|> for GPT-2, </s> for LLaMA");
        }
        return id;
    }
}
