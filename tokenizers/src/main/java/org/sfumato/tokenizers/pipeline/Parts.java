package org.sfumato.tokenizers.pipeline;

import java.text.Normalizer.Form;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sfumato.tokenizers.Encoding;

/// The parts of a tokenizer.json beside its model.
final class Parts {

    private Parts() {
    }

    static Normalizer normalizer(Fields f) {
        return switch (f.text("type")) {
            case "Sequence" -> new Normalizer.Sequence(f.objects("normalizers", Parts::normalizer));
            case "NFC" -> new Normalizer.Unicode(Form.NFC);
            case "NFD" -> new Normalizer.Unicode(Form.NFD);
            case "NFKC" -> new Normalizer.Unicode(Form.NFKC);
            case "NFKD" -> new Normalizer.Unicode(Form.NFKD);
            case "Lowercase" -> new Normalizer.Lowercase();
            case "StripAccents" -> new Normalizer.StripAccents();
            case "BertNormalizer" -> {
                boolean lower = f.flag("lowercase", true);
                yield new Normalizer.Bert(f.flag("clean_text", true), f.flag("handle_chinese_chars", true),
                        f.flag("strip_accents", lower), lower);
            }
            case "Strip" -> new Normalizer.Strip(f.flag("strip_left", true), f.flag("strip_right", true));
            case "Replace" -> new Normalizer.Replace(pattern(f), f.text("content"));
            case "Prepend" -> new Normalizer.Prepend(f.text("prepend"));
            case "Nmt" -> new Normalizer.Nmt();
            case "ByteLevel" -> new Normalizer.Bytes();
            case "Precompiled" -> new Normalizer.Precompiled(charsMap(f));
            default -> throw f.unknownType();
        };
    }

    private static CharsMap charsMap(Fields f) {
        try {
            return CharsMap.of(Base64.getDecoder().decode(f.text("precompiled_charsmap", "")));
        } catch (IllegalArgumentException e) {
            throw f.error(e.getMessage());
        }
    }

    private static Finder pattern(Fields f) {
        if (f.value("pattern").isString()) {
            return new Finder.Literal(f.text("pattern"));
        }
        var pattern = f.object("pattern");
        if (pattern.has("String")) {
            return new Finder.Literal(pattern.text("String"));
        }
        try {
            return new Finder.Regex(Patterns.compile(pattern.text("Regex")));
        } catch (IllegalArgumentException e) {
            throw f.error(e.getMessage());
        }
    }

    private static Behaviour behaviour(Fields f, String otherwise) {
        var name = f.text("behavior", otherwise);
        return switch (name.replace("_", "").toLowerCase(Locale.ROOT)) {
            case "removed" -> Behaviour.REMOVED;
            case "isolated" -> Behaviour.ISOLATED;
            case "mergedwithprevious" -> Behaviour.MERGED_WITH_PREVIOUS;
            case "mergedwithnext" -> Behaviour.MERGED_WITH_NEXT;
            case "contiguous" -> Behaviour.CONTIGUOUS;
            default -> throw f.error("behavior \"" + name + "\" is not known");
        };
    }

    static PreTokenizer preTokenizer(Fields f) {
        return switch (f.text("type")) {
            case "Sequence" -> new PreTokenizer.Sequence(f.objects("pretokenizers", Parts::preTokenizer));
            case "ByteLevel" -> new PreTokenizer.Bytes(f.flag("add_prefix_space", true), f.flag("use_regex", true));
            case "Split" -> new PreTokenizer.Split(pattern(f), behaviour(f, "removed"), f.flag("invert", false));
            case "BertPreTokenizer" -> new PreTokenizer.Bert();
            case "Whitespace" -> new PreTokenizer.Whitespace();
            case "WhitespaceSplit" -> new PreTokenizer.WhitespaceSplit();
            case "CharDelimiterSplit" -> new PreTokenizer.Delimiter(f.character("delimiter"));
            case "Metaspace" -> new PreTokenizer.Metaspace(Character.toString(f.character("replacement")), prefix(f),
                    f.flag("split", true));
            case "Punctuation" -> new PreTokenizer.Punctuation(behaviour(f, "isolated"));
            case "Digits" -> new PreTokenizer.Digits(f.flag("individual_digits", false));
            case "UnicodeScripts" -> new PreTokenizer.UnicodeScripts();
            case "FixedLength" -> {
                int length = f.number("length", 5);
                if (length == 0) {
                    throw f.error("length is 0");
                }
                yield new PreTokenizer.FixedLength(length);
            }
            default -> throw f.unknownType();
        };
    }

