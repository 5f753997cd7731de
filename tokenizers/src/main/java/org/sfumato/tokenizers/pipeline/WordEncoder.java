package org.sfumato.tokenizers.pipeline;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tokenizers.Encoding;

/// Texts to ids by the parts of a tokenizer: with all that belongs to an id, or, by a shorter way, the ids alone.
public final class WordEncoder {
    private final Pipeline parts;
    private final int limit;
    /// Present where words can go to the model as they stand in the text.
    private final WordCache cache;
    /// Cuts words out of the text as it stands; null for GPT-2's rule.
    private final PreTokenizer.Split split;

    /// Of the parts of one tokenizer.
    public WordEncoder(Pipeline parts) {
        this.parts = parts;
        limit = Math.max(parts.model().vocabulary().limit(),
                parts.added().byId().keySet().stream().mapToInt(id -> id + 1).max().orElse(0));
        PreTokenizer.Split found = null;
        boolean bytes = false;
        switch (parts.preTokenizer()) {
            case PreTokenizer.Bytes(boolean prefix, boolean cut) -> bytes = !prefix && cut;
            case PreTokenizer.Sequence(List<PreTokenizer> steps) when steps.size() == 2
                    && steps.get(0) instanceof PreTokenizer.Split s
                    && steps.get(1) instanceof PreTokenizer.Bytes(boolean prefix, boolean cut) && !prefix && !cut
                    && s.behaviour() == Behaviour.ISOLATED && !s.invert() -> {
                bytes = true;
                found = s;
            }
            case PreTokenizer _ -> bytes = false;
        }
        split = found;
        cache = bytes && parts.model() instanceof BytePair model ? new WordCache(model) : null;
    }

    /// The largest id and one.
    public int limit() {
        return limit;
    }

    /// The token of `id`, or null.
    public String token(int id) {
        var added = parts.added().byId().get(id);
        return added != null ? added.content() : parts.model().vocabulary().token(id);
    }

    /// The ids of `text`.
    public int[] encode(String text) {
        if (cache == null) {
            return align(text).ids();
        }
        var out = new Ints(text.length() / 3);
        for (var cut : parts.added().cut(text, false)) {
            if (cut.token() != null) {
                out.add(cut.token().id());
                continue;
            }
            var normal = parts.normalizer().apply(text.substring(cut.from(), cut.to()));
            for (var part : parts.added().cut(normal, true)) {
                if (part.token() != null) {
                    out.add(part.token().id());
                } else {
                    words(normal.substring(part.from(), part.to()), out);
                }
            }
        }
        return out.toArray();
    }

    private void words(String text, Ints out) {
        if (split == null) {
            for (int i = 0; i < text.length();) {
                int end = Gpt2Words.next(text, i);
                out.addAll(cache.ids(text, i, end));
                i = end;
            }
            return;
        }
        var spans = split.pattern().find(text);
        for (int i = 0; i < spans.size(); i++) {
            if (spans.end(i) > spans.start(i)) {
                out.addAll(cache.ids(text, spans.start(i), spans.end(i)));
            }
        }
    }

    /// The tokens of `text` and where they stand.
    public Encoding align(String text) {
        var ids = new Ints(16);
        var starts = new Ints(16);
        var ends = new Ints(16);
        var words = new Ints(16);
        var names = new ArrayList<String>();
        int word = 0;
        for (var piece : parts.added().extract(text, parts.normalizer())) {
            if (piece.token() != null) {
                ids.add(piece.token().id());
                names.add(piece.text().text());
                starts.add(piece.text().start(0));
                ends.add(piece.text().end(piece.text().text().length() - 1));
                words.add(word++);
                continue;
            }
            for (var part : parts.preTokenizer().cut(piece.text())) {
                if (part.text().isEmpty()) {
                    continue;
                }
                var tokens = new Tokens();
                parts.model().tokenize(part.text(), tokens);
                for (int i = 0; i < tokens.values.size(); i++) {
                    int from = tokens.starts.get(i);
                    int to = tokens.ends.get(i);
                    ids.add(tokens.ids.get(i));
                    names.add(tokens.values.get(i));
                    starts.add(part.start(from));
                    ends.add(to > from ? part.end(to - 1) : part.start(from));
                    words.add(word);
                }
                word++;
            }
        }
        int n = ids.size();
        var ones = new int[n];
        java.util.Arrays.fill(ones, 1);
        return new Encoding(ids.toArray(), names, starts.toArray(), ends.toArray(), words.toArray(), new int[n],
                new int[n], ones, List.of());
    }
}
