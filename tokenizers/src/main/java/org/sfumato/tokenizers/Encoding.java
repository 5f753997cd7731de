package org.sfumato.tokenizers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// What a text, or a pair of texts, is for a model: ids and what belongs to each.
///
/// All arrays and `tokens` have one length. Of a special token and of padding, start and end are 0.
///
/// @param ids what the model reads
/// @param tokens the name of each id; for text without a token of its own that text
/// @param starts where the token begins in the text, an index of the string, in `char`s
/// @param ends where it ends, so that `text.substring(starts[i], ends[i])` is what it stands for
/// @param words which word of the text, as the tokenizer cuts it, holds the token; -1 for special tokens
/// @param typeIds 0 for the first text, 1 for the second, or as the tokenizer's file has it
/// @param specialMask 1 for tokens that were added to the text, padding among them
/// @param attentionMask 0 for padding
/// @param overflowing what truncation cut off, each part like this one, first to last
public record Encoding(int[] ids, List<String> tokens, int[] starts, int[] ends, int[] words, int[] typeIds,
        int[] specialMask, int[] attentionMask, List<Encoding> overflowing) {

    /// Special tokens, with the type `typeId`.
    public static Encoding special(int[] ids, List<String> tokens, int typeId) {
        int n = ids.length;
        return new Encoding(ids, tokens, new int[n], new int[n], filled(n, -1), filled(n, typeId), filled(n, 1),
                filled(n, 1), List.of());
    }

    /// How many ids there are.
    public int size() {
        return ids.length;
    }

    /// The tokens `[from, to)`.
    public Encoding slice(int from, int to) {
        return new Encoding(part(ids, from, to), List.copyOf(tokens.subList(from, to)), part(starts, from, to),
                part(ends, from, to), part(words, from, to), part(typeIds, from, to), part(specialMask, from, to),
                part(attentionMask, from, to), List.of());
    }

    /// With other offsets.
    public Encoding withOffsets(int[] starts, int[] ends) {
        return new Encoding(ids, tokens, starts, ends, words, typeIds, specialMask, attentionMask,
                overflowing);
    }

    /// With the type `typeId` everywhere.
    public Encoding withType(int typeId) {
        return new Encoding(ids, tokens, starts, ends, words, filled(ids.length, typeId), specialMask, attentionMask,
                overflowing);
    }

    /// With what was cut off.
    public Encoding withOverflowing(List<Encoding> parts) {
        return new Encoding(ids, tokens, starts, ends, words, typeIds, specialMask, attentionMask, parts);
    }

    /// One after another, without what was cut off.
    public static Encoding concat(List<Encoding> parts) {
        var tokens = new ArrayList<String>();
        parts.forEach(part -> tokens.addAll(part.tokens));
        return new Encoding(joined(parts, Encoding::ids), tokens, joined(parts, Encoding::starts),
                joined(parts, Encoding::ends), joined(parts, Encoding::words), joined(parts, Encoding::typeIds),
                joined(parts, Encoding::specialMask), joined(parts, Encoding::attentionMask), List.of());
    }

    /// Filled up to `length` tokens with those of `padding`; unchanged where it is as long already.
    Encoding padded(int length, Padding padding) {
        int n = length - ids.length;
        if (n <= 0) {
            return this;
        }
        var pad = special(filled(n, padding.id()), Collections.nCopies(n, padding.token()), padding.typeId());
        pad = new Encoding(pad.ids, pad.tokens, pad.starts, pad.ends, pad.words, pad.typeIds, pad.specialMask,
                new int[n], List.of());
        var rest = overflowing.stream().map(part -> part.padded(length, padding)).toList();
        return concat(padding.left() ? List.of(pad, this) : List.of(this, pad)).withOverflowing(rest);
    }

    private static int[] filled(int n, int value) {
        var out = new int[n];
        Arrays.fill(out, value);
        return out;
    }

    private static int[] part(int[] all, int from, int to) {
        return Arrays.copyOfRange(all, from, to);
    }

    private interface Column {
        int[] of(Encoding encoding);
    }

    private static int[] joined(List<Encoding> parts, Column column) {
        var out = new int[parts.stream().mapToInt(Encoding::size).sum()];
        int at = 0;
        for (var part : parts) {
            System.arraycopy(column.of(part), 0, out, at, part.size());
            at += part.size();
        }
        return out;
    }
}
