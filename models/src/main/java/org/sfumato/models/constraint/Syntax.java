package org.sfumato.models.constraint;

import java.util.List;

/// A regular expression as a tree.
sealed interface Syntax {
    /// One character of some ranges.
    ///
    /// @param ranges none for a character that there is not
    record Characters(List<Range> ranges) implements Syntax { }

    /// Code points from `first` to `last`, both among them.
    record Range(int first, int last) { }

    /// All parts, one after the other.
    record Sequence(List<Syntax> parts) implements Syntax { }

    /// One of the options.
    record Either(List<Syntax> options) implements Syntax { }

    /// From `least` to `most` times.
    ///
    /// @param most [#UNBOUNDED] for any number
    record Repeat(Syntax part, int least, int most) implements Syntax {
        static final int UNBOUNDED = Integer.MAX_VALUE;
    }
}
