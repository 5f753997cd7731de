package org.sfumato.tokenizers;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.sfumato.tokenizers.pipeline.BytePair;
import org.sfumato.tokenizers.pipeline.Fields;
import org.sfumato.tokenizers.pipeline.Pipeline;
import org.sfumato.tokenizers.pipeline.WordEncoder;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A tokenizer as Hugging Face's tokenizer.json describes it: byte-pair encoding, WordPiece, Unigram or whole words.
///
/// {@snippet :
/// var tokenizer = (SubwordTokenizer) Tokenizers.load(Path.of("bert-base-uncased"));
/// int[] ids = tokenizer.encode("To be, or not");          // the text alone
/// Encoding input = tokenizer.process("To be, or not");    // as the model wants it: [CLS] to be , or not [SEP]
/// String text = tokenizer.decode(input.ids());            // special tokens left out
/// }
///
/// Source: the Rust library `tokenizers` 0.23, with which ids, tokens, offsets and decoded text agree.
public final class SubwordTokenizer implements Tokenizer {
    static final String NAME = "tokenizer.json";

    private final JsonNode json;
    private final Pipeline parts;
    private final WordEncoder words;
    private final Optional<Truncation> truncation;
    private final Optional<Padding> padding;

    private SubwordTokenizer(JsonNode json, Pipeline parts, Optional<Truncation> truncation,
            Optional<Padding> padding) {
        this.json = json;
        this.parts = parts;
        this.truncation = truncation;
        this.padding = padding;
        words = new WordEncoder(parts);
    }

    /// The tokenizer that the content of a tokenizer.json describes. Throws [IllegalArgumentException] where it is
    /// none, or has a part that is not known, saying where in it.
    static SubwordTokenizer of(JsonNode json) {
        var parts = Pipeline.of(new Fields(json, "tokenizer.json"));
        return new SubwordTokenizer(json, parts, parts.cuts().truncation(), parts.cuts().padding());
    }

    /// This with another length, or none, to which [#process(String)] cuts.
    public SubwordTokenizer withTruncation(Optional<Truncation> truncation) {
        return new SubwordTokenizer(json, parts, truncation, padding);
    }

    /// This with another padding, or none.
    public SubwordTokenizer withPadding(Optional<Padding> padding) {
        return new SubwordTokenizer(json, parts, truncation, padding);
    }

    /// The ids of `text` alone: nothing is added or cut off. Special tokens that stand in the text are found.
    @Override
    public int[] encode(String text) {
        requireText(text);
        return words.encode(text);
    }

    /// The ids of each text, as [#encode(String)] has them, by several threads.
    public List<int[]> encodeAll(List<String> texts) {
        return texts.parallelStream().map(this::encode).toList();
    }

    /// What a model reads for `text`: special tokens added, cut and filled up as the file or this tokenizer has it.
    public Encoding process(String text) {
        return filled(assembled(List.of(text), true));
    }

    /// What a model reads for a pair of texts.
    public Encoding process(String first, String second) {
        return filled(assembled(List.of(first, second), true));
    }

    /// The texts, each as [#process(String)] has it, padded to the longest where there is padding; by several threads.
    public List<Encoding> processAll(List<String> texts) {
        var all = texts.parallelStream().map(text -> assembled(List.of(text), true)).toList();
        if (padding.isEmpty()) {
            return all;
        }
        int target = padding.get().target(all.stream().mapToInt(Encoding::size).max().orElse(0));
        return all.stream().map(encoding -> encoding.padded(target, padding.get())).toList();
    }

    /// Like [#process(String)] without special tokens: the tokens of the text and where they stand in it.
    public Encoding align(String text) {
        return filled(assembled(List.of(text), false));
    }

    private Encoding filled(Encoding encoding) {
        return padding.map(p -> encoding.padded(p.target(encoding.size()), p)).orElse(encoding);
    }

