package org.sfumato.tokenizers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tokenizers.pipeline.ByteAlphabet;
import org.sfumato.tokenizers.pipeline.BytePair;
import org.sfumato.tokenizers.pipeline.Fields;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Files older than tokenizer.json, each as the tokenizer.json that means the same.
final class VocabularyFiles {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final String END = "<|endoftext|>";
    /// Of cl100k_base and of Llama 3; o200k_base differs in letters of both cases.
    private static final String CL100K = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String UPPER = "\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}";
    private static final String LOWER = "\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}";
    private static final String SHORT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|";
    private static final String O200K = "[^\\r\\n\\p{L}\\p{N}]?[" + UPPER + "]*[" + LOWER + "]+" + SHORT
            + "[^\\r\\n\\p{L}\\p{N}]?[" + UPPER + "]+[" + LOWER + "]*" + SHORT
            + "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private VocabularyFiles() {
    }

    /// GPT-2's: ids of tokens, and merges line by line. Source: Radford et al. 2019.
    static JsonNode gpt2(Path vocabulary, Path merges) throws IOException {
        var ids = read(vocabulary);
        var list = MAPPER.createArrayNode();
        for (var line : Files.readString(merges).split("\n")) {
            var merge = line.strip();
            if (!merge.isEmpty() && !merge.startsWith("#version")) {
                list.add(merge);
            }
        }
        return gpt2(ids, list, List.of(END));
    }

    /// The same from a vocabulary in the order of its ids.
    static JsonNode gpt2(List<String> tokens, List<BytePair.Merge> merges, List<String> special) {
        var ids = MAPPER.createObjectNode();
        tokens.forEach(token -> ids.put(token, ids.size()));
        var list = MAPPER.createArrayNode();
        merges.forEach(merge -> list.add(merge.left() + " " + merge.right()));
        return gpt2(ids, list, special);
    }

    private static JsonNode gpt2(JsonNode ids, ArrayNode merges, List<String> special) {
        var file = byteLevel(ids, merges);
        special.stream().filter(ids::has).forEach(token -> special(file, token, ids.get(token).asInt()));
        file.set("pre_tokenizer", MAPPER.createObjectNode().put("type", "ByteLevel").put("add_prefix_space", false));
        return file;
    }

    private static ObjectNode byteLevel(JsonNode ids, ArrayNode merges) {
        var file = MAPPER.createObjectNode();
        file.putArray("added_tokens");
        file.set("post_processor", MAPPER.createObjectNode().put("type", "ByteLevel").put("trim_offsets", false));
        file.set("decoder", MAPPER.createObjectNode().put("type", "ByteLevel"));
        var model = file.putObject("model").put("type", "BPE");
        model.set("vocab", ids);
        model.set("merges", merges);
        return file;
    }

    /// The tree of a JSON file.
    static JsonNode read(Path file) throws IOException {
        try {
            var node = MAPPER.readTree(Files.readAllBytes(file));
            return new Fields(node, "the file").node();
        } catch (tools.jackson.core.JacksonException e) {
            throw new TokenizerFormatException(file, "not JSON, " + e.getOriginalMessage()
                    + "\nhint: the file may have been cut off, or be a pointer of Git LFS", e);
        } catch (IllegalArgumentException e) {
            throw new TokenizerFormatException(file, e.getMessage(), e);
        }
    }

    private static void special(ObjectNode file, String content, int id) {
        ((ArrayNode) file.get("added_tokens")).addObject().put("id", id).put("content", content)
                .put("normalized", false).put("special", true);
    }

    /// BERT's: a token a line; `config` is tokenizer_config.json, or an empty object.
    static JsonNode bert(Path vocabulary, Fields config) throws IOException {
        var file = MAPPER.createObjectNode();
        file.putArray("added_tokens");
        var model = file.putObject("model").put("type", "WordPiece");
        var vocab = model.putObject("vocab");
        int id = 0;
        for (var line : Files.readString(vocabulary).split("\n")) {
            vocab.put(line.endsWith("\r") ? line.substring(0, line.length() - 1) : line, id++);
        }
        for (var role : List.of("unk_token", "sep_token", "pad_token", "cls_token", "mask_token")) {
            var token = token(config, role);
            if (!vocab.has(token)) {
                throw new TokenizerFormatException(vocabulary, "it has no " + role + ", " + token
                        + "\nhint: is this the vocabulary of a BERT?", null);
            }
            special(file, token, vocab.get(token).asInt());
        }
        model.put("unk_token", token(config, "unk_token"));
        var normalizer = file.putObject("normalizer").put("type", "BertNormalizer")
                .put("lowercase", config.flag("do_lower_case", true))
                .put("handle_chinese_chars", config.flag("tokenize_chinese_chars", true));
        if (config.has("strip_accents")) {
            normalizer.put("strip_accents", config.flag("strip_accents", true));
        }
        file.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
        var post = file.putObject("post_processor").put("type", "BertProcessing");
        for (var name : List.of("sep", "cls")) {
            var token = token(config, name + "_token");
            post.putArray(name).add(token).add(vocab.get(token).asInt());
        }
        file.putObject("decoder").put("type", "WordPiece").put("prefix", "##");
        return file;
    }

    /// The content of a special token.
    private static String token(Fields config, String role) {
        var usual = "[" + role.substring(0, role.indexOf('_')).toUpperCase(java.util.Locale.ROOT) + "]";
        return config.has(role) ? content(config, role) : usual;
    }

    /// Text, or that of an object that holds it.
    static String content(Fields config, String name) {
        return config.node().get(name).isObject() ? config.object(name).text("content") : config.text(name);
    }

    /// tiktoken's: a token in base64 and its rank a line. Two neighbours merge where together they are a token, the
    /// lowest rank first, so all ways to cut each token are merges.
    static JsonNode tiktoken(Path ranks) throws IOException {
        var tokens = new HashMap<String, Integer>();
        int number = 0;
        for (var line : Files.readString(ranks).split("\n")) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            var words = line.strip().split(" ");
            try {
                var bytes = Base64.getDecoder().decode(words[0]);
                tokens.put(ByteAlphabet.write(bytes), Integer.parseUnsignedInt(words[1]));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                throw new TokenizerFormatException(ranks, "line " + number + " is not a token in base64 and its rank",
                        e);
            }
        }
        var ids = MAPPER.createObjectNode();
        record Cut(int rank, String text) { }
        var cuts = new ArrayList<Cut>();
        tokens.forEach((token, rank) -> {
            ids.put(token, rank);
            for (int i = 1; i < token.length(); i++) {
                if (tokens.containsKey(token.substring(0, i)) && tokens.containsKey(token.substring(i))) {
                    cuts.add(new Cut(rank, token.substring(0, i) + " " + token.substring(i)));
                }
            }
        });
        cuts.sort(Comparator.comparingInt(Cut::rank).thenComparing(Cut::text));
        var merges = MAPPER.createArrayNode();
        cuts.forEach(cut -> merges.add(cut.text()));
        var file = byteLevel(ids, merges);
        var name = ranks.getFileName().toString();
        var pattern = name.startsWith("o200k") ? O200K : name.matches("(r50k|p50k|gpt2).*") ? "" : CL100K;
        var bytes = MAPPER.createObjectNode().put("type", "ByteLevel").put("add_prefix_space", false)
                .put("use_regex", pattern.isEmpty());
        if (pattern.isEmpty()) {
            file.set("pre_tokenizer", bytes);
        } else {
            var steps = file.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
            steps.addObject().put("type", "Split").put("behavior", "Isolated").putObject("pattern")
                    .put("Regex", pattern);
            steps.add(bytes);
        }
        specials(name).forEach((content, id) -> {
            ids.put(content, id);
            special(file, content, id);
        });
        return file;
    }

    private static Map<String, Integer> specials(String name) {
        if (name.matches("(r50k|p50k|gpt2).*")) {
            return Map.of(END, 50256);
        }
        if (name.startsWith("cl100k")) {
            return Map.of(END, 100257, "<|fim_prefix|>", 100258, "<|fim_middle|>", 100259, "<|fim_suffix|>", 100260,
                    "<|endofprompt|>", 100276);
        }
        return name.startsWith("o200k") ? Map.of(END, 199999, "<|endofprompt|>", 200018) : Map.of();
    }
}
