package org.sfumato.tokenizers.pipeline;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// The model of a tokenizer.json.
final class Models {

    private Models() {
    }

    static Model model(Fields f) {
        return switch (type(f)) {
            case "BPE" -> bytePair(f);
            case "WordPiece" -> new WordPiece(vocabulary(f), f.text("unk_token", "[UNK]"),
                    f.text("continuing_subword_prefix", "##"), f.number("max_input_chars_per_word", 100));
            case "WordLevel" -> new WordLevel(vocabulary(f), f.text("unk_token", "<unk>"));
            case "Unigram" -> unigram(f);
            default -> throw f.unknownType();
        };
    }

    /// Files from before 2020 do not say.
    private static String type(Fields f) {
        if (f.has("type")) {
            return f.text("type");
        }
        return f.has("merges") ? "BPE" : f.value("vocab").isArray() ? "Unigram"
                : f.has("continuing_subword_prefix") ? "WordPiece" : "WordLevel";
    }

    private static Vocabulary vocabulary(Fields f) {
        var vocab = f.object("vocab");
        var ids = HashMap.<String, Integer>newHashMap(vocab.node().size());
        vocab.node().forEachEntry((token, id) -> {
            if (!id.isInt() || id.intValue() < 0) {
                throw vocab.error("the id of \"" + token + "\" is " + id);
            }
            ids.put(token, id.intValue());
        });
        return made(f, ids);
    }

    private static Vocabulary made(Fields f, HashMap<String, Integer> ids) {
        try {
            return new Vocabulary(ids);
        } catch (IllegalArgumentException e) {
            throw f.error(e.getMessage());
        }
    }

    private static Model bytePair(Fields f) {
        if (f.has("dropout") && !(f.value("dropout").isNumber() && f.value("dropout").doubleValue() == 0)) {
            throw f.error("dropout " + f.value("dropout") + ": merges left out at random are not supported"
                    + "\nhint: set it to null; it is of use in training only");
        }
        var merges = new ArrayList<BytePair.Merge>();
        for (var merge : f.list("merges")) {
            merges.add(merge(f, merge, merges.size()));
        }
        var options = new BytePair.Options(f.text("unk_token", ""), f.text("continuing_subword_prefix", ""),
                f.text("end_of_word_suffix", ""), f.flag("fuse_unk", false), f.flag("byte_fallback", false),
                f.flag("ignore_merges", false));
        try {
            return new BytePair(vocabulary(f), merges, options);
        } catch (IllegalArgumentException e) {
            throw e.getMessage().startsWith(f.path()) ? e : f.error(e.getMessage());
        }
    }

    /// "a b", or ["a", "b"] where tokens may hold spaces.
    private static BytePair.Merge merge(Fields f, JsonNode merge, int rank) {
        List<String> parts = new ArrayList<>();
        if (merge.isString()) {
            parts = List.of(merge.stringValue().split(" ", -1));
        } else {
            for (var part : merge) {
                parts.add(part.isString() ? part.stringValue() : "");
            }
        }
        if (parts.size() != 2 || parts.contains("")) {
            throw f.error("merge " + rank + " is not two tokens but " + merge);
        }
        return new BytePair.Merge(parts.get(0), parts.get(1));
    }

    private static Model unigram(Fields f) {
        var vocab = f.list("vocab");
        var ids = HashMap.<String, Integer>newHashMap(vocab.size());
        var scores = new double[vocab.size()];
        for (int id = 0; id < scores.length; id++) {
            var entry = vocab.get(id);
            if (entry.size() != 2 || !entry.get(0).isString() || !entry.get(1).isNumber()) {
                throw f.error("vocab[" + id + "] is not a token and its score but " + entry);
            }
            ids.put(entry.get(0).stringValue(), id);
            scores[id] = entry.get(1).doubleValue();
        }
        int unknown = f.number("unk_id", -1);
        if (unknown >= scores.length) {
            throw f.error("unk_id " + unknown + " is outside the vocabulary of " + scores.length);
        }
        return new Unigram(made(f, ids), scores, unknown, f.flag("byte_fallback", false));
    }
}
