package org.sfumato.tokenizers;

import java.io.IOException;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Tokenizers from their stored form.
public final class Tokenizers {

    private Tokenizers() {
    }

    /// The tokenizer of a model, from a folder as downloaded from the Hugging Face hub or from one of its files.
    ///
    /// Taken is, in this order: `tokenizer.json`; `vocab.json` and `merges.txt` (GPT-2), also as `encoder.json` and
    /// `vocab.bpe`; `vocab.txt` (BERT) with `tokenizer_config.json` where there is one; `tokenizer.model`,
    /// `spiece.model` or another `*.model` (SentencePiece); `*.tiktoken`. By its own name only: llama2.c's
    /// `tokenizer.bin`.
    ///
    /// @throws TokenizerFormatException if a file is damaged or holds what is not known, naming it
    /// @throws IOException if there is none, or it cannot be read
    public static Tokenizer load(Path folderOrFile) throws IOException {
        return TokenizerFiles.load(folderOrFile);
    }

    /// The tokenizer that [Tokenizer#toJson()] has described. Throws [IllegalArgumentException] where `json` is not
    /// JSON, names no known kind, or lacks what that kind needs.
    public static Tokenizer fromJson(String json) {
        JsonNode node;
        try {
            node = JsonMapper.shared().readTree(json);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("tokenizer: not JSON, " + e.getOriginalMessage(), e);
        }
        var kind = text(node, "kind");
        return switch (kind) {
            case CharTokenizer.NAME -> CharTokenizer.of(text(node, "vocabulary"), unknown(node));
            case ByteTokenizer.NAME -> new ByteTokenizer();
            case SubwordTokenizer.NAME -> SubwordTokenizer.of(node.get("file"));
            case SentencePieceTokenizer.NAME -> SentencePieceTokenizer.ofBase64(text(node, "model"));
            default -> throw new IllegalArgumentException("tokenizer: unknown kind, \"" + kind + "\"\nhint: known are "
                    + String.join(", ", CharTokenizer.NAME, ByteTokenizer.NAME, SubwordTokenizer.NAME,
                    SentencePieceTokenizer.NAME));
        };
    }

    private static Unknown unknown(JsonNode node) {
        if (!node.has("unknown")) {
            return new Unknown.Refuse();
        }
        var policy = text(node, "unknown");
        return switch (policy) {
            case "refuse" -> new Unknown.Refuse();
            case "skip" -> new Unknown.Skip();
            case "replace" -> new Unknown.Replace(text(node, "replacement"));
            default -> throw new IllegalArgumentException("tokenizer: field \"unknown\" is \"" + policy
                    + "\"\nhint: known are refuse, skip and replace");
        };
    }

    private static String text(JsonNode node, String field) {
        var value = node.get(field);
        if (value == null || !value.isString()) {
            throw new IllegalArgumentException("tokenizer: field \"" + field + "\" "
                    + (value == null ? "is missing" : "is not text, " + value));
        }
        return value.stringValue();
    }
}
