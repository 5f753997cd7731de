package org.sfumato.models.diffusion;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.sfumato.tensor.Rng;
import org.sfumato.tokenizers.Tokenizer;

/// A sampler and a tokenizer together: writes and fills gaps, text in and text out.
///
/// @param sampler writes on canvases
/// @param tokenizer between text and ids; what is no id of it, as [MASK], is an open place
/// @param length the longest canvas that the sampler's network takes
/// @param frame what the network reads around a text
public record Diffusion(Sampler sampler, Tokenizer tokenizer, int length, Frame frame) {
    /// What stands for an open place in a text to be filled.
    public static final char GAP = '_';

    /// Tokens that stand around every text and do not change, as a classifier's and a separator's.
    ///
    /// @param before the text
    /// @param after the text
    /// @param mask the id of an open place, where the tokenizer knows it as a token
    public record Frame(int[] before, int[] after, OptionalInt mask) {
        /// Nothing stands around it.
        public static final Frame NONE = new Frame(new int[0], new int[0], OptionalInt.empty());

        @Override
        public boolean equals(Object other) {
            return other instanceof Frame(int[] first, int[] last, OptionalInt hidden) && Arrays.equals(before, first)
                    && Arrays.equals(after, last) && mask.equals(hidden);
        }

        @Override
        public int hashCode() {
            return 31 * Arrays.hashCode(before) + Arrays.hashCode(after);
        }

        @Override
        public String toString() {
            return "Frame" + Arrays.toString(before) + Arrays.toString(after);
        }
    }

    /// Checks that a token has room.
    public Diffusion {
        if (length <= frame.before.length + frame.after.length) {
            throw new IllegalArgumentException("diffusion: a canvas of " + length + " places has no room for text");
        }
    }

    /// With nothing around texts.
    public Diffusion(Sampler sampler, Tokenizer tokenizer, int length) {
        this(sampler, tokenizer, length, Frame.NONE);
    }

    /// The same with another sampler.
    public Diffusion with(Sampler other) {
        return new Diffusion(other, tokenizer, length, frame);
    }

    /// Writes `count` tokens after `prompt`, or fewer where the text is over ([Sampler#end()]), and returns both. What
    /// is longer than a canvas is written in pieces, each after the last half canvas of what is there.
    ///
    /// @param observer told after every step; its ids are those of the piece at work
    /// @throws IllegalArgumentException if nothing is to be written
    public String generate(String prompt, int count, Rng rng, Sampler.Observer observer) {
        if (count < 1) {
            throw new IllegalArgumentException("generate: length " + count + " must be at least 1");
        }
        var text = tokenizer.encode(prompt);
        int room = length - frame.before.length - frame.after.length;
        int end = text.length + count;
        for (int piece = 0; text.length < end; piece++) {
            int left = end - text.length;
            int context = Math.min(text.length, text.length + left <= room ? text.length : room / 2);
            int fresh = Math.min(left, room - context);
            var canvas = framed(Canvas.after(Arrays.copyOfRange(text, text.length - context, text.length), fresh));
            var filled = sampler.fill(canvas, rng.fold(piece), observer);
            int at = text.length;
            text = Arrays.copyOf(text, at + fresh);
            System.arraycopy(filled, frame.before.length + context, text, at, fresh);
            int over = over(text, at);
            if (over < text.length) {
                return tokenizer.decode(Arrays.copyOf(text, over));
            }
        }
        return tokenizer.decode(text);
    }

    /// A canvas with the frame around it.
    private Canvas framed(Canvas text) {
        int before = frame.before.length;
        var ids = Arrays.copyOf(frame.before, before + text.length() + frame.after.length);
        System.arraycopy(text.ids(), 0, ids, before, text.length());
        System.arraycopy(frame.after, 0, ids, before + text.length(), frame.after.length);
        var open = new boolean[ids.length];
        System.arraycopy(text.open(), 0, open, before, text.length());
        return new Canvas(ids, open);
    }

    /// Where from `from` on the text is over, or its length.
    private int over(int[] text, int from) {
        int end = sampler.end().orElse(-1);
        return IntStream.range(from, text.length).filter(i -> text[i] == end).findFirst().orElse(text.length);
    }

    /// Fills the gaps of `text`: every run of [#GAP] is as many tokens to be written.
    ///
    /// @throws IllegalArgumentException if there is no gap, or the text is longer than a canvas
    public String infill(String text, Rng rng, Sampler.Observer observer) {
        var canvas = framed(canvas(text));
        if (canvas.places().length == 0) {
            throw new IllegalArgumentException("infill: no gap in the text\nhint: write one " + GAP
                    + " for each token to be filled in");
        }
        if (canvas.length() > length) {
            throw new IllegalArgumentException("infill: the text has " + canvas.length() + " tokens, the model takes "
                    + length + "\nhint: a shorter text around the gaps");
        }
        var filled = sampler.fill(canvas, rng, observer);
        return tokenizer.decode(Arrays.copyOfRange(filled, frame.before.length, filled.length - frame.after.length));
    }

    /// `text` as a canvas, open where it has gaps.
    private Canvas canvas(String text) {
        int[] ids = Arrays.stream(text.split("(?<=" + GAP + ")|(?=" + GAP + ")"))
                .flatMapToInt(part -> part.equals(String.valueOf(GAP)) ? IntStream.of(-1)
                        : Arrays.stream(tokenizer.encode(part)))
                .toArray();
        var canvas = Canvas.of(ids, -1);
        return new Canvas(Arrays.stream(ids).map(id -> Math.max(0, id)).toArray(), canvas.open());
    }

    /// True for what is text and no open place.
    public boolean isText(int id) {
        return id < tokenizer.vocabularySize() && id != frame.mask.orElse(-1);
    }

    /// `ids` as text, with `gap` for an open place: a canvas on its way.
    public String show(int[] ids, String gap) {
        var text = new StringBuilder();
        int from = 0;
        for (int i = 0; i <= ids.length; i++) {
            if (i == ids.length || !isText(ids[i])) {
                text.append(tokenizer.decode(Arrays.copyOfRange(ids, from, i)));
                text.append(i < ids.length ? gap : "");
                from = i + 1;
            }
        }
        return text.toString();
    }
}
