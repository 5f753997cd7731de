package org.sfumato.models.masked;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.tensor.Rng;
import org.sfumato.tokenizers.Tokenizer;

/// A network, a process and a tokenizer together: writes, fills gaps and scores, text in and text out.
///
/// @param network predicts hidden tokens
/// @param process hides them; its [MASK] is the id after the last of the tokenizer's
/// @param tokenizer between text and ids
/// @param length the longest canvas that the network takes
public record MaskedDiffusion(Denoiser network, MaskedProcess process, Tokenizer tokenizer, int length) {
    /// What stands for an open position in a text to be filled.
    public static final char GAP = '_';

    /// Writes `count` tokens after `prompt` and returns both. What is longer than the network's canvas is written in
    /// pieces, each after the last half canvas of what is there.
    ///
    /// @param observer told after every step; its ids are those of the piece at work
    /// @throws IllegalArgumentException if nothing is to be written
    public String generate(String prompt, int count, Sampling sampling, Rng rng, MaskedSampler.Observer observer) {
        if (count < 1) {
            throw new IllegalArgumentException("generate: length " + count + " must be at least 1");
        }
        var text = tokenizer.encode(prompt);
        int end = text.length + count;
        for (int piece = 0; text.length < end; piece++) {
            int left = end - text.length;
            int context = Math.min(text.length, text.length + left <= length ? text.length : length / 2);
            int fresh = Math.min(left, length - context);
            var canvas = Arrays.copyOf(Arrays.copyOfRange(text, text.length - context, text.length), context + fresh);
            Arrays.fill(canvas, context, canvas.length, process.mask());
            var filled = new MaskedSampler(network, process, share(sampling, fresh, count))
                    .fill(canvas, rng.fold(piece), observer);
            int at = text.length;
            text = Arrays.copyOf(text, at + fresh);
            System.arraycopy(filled, context, text, at, fresh);
        }
        return tokenizer.decode(text);
    }

    /// The share of the steps that falls to `fresh` of `count` tokens.
    private static Sampling share(Sampling all, int fresh, int count) {
        int block = Math.min(all.block(), fresh);
        int steps = Math.max(Math.ceilDiv(fresh, block), (int) Math.ceilDiv((long) all.steps() * fresh, count));
        return new Sampling(steps, block, all.order(), all.temperature(), all.guidance());
    }

    /// Fills the gaps of `text`: every run of [#GAP] is as many tokens to be written.
    ///
    /// @throws IllegalArgumentException if there is no gap, or the text is longer than the network's canvas
    public String infill(String text, Sampling sampling, Rng rng, MaskedSampler.Observer observer) {
        var canvas = canvas(text);
        int gaps = (int) Arrays.stream(canvas).filter(id -> id == process.mask()).count();
        if (gaps == 0) {
            throw new IllegalArgumentException("infill: no gap in the text\nhint: write one " + GAP
                    + " for each token to be filled in");
        }
        if (canvas.length > length) {
            throw new IllegalArgumentException("infill: the text has " + canvas.length + " tokens, the model takes "
                    + length + "\nhint: a shorter text around the gaps");
        }
        var filled = new MaskedSampler(network, process, share(sampling, gaps, gaps)).fill(canvas, rng, observer);
        return tokenizer.decode(filled);
    }

    /// The ids of `text` with [MASK] for every [#GAP].
    private int[] canvas(String text) {
        var pieces = text.split("(?<=" + GAP + ")|(?=" + GAP + ")");
        return Arrays.stream(pieces)
                .flatMapToInt(p -> p.equals(String.valueOf(GAP)) ? IntStream.of(process.mask())
                        : Arrays.stream(tokenizer.encode(p)))
                .toArray();
    }

    /// The bound of the negative log-likelihood of `text` in nats per token.
    public Estimate score(String text, int samples, Rng rng) {
        return new Nelbo<>(network, process.fixedCount(), length).estimate(tokenizer.encode(text), samples, rng);
    }

    /// `ids` as text, with [#GAP] for [MASK]: a canvas on its way.
    public String show(int[] ids) {
        return show(ids, String.valueOf(GAP));
    }

    /// `ids` as text, with `gap` for [MASK].
    public String show(int[] ids, String gap) {
        var text = new StringBuilder();
        int from = 0;
        for (int i = 0; i <= ids.length; i++) {
            if (i == ids.length || ids[i] == process.mask()) {
                text.append(tokenizer.decode(Arrays.copyOfRange(ids, from, i)));
                text.append(i < ids.length ? gap : "");
                from = i + 1;
            }
        }
        return text.toString();
    }
}
