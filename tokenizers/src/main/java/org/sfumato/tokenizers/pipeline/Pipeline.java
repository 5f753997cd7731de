package org.sfumato.tokenizers.pipeline;

import java.util.List;
import java.util.Optional;
import org.sfumato.tokenizers.AddedToken;
import org.sfumato.tokenizers.Padding;
import org.sfumato.tokenizers.Truncation;

/// A tokenizer.json as read.
///
/// @param truncation what the file asks for
/// @param padding what the file asks for
public record Pipeline(Normalizer normalizer, PreTokenizer preTokenizer, Model model, PostProcessor postProcessor,
        Decoder decoder, AddedTokens added, Cuts cuts) {

    /// The lengths that a file asks for.
    public record Cuts(Optional<Truncation> truncation, Optional<Padding> padding) { }

    /// Throws [IllegalArgumentException] where `f` is no tokenizer, or one with a part that is not known.
    public static Pipeline of(Fields f) {
        var normalizer = f.has("normalizer") ? Parts.normalizer(f.object("normalizer"))
                : new Normalizer.Sequence(List.of());
        var preTokenizer = f.has("pre_tokenizer") ? Parts.preTokenizer(f.object("pre_tokenizer"))
                : new PreTokenizer.Sequence(List.of());
        var postProcessor = f.has("post_processor") ? Parts.postProcessor(f.object("post_processor"))
                : new PostProcessor.Sequence(List.of());
        var decoder = f.has("decoder") ? Parts.decoder(f.object("decoder")) : new Decoder.Spaces();
        var model = Models.model(f.object("model"));
        List<AddedToken> added = f.has("added_tokens") ? f.objects("added_tokens", Pipeline::addedToken) : List.of();
        return new Pipeline(normalizer, preTokenizer, model, postProcessor, decoder,
                new AddedTokens(added, model.vocabulary(), normalizer), new Cuts(truncation(f), padding(f)));
    }

    private static AddedToken addedToken(Fields f) {
        return new AddedToken(f.number("id"), f.text("content"), f.flag("single_word", false), f.flag("lstrip", false),
                f.flag("rstrip", false), f.flag("normalized", true), f.flag("special", false));
    }

    private static Optional<Truncation> truncation(Fields f) {
        if (!f.has("truncation")) {
            return Optional.empty();
        }
        var t = f.object("truncation");
        var strategy = switch (t.text("strategy", "LongestFirst")) {
            case "LongestFirst" -> Truncation.Strategy.LONGEST_FIRST;
            case "OnlyFirst" -> Truncation.Strategy.ONLY_FIRST;
            case "OnlySecond" -> Truncation.Strategy.ONLY_SECOND;
            default -> throw t.error("strategy \"" + t.text("strategy") + "\" is not known");
        };
        return Optional.of(new Truncation(t.number("max_length"), t.number("stride", 0), strategy, left(t)));
    }

    private static boolean left(Fields f) {
        return switch (f.text("direction", "Right")) {
            case "Right" -> false;
            case "Left" -> true;
            default -> throw f.error("direction \"" + f.text("direction") + "\" is not known");
        };
    }

    private static Optional<Padding> padding(Fields f) {
        if (!f.has("padding")) {
            return Optional.empty();
        }
        var p = f.object("padding");
        int length = p.value("strategy").isObject() ? p.object("strategy").number("Fixed") : 0;
        return Optional.of(new Padding(length, p.number("pad_to_multiple_of", 0), left(p), p.number("pad_id", 0),
                p.number("pad_type_id", 0), p.text("pad_token", "[PAD]")));
    }
}
