package org.sfumato.tokenizers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sfumato.tokenizers.pipeline.Fields;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Finds the files of a tokenizer and reads them.
final class TokenizerFiles {
    private static final List<String> ALONE = List.of("tokenizer.json", "vocab.json", "encoder.json", "vocab.txt",
            "tokenizer.model", "spiece.model", "sentencepiece.bpe.model");
    private static final Map<String, String> MERGES = Map.of("vocab.json", "merges.txt", "encoder.json", "vocab.bpe");

    private interface Reading {
        Tokenizer read() throws IOException;
    }

    private TokenizerFiles() {
    }

    static Tokenizer load(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            if (!Files.exists(path)) {
                throw new NoSuchFileException(path.toString(), null, "there is no such file or folder");
            }
            return file(path);
        }
        for (var name : ALONE) {
            if (Files.exists(path.resolve(name)) && (!MERGES.containsKey(name)
                    || Files.exists(path.resolve(MERGES.get(name))))) {
                return file(path.resolve(name));
            }
        }
        try (var files = Files.newDirectoryStream(path, "*.{model,tiktoken}")) {
            for (var file : files) {
                return file(file);
            }
        }
        throw new NoSuchFileException(path.toString(), null, "no tokenizer: none of " + String.join(", ", ALONE)
                + ", *.model, *.tiktoken");
    }

    private static Tokenizer file(Path file) throws IOException {
        var name = file.getFileName().toString();
        return guarded(file, () -> {
            if (name.endsWith(".tiktoken")) {
                return SubwordTokenizer.of(VocabularyFiles.tiktoken(file));
            }
            if (name.endsWith(".txt")) {
                var config = config(file.resolveSibling("tokenizer_config.json"));
                return SubwordTokenizer.of(VocabularyFiles.bert(file, config));
            }
            var merges = merges(file);
            if (merges.isPresent()) {
                return SubwordTokenizer.of(VocabularyFiles.gpt2(file, merges.get()));
            }
            if (name.endsWith(".json")) {
                return SubwordTokenizer.of(VocabularyFiles.read(file));
            }
            if (name.endsWith(".model")) {
                return SentencePieceTokenizer.of(Files.readAllBytes(file));
            }
            if (name.endsWith(".bin")) {
                return SentencePieceTokenizer.of(Llama2Vocabulary.of(Files.readAllBytes(file)).toSentencePiece());
            }
            throw new TokenizerFormatException(file, "a tokenizer's file is one of *.json, *.txt, *.model, *.tiktoken, "
                    + "*.bin of llama2.c", null);
        });
    }

    /// The merges that belong to a GPT-2 vocabulary: `vocab.json` and `merges.txt`, with any prefix before both.
    private static Optional<Path> merges(Path vocabulary) {
        var name = vocabulary.getFileName().toString();
        return MERGES.keySet().stream().filter(name::endsWith)
                .map(end -> vocabulary.resolveSibling(name.replace(end, MERGES.get(end)))).filter(Files::exists)
                .findFirst();
    }

    /// A `tokenizer_config.json`, empty where there is none.
    static Fields config(Path config) throws IOException {
        JsonNode node = Files.exists(config) ? VocabularyFiles.read(config) : JsonMapper.shared().createObjectNode();
        return new Fields(node, "tokenizer_config.json");
    }

    /// What is wrong with the content, and running out of stack on it, becomes an error that names the file.
    private static Tokenizer guarded(Path file, Reading reading) throws IOException {
        try {
            return reading.read();
        } catch (IllegalArgumentException e) {
            throw new TokenizerFormatException(file, e.getMessage(), e);
        } catch (StackOverflowError e) {
            throw new TokenizerFormatException(file, "its parts are nested too deeply", e);
        } catch (java.nio.charset.MalformedInputException e) {
            throw new TokenizerFormatException(file, "it is not UTF-8", e);
        }
    }
}
