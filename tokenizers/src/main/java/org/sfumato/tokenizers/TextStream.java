package org.sfumato.tokenizers;

import java.util.Arrays;
import java.util.function.Consumer;

/// Text of tokens that come one by one, handed on as soon as it is certain: a character of several tokens only when it
/// is whole. Of tokens that are text, the pieces together are what [Tokenizer#decode(int...)] makes of all tokens.
public final class TextStream {
    private static final char BROKEN = '\uFFFD';
    /// The longest character has so many bytes, hence at most so many tokens.
    private static final int LONGEST = 4;
    /// Tokens before the next ones on which their text may depend, as the space before a word does.
    private static final int CONTEXT = 8;

    private final Tokenizer tokenizer;
    private final Consumer<String> sink;
    private int[] ids;
    private int shown;

    /// Pieces go to `sink`.
    ///
    /// @param before tokens that the first one follows, whose text is not handed on
    public TextStream(Tokenizer tokenizer, int[] before, Consumer<String> sink) {
        this.tokenizer = tokenizer;
        this.sink = sink;
        settle(before);
    }

    /// The next token.
    ///
    /// @throws UnknownTokenException if the id is not of the vocabulary
    public void add(int id) {
        ids = Arrays.copyOf(ids, ids.length + 1);
        ids[ids.length - 1] = id;
        var before = tokenizer.decode(Arrays.copyOf(ids, shown));
        var all = tokenizer.decode(ids);
        boolean open = all.endsWith(String.valueOf(BROKEN)) && ids.length - shown < LONGEST;
        if (!open && all.startsWith(before)) {
            hand(all.substring(before.length()));
            settle(ids);
        }
    }

    private void settle(int[] all) {
        ids = Arrays.copyOfRange(all, Math.max(0, all.length - CONTEXT), all.length);
        shown = ids.length;
    }

    /// Hands on what was held back, be it a whole character or not.
    public void end() {
        var before = tokenizer.decode(Arrays.copyOf(ids, shown));
        var all = tokenizer.decode(ids);
        int same = 0;
        while (same < Math.min(before.length(), all.length()) && before.charAt(same) == all.charAt(same)) {
            same++;
        }
        hand(all.substring(same));
        settle(ids);
    }

    private void hand(String piece) {
        if (!piece.isEmpty()) {
            sink.accept(piece);
        }
    }
}
