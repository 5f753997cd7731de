package org.sfumato.tokenizers;

import java.util.ArrayList;
import java.util.List;

/// How texts are cut down to a length.
///
/// @param length how many tokens there are at most, special ones included
/// @param stride how many tokens each part that was cut off shares with the one before
/// @param strategy which text of a pair is cut
/// @param left whether the front is cut off
public record Truncation(int length, int stride, Strategy strategy, boolean left) {
    /// Which text of a pair is cut.
    public enum Strategy {
        /// The longer first, then both.
        LONGEST_FIRST,
        /// The first.
        ONLY_FIRST,
        /// The second.
        ONLY_SECOND
    }

    /// Throws [IllegalArgumentException] unless `0 <= stride < length`, or the length is 0.
    public Truncation {
        if (length < 0 || stride < 0 || length > 0 && stride >= length) {
            throw new IllegalArgumentException("truncation: max_length " + length + " and stride " + stride
                    + "\nhint: the stride must be less than the length");
        }
    }

    /// The texts (one or two) cut down so that `extra` more tokens find place.
    List<Encoding> apply(List<Encoding> texts, int extra) {
        int room = Math.max(0, length - extra);
        int total = texts.stream().mapToInt(Encoding::size).sum();
        if (total <= room) {
            return texts;
        }
        if (room == 0) {
            return texts.stream().map(text -> cut(text, 0)).toList();
        }
        if (texts.size() == 1) {
            return switch (strategy) {
                case ONLY_SECOND -> throw new IllegalArgumentException("truncation: only_second, with one text");
                case LONGEST_FIRST, ONLY_FIRST -> List.of(cut(texts.getFirst(), room));
            };
        }
        int first = texts.getFirst().size();
        int second = texts.getLast().size();
        return switch (strategy) {
            case LONGEST_FIRST -> {
                int shorter = Math.min(first, second);
                int longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
                if (shorter + longer > room) {
                    shorter = room / 2;
                    longer = shorter + room % 2;
                }
                yield List.of(cut(texts.getFirst(), first > second ? longer : shorter),
                        cut(texts.getLast(), first > second ? shorter : longer));
            }
            case ONLY_FIRST -> List.of(cut(texts.getFirst(), shortened(first, total - room)), texts.getLast());
            case ONLY_SECOND -> List.of(texts.getFirst(), cut(texts.getLast(), shortened(second, total - room)));
        };
    }

    private static int shortened(int size, int less) {
        if (size <= less) {
            throw new IllegalArgumentException("truncation: the text to cut has " + size + " tokens, " + less
                    + " too many\nhint: choose longest_first");
        }
        return size - less;
    }

    private Encoding cut(Encoding text, int most) {
        int n = text.size();
        if (most >= n) {
            return text;
        }
        if (most == 0) {
            return text.slice(0, 0).withOverflowing(List.of(text));
        }
        if (stride >= most) {
            throw new IllegalArgumentException("truncation: stride " + stride + " with room for " + most
                    + " tokens of text\nhint: the stride must be less");
        }
        var parts = new ArrayList<Encoding>();
        for (int i = 0, stop = -1; left ? stop != 0 : stop != n; i++) {
            int at = i * (most - stride);
            stop = left ? Math.max(0, n - at - most) : Math.min(n, at + most);
            parts.add(left ? text.slice(stop, n - at) : text.slice(at, stop));
        }
        return parts.getFirst().withOverflowing(List.copyOf(parts.subList(1, parts.size())));
    }
}