    private Encoding assembled(List<String> texts, boolean special) {
        var all = new ArrayList<Encoding>();
        for (var text : texts) {
            requireText(text);
            all.add(words.align(text).withType(all.size()));
        }
        int extra = special ? parts.postProcessor().added(texts.size() == 2) : 0;
        var cut = truncation.map(t -> t.apply(all, extra)).orElse(all);
        var main = joined(cut, texts, special);
        var overflowing = new ArrayList<Encoding>();
        if (cut.size() == 1) {
            cut.getFirst().overflowing().forEach(part -> overflowing.add(joined(List.of(part), texts, special)));
        } else {
            var second = new ArrayList<>(List.of(cut.getLast()));
            second.addAll(cut.getLast().overflowing());
            cut.getFirst().overflowing().forEach(a -> second.forEach(b ->
                    overflowing.add(joined(List.of(a, b), texts, special))));
            var first = cut.getFirst();
            cut.getLast().overflowing().forEach(b -> overflowing.add(joined(List.of(first, b), texts, special)));
        }
        return overflowing.isEmpty() ? main : main.withOverflowing(List.copyOf(overflowing));
    }

    private Encoding joined(List<Encoding> encodings, List<String> texts, boolean special) {
        return Encoding.concat(parts.postProcessor().process(encodings, texts, special));
    }

    /// The text of `ids`, special tokens left out.
    @Override
    public String decode(int... ids) {
        return decoded(ids, false);
    }

    /// The text of `ids`, special tokens among it.
    public String decodeWithSpecial(int... ids) {
        return decoded(ids, true);
    }

    private String decoded(int[] ids, boolean special) {
        var tokens = new ArrayList<String>(ids.length);
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= vocabularySize()) {
                throw UnknownTokenException.id(ids[i], i, vocabularySize());
            }
            var token = words.token(ids[i]);
            if (token != null && (special || !parts.added().isSpecial(token))) {
                tokens.add(token);
            }
        }
        return String.join("", parts.decoder().decode(tokens));
    }

    /// The id of `token`, where it has one.
    public OptionalInt id(String token) {
        var added = parts.added().find(token);
        return added != null ? OptionalInt.of(added.id()) : parts.model().vocabulary().find(token);
    }

    /// The token of `id`. Throws [UnknownTokenException] where there is none.
    public String token(int id) {
        var token = words.token(id);
        if (token == null) {
            throw UnknownTokenException.id(id, 0, vocabularySize());
        }
        return token;
    }

    /// The added tokens, special ones among them, by id.
    public List<AddedToken> addedTokens() {
        return parts.added().byId().values().stream().sorted((a, b) -> Integer.compare(a.id(), b.id())).toList();
    }

    /// Whether `token` is among [#addedTokens()].
    boolean isAdded(String token) {
        return parts.added().find(token) != null;
    }

    boolean isBytePair() {
        return parts.model() instanceof BytePair;
    }

    /// The largest id and one; a file may leave ids below it unused.
    @Override
    public int vocabularySize() {
        return words.limit();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String toJson() {
        var mapper = JsonMapper.shared();
        return mapper.writeValueAsString(mapper.createObjectNode().put("kind", NAME).set("file", json));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SubwordTokenizer t && json.equals(t.json) && truncation.equals(t.truncation)
                && padding.equals(t.padding);
    }

    @Override
    public int hashCode() {
        return json.hashCode();
    }

    @Override
    public String toString() {
        return NAME + "(" + vocabularySize() + ")";
    }

    static void requireText(String text) {
        int at = IntStream.range(0, text.length()).filter(i -> Character.isSurrogate(text.charAt(i))
                && !paired(text, i)).findFirst().orElse(-1);
        if (at >= 0) {
            throw UnknownTokenException.surrogate("encode", text.charAt(at), at);
        }
    }

    private static boolean paired(String text, int i) {
        return Character.isHighSurrogate(text.charAt(i))
                ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }
}
