package org.sfumato.tokenizers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.sfumato.tokenizers.pipeline.Fields;

/// The tokenizer of a model's folder as the model uses it: with what `tokenizer_config.json` says beside the
/// vocabulary.
///
/// {@snippet :
/// var tokenizer = ModelTokenizer.load(Path.of("bert-base-uncased"));
/// int[] ids = tokenizer.process("The capital of [MASK] is Paris");    // [CLS] the capital of [MASK] is paris [SEP]
/// int mask = tokenizer.special().mask().orElseThrow();
/// }
///
/// Source: transformers 5.18, with which ids and text agree.
///
/// @param special the ids of special tokens
/// @param addBos whether a SentencePiece model's texts begin with [SpecialTokens#bos]; a tokenizer.json says it itself
/// @param addEos whether they end with [SpecialTokens#eos]
/// @param prefixAlways whether a SentencePiece model's texts begin with a space after a special token too, as T5's do
/// @param cleanUp whether spaces before punctuation go from decoded text
/// @param chat the form of conversations, if the folder gives one that is known
public record ModelTokenizer(Tokenizer tokenizer, SpecialTokens special, boolean addBos, boolean addEos,
        boolean prefixAlways, boolean cleanUp, Optional<ChatTemplate> chat) {

    /// The tokenizer in a folder as downloaded from the Hugging Face hub. Nothing is cut off or filled up, whatever
    /// length a tokenizer.json was saved with.
    ///
    /// @throws TokenizerFormatException if a file is damaged or holds what is not known, naming it
    /// @throws IOException if there is none, or it cannot be read
    public static ModelTokenizer load(Path folder) throws IOException {
        var tokenizer = Tokenizers.load(folder);
        var file = folder.resolve("tokenizer_config.json");
        try {
            var config = TokenizerFiles.config(file);
            return switch (tokenizer) {
                case SentencePieceTokenizer pieces -> ofPieces(pieces, folder, config);
                case SubwordTokenizer words -> new ModelTokenizer(
                        words.withTruncation(Optional.empty()).withPadding(Optional.empty()),
                        SpecialTokens.of(folder, config, words::id,
                                token -> words.isAdded(token) ? words.id(token) : OptionalInt.empty()),
                        false, false, false,
                        config.flag("clean_up_tokenization_spaces", false) && !words.isBytePair(),
                        chat(folder, config));
                default -> throw new IllegalStateException(tokenizer.name());
            };
        } catch (IllegalArgumentException e) {
            throw new TokenizerFormatException(file, e.getMessage(), e);
        }
    }

    /// Nothing is added to the texts of a SentencePiece model unless the file says so, or it is a T5's.
    private static ModelTokenizer ofPieces(SentencePieceTokenizer pieces, Path folder, Fields config)
            throws IOException {
        boolean t5 = config.text("tokenizer_class", "").contains("T5");
        var special = SpecialTokens.of(folder, config, pieces::id,
                token -> t5 && token.equals("<s>") ? OptionalInt.empty() : pieces.id(token));
        return new ModelTokenizer(pieces, special, config.flag("add_bos_token", false) && special.bos().isPresent(),
                config.flag("add_eos_token", t5) && special.eos().isPresent(), t5,
                config.flag("clean_up_tokenization_spaces", false), chat(folder, config));
    }

    private static Optional<ChatTemplate> chat(Path folder, Fields config) throws IOException {
        var file = folder.resolve("chat_template.jinja");
        var template = Files.exists(file) ? Files.readString(file)
                : config.has("chat_template") && config.node().get("chat_template").isString()
                        ? config.text("chat_template") : "";
        var bos = config.has("bos_token") ? VocabularyFiles.content(config, "bos_token") : "";
        return ChatTemplate.of(template, bos);
    }

    /// The ids of `text`; special tokens that stand in it are found, none are added.
    public int[] encode(String text) {
        return tokenizer instanceof SentencePieceTokenizer pieces
                ? special.cut(text, pieces, prefixAlways).flatMapToInt(IntStream::of).toArray()
                : tokenizer.encode(text);
    }

    /// What a model reads for `text`, special tokens added.
    public int[] process(String text) {
        if (tokenizer instanceof SubwordTokenizer words) {
            return words.process(text).ids();
        }
        var begin = addBos ? special.bos().stream() : IntStream.empty();
        var end = addEos ? special.eos().stream() : IntStream.empty();
        return IntStream.concat(IntStream.concat(begin, IntStream.of(encode(text))), end).toArray();
    }

    /// The text of `ids` without special tokens.
    public String decode(int... ids) {
        var text = tokenizer.decode(ids);
        return cleanUp ? cleaned(text) : text;
    }

    /// The form of conversations. Throws [IllegalArgumentException] where it is not known.
    public ChatTemplate requireChat() {
        return chat.orElseThrow(() -> new IllegalArgumentException("chat: the folder of the tokenizer has no "
                + "chat_template, or one that is not known\nhint: known are those of Llama 2, Llama 3, LLaDA and "
                + "ChatML; write the prompt as the model wants it"));
    }

    private static String cleaned(String text) {
        return text.replace(" .", ".").replace(" ?", "?").replace(" !", "!").replace(" ,", ",").replace(" ' ", "'")
                .replace(" n't", "n't").replace(" 'm", "'m").replace(" 's", "'s").replace(" 've", "'ve")
                .replace(" 're", "'re");
    }
}
