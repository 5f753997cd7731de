package org.sfumato.tokenizers.pipeline;

import java.util.ArrayList;
import java.util.List;

/// What becomes of the matches when a text is split at them.
public enum Behaviour {
    /// They are left out.
    REMOVED,
    /// Each is a piece.
    ISOLATED,
    /// Each ends the piece before.
    MERGED_WITH_PREVIOUS,
    /// Each begins the piece after.
    MERGED_WITH_NEXT,
    /// Neighbours are one piece.
    CONTIGUOUS;

    /// The pieces of `text`, without empty ones.
    List<Aligned> split(Aligned text, Spans matches) {
        var spans = switch (this) {
            case REMOVED -> matches;
            case ISOLATED -> matches;
            case CONTIGUOUS -> contiguous(matches);
            case MERGED_WITH_PREVIOUS -> withPrevious(matches);
            case MERGED_WITH_NEXT -> withNext(matches);
        };
        var out = new ArrayList<Aligned>(spans.size());
        for (int i = 0; i < spans.size(); i++) {
            if (spans.start(i) < spans.end(i) && !(this == REMOVED && spans.matches(i))) {
                out.add(text.slice(spans.start(i), spans.end(i)));
            }
        }
        return out;
    }

    private static Spans contiguous(Spans in) {
        var out = new Spans();
        boolean previous = false;
        for (int i = 0; i < in.size(); i++) {
            if (in.matches(i) == previous && out.size() > 0) {
                out.end(out.size() - 1, in.end(i));
            } else {
                out.add(in.start(i), in.end(i), false);
            }
            previous = in.matches(i);
        }
        return out;
    }

    private static Spans withPrevious(Spans in) {
        var out = new Spans();
        boolean previous = false;
        for (int i = 0; i < in.size(); i++) {
            if (in.matches(i) && !previous && out.size() > 0) {
                out.end(out.size() - 1, in.end(i));
            } else {
                out.add(in.start(i), in.end(i), false);
            }
            previous = in.matches(i);
        }
        return out;
    }

    private static Spans withNext(Spans in) {
        var reversed = new Spans();
        boolean previous = false;
        for (int i = in.size() - 1; i >= 0; i--) {
            if (in.matches(i) && !previous && reversed.size() > 0) {
                reversed.start(reversed.size() - 1, in.start(i));
            } else {
                reversed.add(in.start(i), in.end(i), false);
            }
            previous = in.matches(i);
        }
        var out = new Spans();
        for (int i = reversed.size() - 1; i >= 0; i--) {
            out.add(reversed.start(i), reversed.end(i), false);
        }
        return out;
    }
}
