package org.sfumato.tokenizers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sfumato.tokenizers.pipeline.Fields;
import tools.jackson.databind.json.JsonMapper;

/// The ids of the tokens that mean something to a model, where it has them.
///
/// @param bos begins a text
/// @param eos ends a text
/// @param pad fills up a batch
/// @param mask stands for what is to be found
/// @param cls is read for the text as a whole
/// @param sep stands between texts
/// @param unknown stands for what has no token
public record SpecialTokens(OptionalInt bos, OptionalInt eos, OptionalInt pad, OptionalInt mask, OptionalInt cls,
        OptionalInt sep, OptionalInt unknown) {

    /// Reads `tokenizer_config.json`, then `special_tokens_map.json`. Of a role that neither names, the token is the
    /// first of these that the tokenizer knows as one of its added or control tokens: files of BERT and GPT-2 name
    /// none.
    private enum Role {
        BOS("bos_token", "<s>", "<|begin_of_text|>", "<|startoftext|>", "<bos>", "<|endoftext|>"),
        EOS("eos_token", "</s>", "<|end_of_text|>", "<eos>", "<|endoftext|>"),
        PAD("pad_token", "[PAD]", "<pad>", "<|padding|>"),
        MASK("mask_token", "[MASK]", "<mask>", "<|mask|>", "<|mdm_mask|>"),
        CLS("cls_token", "[CLS]"),
        SEP("sep_token", "[SEP]"),
        UNKNOWN("unk_token", "[UNK]", "<unk>");

        private final String field;
        private final List<String> usual;

        Role(String field, String... usual) {
            this.field = field;
            this.usual = List.of(usual);
        }
    }

    /// Of the tokenizer in a folder. `id` finds a token that a file names, `usual` one that only the tokenizer knows.
    static SpecialTokens of(Path folder, Fields config, Function<String, OptionalInt> id,
            Function<String, OptionalInt> usual) throws IOException {
        var file = folder.resolve("special_tokens_map.json");
        var map = new Fields(Files.exists(file) ? VocabularyFiles.read(file) : JsonMapper.shared().createObjectNode(),
                "special_tokens_map.json");
        Function<Role, OptionalInt> find = role -> {
            for (var fields : List.of(config, map)) {
                if (fields.node().has(role.field)) {
                    return content(fields, role.field).map(id).orElse(OptionalInt.empty());
                }
            }
            return role.usual.stream().map(usual).filter(OptionalInt::isPresent).findFirst()
                    .orElse(OptionalInt.empty());
        };
        return new SpecialTokens(find.apply(Role.BOS), find.apply(Role.EOS), find.apply(Role.PAD),
                find.apply(Role.MASK), find.apply(Role.CLS), find.apply(Role.SEP), find.apply(Role.UNKNOWN));
    }

    /// The ids of what lies between these tokens, and other control pieces, in `text`, and of the tokens.
    Stream<int[]> cut(String text, SentencePieceTokenizer pieces, boolean prefixAlways) {
        var own = Stream.of(bos, eos, pad, mask, cls, sep, unknown).flatMapToInt(OptionalInt::stream);
        var ids = IntStream.concat(own, pieces.controls()).distinct().toArray();
        var out = new ArrayList<int[]>();
        int from = 0;
        for (int at = 0; at < text.length();) {
            int here = at;
            var found = IntStream.of(ids).filter(id -> text.startsWith(pieces.piece(id), here)).boxed()
                    .max(Comparator.comparingInt(id -> pieces.piece(id).length()));
            if (found.isPresent()) {
                out.add(between(text.substring(from, at), pieces, prefixAlways || from == 0));
                out.add(new int[] {found.get()});
                at += pieces.piece(found.get()).length();
                from = at;
            } else {
                at++;
            }
        }
        out.add(between(text.substring(from), pieces, prefixAlways || from == 0));
        return out.stream();
    }

    private static int[] between(String text, SentencePieceTokenizer pieces, boolean front) {
        return text.isEmpty() ? new int[0] : pieces.encode(text, front);
    }

    /// Text, or an object that holds it, or nothing where the field is null.
    private static Optional<String> content(Fields fields, String name) {
        return !fields.has(name) ? Optional.empty() : Optional.of(VocabularyFiles.content(fields, name));
    }
}
