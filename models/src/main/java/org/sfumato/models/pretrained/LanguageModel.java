package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tokenizers.SubwordTokenizer;
import org.sfumato.tokenizers.Tokenizer;
import org.sfumato.tokenizers.Tokenizers;

/// A network with what it needs to read and write text.
///
/// @param begin the token that begins a text, where there is one
/// @param mask the token that hides another, where there is one
/// @param ends tokens after which nothing is written
public record LanguageModel(Transformer network, Tokenizer tokenizer, OptionalInt begin, OptionalInt mask,
        Set<Integer> ends) {
    /// Copies.
    public LanguageModel {
        ends = Set.copyOf(ends);
    }

    /// The model in a folder as downloaded from the Hugging Face hub, or in a file of llama2.c, in the current scope.
    /// Special tokens are those of `generation_config.json` and `config.json`.
    ///
    /// @param tokenizer where the tokenizer lies, if not in the folder
    /// @throws FormatException if a file is damaged or does not fit the others, see [Pretrained#load(Path)]
    /// @throws IOException if a file cannot be read
    public static LanguageModel load(Path folderOrFile, Optional<Path> tokenizer) throws IOException {
        boolean single = Files.isRegularFile(folderOrFile);
        if (single && tokenizer.isEmpty()) {
            throw new IllegalArgumentException("language model: " + folderOrFile + " has no tokenizer in it\nhint: "
                    + "name its file too");
        }
        var config = Described.json(folderOrFile);
        var words = Tokenizers.load(tokenizer.orElse(folderOrFile));
        var generation = folderOrFile.resolve("generation_config.json");
        var other = !single && Files.exists(generation) ? ConfigJson.read(generation) : config;
        var network = Pretrained.load(folderOrFile);
        if (single) {                                                   // run.c ends where another text begins
            return new LanguageModel(network, words, OptionalInt.of(1), OptionalInt.empty(), Set.of(1, 2));
        }
        var ends = new TreeSet<>(ids(other, "eos_token_id"));
        if (ends.isEmpty()) {
            ends.addAll(ids(config, "eos_token_id"));
        }
        return new LanguageModel(network, words, first(ids(config, "bos_token_id")), mask(config, words), ends);
    }

    /// What the network reads for `text`, as the original does: with the special tokens that the tokenizer adds; with
    /// the one that begins a text before the pieces of SentencePiece, or if there would be nothing.
    public int[] read(String text) {
        var ids = tokenizer instanceof SubwordTokenizer subwords
                ? subwords.withPadding(Optional.empty()).withTruncation(Optional.empty()).process(text).ids()
                : tokenizer.encode(text);
        boolean begun = ids.length > 0 && (tokenizer instanceof SubwordTokenizer || begin.isEmpty());
        return begun || begin.isEmpty() ? ids
                : IntStream.concat(IntStream.of(begin.getAsInt()), IntStream.of(ids)).toArray();
    }

    /// Whether `id` stands for text: it ends none, and the tokenizer knows it.
    public boolean isText(int id) {
        return id < tokenizer.vocabularySize() && !ends.contains(id);
    }

    private static OptionalInt mask(ConfigJson config, Tokenizer tokenizer) throws FormatException {
        var configured = first(ids(config, "mask_token_id"));
        if (configured.isPresent() || !(tokenizer instanceof SubwordTokenizer subwords)) {
            return configured;
        }
        var usual = subwords.id("[MASK]");
        return usual.isPresent() ? usual : subwords.id("<mask>");
    }

    private static OptionalInt first(Set<Integer> ids) {
        return ids.stream().mapToInt(Integer::intValue).findFirst();
    }

    /// The ids in a field that holds one, several or none.
    private static Set<Integer> ids(ConfigJson json, String name) throws FormatException {
        var ids = new TreeSet<Integer>();
        if (json.has(name) && json.tree().get(name).isArray()) {
            for (var id : json.tree().get(name).values()) {
                if (!id.canConvertToInt()) {
                    throw json.unsupported(name, json.tree().get(name).toString());
                }
                ids.add(id.intValue());
            }
        } else if (json.has(name)) {
            ids.add(json.integer(name));
        }
        return ids;
    }
}