    private static PreTokenizer.Prefix prefix(Fields f) {
        if (!f.has("prepend_scheme")) {
            return f.flag("add_prefix_space", true) ? PreTokenizer.Prefix.ALWAYS : PreTokenizer.Prefix.NEVER;
        }
        return switch (f.text("prepend_scheme")) {
            case "always" -> PreTokenizer.Prefix.ALWAYS;
            case "first" -> PreTokenizer.Prefix.FIRST;
            case "never" -> PreTokenizer.Prefix.NEVER;
            default -> throw f.error("prepend_scheme \"" + f.text("prepend_scheme") + "\" is not known");
        };
    }

    static Decoder decoder(Fields f) {
        return switch (f.text("type")) {
            case "Sequence" -> new Decoder.Sequence(f.objects("decoders", Parts::decoder));
            case "ByteLevel" -> new Decoder.Bytes();
            case "WordPiece" -> new Decoder.WordPieces(f.text("prefix", "##"), f.flag("cleanup", true));
            case "Metaspace" -> new Decoder.Metaspace(Character.toString(f.character("replacement")),
                    prefix(f) != PreTokenizer.Prefix.NEVER);
            case "BPEDecoder" -> new Decoder.Suffix(f.text("suffix", "</w>"));
            case "ByteFallback" -> new Decoder.ByteFallback();
            case "Fuse" -> new Decoder.Fuse();
            case "Strip" -> {
                int content = f.character("content");
                if (content > 0xFFFF) {
                    throw f.wrong("content", "a character below U+10000");
                }
                yield new Decoder.Strip((char) content, f.number("start"), f.number("stop"));
            }
            case "Replace" -> new Decoder.Replace(pattern(f), f.text("content"));
            case "CTC" -> new Decoder.Ctc(f.text("pad_token", "<pad>"), f.text("word_delimiter_token", "|"),
                    f.flag("cleanup", true));
            default -> throw f.unknownType();
        };
    }

    static PostProcessor postProcessor(Fields f) {
        return switch (f.text("type")) {
            case "Sequence" -> new PostProcessor.Sequence(f.objects("processors", Parts::postProcessor));
            case "ByteLevel" -> new PostProcessor.Bytes(f.flag("add_prefix_space", true), f.flag("trim_offsets", true));
            case "BertProcessing" -> new PostProcessor.Bert(special(f, "sep"), special(f, "cls"));
            case "RobertaProcessing" -> new PostProcessor.Roberta(special(f, "sep"), special(f, "cls"),
                    f.flag("trim_offsets", true), f.flag("add_prefix_space", true));
            case "TemplateProcessing" -> template(f);
            default -> throw f.unknownType();
        };
    }

    /// A pair of token and id.
    private static PostProcessor.Special special(Fields f, String name) {
        var pair = f.list(name);
        if (pair.size() != 2 || !pair.get(0).isString() || !pair.get(1).isInt()) {
            throw f.wrong(name, "a token and its id");
        }
        return new PostProcessor.Special(pair.get(0).stringValue(), pair.get(1).intValue());
    }

    private static PostProcessor template(Fields f) {
        Map<String, Encoding> special = new HashMap<>();
        if (f.has("special_tokens")) {
            var all = f.object("special_tokens");
            for (var name : all.node().propertyNames()) {
                var token = all.object(name);
                var ids = token.list("ids").stream().mapToInt(id -> id.isInt() ? id.intValue() : -1).toArray();
                var tokens = token.list("tokens").stream().map(t -> t.isString() ? t.stringValue() : "").toList();
                if (ids.length != tokens.size() || java.util.Arrays.stream(ids).anyMatch(id -> id < 0)) {
                    throw token.error("ids and tokens do not agree");
                }
                special.put(name, Encoding.special(ids, tokens, 0));
            }
        }
        var template = new PostProcessor.Template(f.objects("single", Parts::slot), f.objects("pair", Parts::slot),
                special);
        for (var slots : List.of(template.single(), template.pair())) {
            for (var slot : slots) {
                if (!slot.token().isEmpty() && !special.containsKey(slot.token())) {
                    throw f.error("\"" + slot.token() + "\" of the template is not among special_tokens");
                }
                if (slots == template.single() && slot.text() > 0) {
                    throw f.error("the template for one text names the second");
                }
            }
        }
        return template;
    }

    private static PostProcessor.Slot slot(Fields f) {
        if (f.has("SpecialToken")) {
            var token = f.object("SpecialToken");
            return new PostProcessor.Slot(token.text("id"), 0, token.number("type_id", 0));
        }
        var text = f.object("Sequence");
        return switch (text.text("id")) {
            case "A" -> new PostProcessor.Slot("", 0, text.number("type_id", 0));
            case "B" -> new PostProcessor.Slot("", 1, text.number("type_id", 0));
            default -> throw text.error("id is neither A nor B");
        };
    }
}
