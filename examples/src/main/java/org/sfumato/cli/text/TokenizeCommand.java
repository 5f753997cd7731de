package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Printable;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.tokenizers.Encoding;
import org.sfumato.tokenizers.ModelTokenizer;
import org.sfumato.tokenizers.SentencePieceTokenizer;
import org.sfumato.tokenizers.SubwordTokenizer;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato tokenize`: text as the tokens of a model.
@Command(name = "tokenize", description = "Cut text into tokens, or make text of tokens.",
        footer = {"", "Without a text or a file, standard input is read.",
            "Example: sfumato tokenize --tokenizer gpt2 \"To be, or not\""})
public final class TokenizeCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Option(names = {"--tokenizer", "--model"}, required = true, paramLabel = "PATH",
            description = "A folder as downloaded from the hub, or a file: tokenizer.json, vocab.txt, *.model, "
                    + "*.tiktoken.")
    Path tokenizer;

    @ArgGroup
    Input input = new Input();

    @Option(names = "--special", description = "With the special tokens that the model reads around a text.")
    boolean special;

    @Option(names = "--count", description = "Print only how many tokens there are.")
    boolean count;

    /// What to take: one of them.
    static final class Input {
        @Parameters(arity = "0..1", paramLabel = "TEXT", description = "The text.")
        String text;

        @Option(names = "--file", arity = "1..*", paramLabel = "FILE", description = "UTF-8 text.")
        List<Path> files;

        @Option(names = "--decode", arity = "1..*", split = ",", paramLabel = "ID",
                description = "Ids to make text of.")
        int[] ids;
    }

    @Override
    public Integer call() throws IOException {
        var loaded = Tokenizers.load(tokenizer);
        if (input.ids != null) {
            decode(loaded);
        } else if (count) {
            var text = text();
            count(loaded.encode(text).length, text);
        } else {
            list(encoded(loaded, text()));
        }
        return ExitCode.OK;
    }

    private String text() throws IOException {
        return input.text != null ? input.text : input.files != null ? TextCorpus.read(common.files(input.files))
                : new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    }

    private void decode(Tokenizer loaded) {
        var text = loaded instanceof SubwordTokenizer subwords && special ? subwords.decodeWithSpecial(input.ids)
                : loaded.decode(input.ids);
        if (!common.json()) {
            common.out().println(text);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("text", text);
        common.result(fields);
    }

    private void count(int tokens, String text) {
        long bytes = text.getBytes(StandardCharsets.UTF_8).length;
        long characters = text.codePointCount(0, text.length());
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%,d tokens for %,d characters, %,d bytes: %.3f bytes/token%n", tokens,
                    characters, bytes, (double) bytes / tokens);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("count", tokens);
        fields.put("characters", characters);
        fields.put("bytes", bytes);
        common.result(fields);
    }

    private void list(Encoding encoding) {
        boolean offsets = encoding.starts().length == encoding.size();
        for (int i = 0; i < encoding.size() && !common.json(); i++) {
            var place = offsets ? "%d-%d".formatted(encoding.starts()[i], encoding.ends()[i]) : "";
            common.out().printf("%7d  %-11s %s%n", encoding.ids()[i], place, Printable.of(encoding.tokens().get(i)));
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("ids", encoding.ids());
        fields.put("tokens", encoding.tokens());
        if (offsets) {
            fields.put("starts", encoding.starts());
            fields.put("ends", encoding.ends());
        }
        fields.put("count", encoding.size());
        common.result(fields);
    }

    /// Ids, tokens and where they stand in the text; without offsets where the tokenizer has none.
    private Encoding encoded(Tokenizer loaded, String text) throws IOException {
        if (loaded instanceof SubwordTokenizer subwords) {
            var plain = subwords.withTruncation(Optional.empty()).withPadding(Optional.empty());
            return special ? plain.process(text) : plain.align(text);
        }
        var ids = special ? ModelTokenizer.load(tokenizer).process(text) : loaded.encode(text);
        var none = new int[0];
        return new Encoding(ids, Arrays.stream(ids).mapToObj(id -> loaded instanceof SentencePieceTokenizer pieces
                ? pieces.piece(id) : loaded.decode(id)).toList(), none, none, none, none, none, none, List.of());
    }
}
