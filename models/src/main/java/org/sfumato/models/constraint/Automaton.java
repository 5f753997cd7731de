package org.sfumato.models.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.TreeSet;
import org.sfumato.models.constraint.Syntax.Range;

/// A deterministic finite automaton over code points: what a regular expression matches as a whole. State 0 is the
/// first one. Sources: Thompson 1968, CACM 11(6); Rabin and Scott 1959 (the construction by subsets).
///
/// @param starts the first code point of each class of code points that are treated alike, rising from 0
/// @param next for each state and class the state after it, or [#DEAD]
/// @param accepting the states in which the text matches
record Automaton(int[] starts, List<int[]> next, BitSet accepting) {
    /// No text that goes on from here matches.
    static final int DEAD = -1;
    private static final int MOST = 20_000;

    /// That of `regex`.
    ///
    /// @throws IllegalArgumentException if it is none, or needs too many states
    static Automaton of(String regex) {
        var parts = new Parts();
        int end = parts.add(SyntaxParser.parse(regex), parts.state());
        return parts.determined(end);
    }

    /// The state after `text`.
    int after(int state, String text) {
        for (int i = 0; i < text.length() && state != DEAD; ) {
            int c = text.codePointAt(i);
            int found = Arrays.binarySearch(starts, c);
            state = next.get(state)[found >= 0 ? found : -found - 2];
            i += Character.charCount(c);
        }
        return state;
    }

    /// The number of states.
    int size() {
        return next.size();
    }

    /// An automaton with several ways, as it is put together: state 0 first.
    private static final class Parts {
        /// Where one gets from a state for nothing.
        private final List<List<Integer>> free = new ArrayList<>();
        /// A state has at most one way out that takes a character: to `targets`, by `ranges`.
        private final List<List<Range>> ranges = new ArrayList<>();
        private final List<Integer> targets = new ArrayList<>();

        int state() {
            if (free.size() == MOST) {
                throw tooLarge();
            }
            free.add(new ArrayList<>());
            ranges.add(List.of());
            targets.add(DEAD);
            return free.size() - 1;
        }

        /// Adds `syntax` behind state `from`; returns the state behind it.
        int add(Syntax syntax, int from) {
            return switch (syntax) {
                case Syntax.Characters(List<Range> found) -> {
                    int before = state();
                    int after = state();
                    free.get(from).add(before);
                    ranges.set(before, found);
                    targets.set(before, after);
                    yield after;
                }
                case Syntax.Sequence(List<Syntax> all) -> {
                    int at = from;
                    for (var part : all) {
                        at = add(part, at);
                    }
                    yield at;
                }
                case Syntax.Either(List<Syntax> options) -> {
                    int after = state();
                    for (var option : options) {
                        int before = state();
                        free.get(from).add(before);
                        free.get(add(option, before)).add(after);
                    }
                    yield after;
                }
                case Syntax.Repeat(Syntax part, int least, int most) -> repeat(part, least, most, from);
            };
        }

        private int repeat(Syntax part, int least, int most, int from) {
            int at = from;
            for (int n = 0; n < least; n++) {
                at = add(part, at);
            }
            int after = state();
            if (most == Syntax.Repeat.UNBOUNDED) {
                free.get(at).add(after);
                free.get(add(part, after)).add(after);
                return after;
            }
            free.get(at).add(after);
            for (int n = least; n < most; n++) {
                at = add(part, at);
                free.get(at).add(after);
            }
            return after;
        }

        Automaton determined(int end) {
            int[] starts = starts();
            var numbers = new HashMap<BitSet, Integer>();
            var sets = new ArrayList<BitSet>();
            var next = new ArrayList<int[]>();
            var accepting = new BitSet();
            var first = new BitSet();
            first.set(0);
            number(closed(first), numbers, sets);
            for (int n = 0; n < sets.size(); n++) {
                var set = sets.get(n);
                accepting.set(n, set.get(end));
                var row = new int[starts.length];
                for (int k = 0; k < row.length; k++) {
                    row[k] = number(closed(after(set, starts[k])), numbers, sets);
                }
                next.add(row);
            }
            return new Automaton(starts, next, accepting);
        }

        private int[] starts() {
            var bounds = new TreeSet<Integer>();
            bounds.add(0);
            for (var list : ranges) {
                for (var range : list) {
                    bounds.add(range.first());
                    bounds.add(range.last() + 1);
                }
            }
            return bounds.stream().mapToInt(Integer::intValue).toArray();
        }

        private static int number(BitSet set, HashMap<BitSet, Integer> numbers, List<BitSet> sets) {
            if (set.isEmpty()) {
                return DEAD;
            }
            return numbers.computeIfAbsent(set, fresh -> {
                if (sets.size() == MOST) {
                    throw tooLarge();
                }
                sets.add(fresh);
                return sets.size() - 1;
            });
        }

        private BitSet after(BitSet set, int c) {
            var found = new BitSet();
            set.stream().filter(state -> ranges.get(state).stream().anyMatch(r -> r.first() <= c && c <= r.last()))
                    .forEach(state -> found.set(targets.get(state)));
            return found;
        }

        /// With what one gets to for nothing.
        private BitSet closed(BitSet set) {
            int[] waiting = new int[free.size()];
            int count = 0;
            for (int state = set.nextSetBit(0); state >= 0; state = set.nextSetBit(state + 1)) {
                waiting[count++] = state;
            }
            while (count > 0) {
                for (int state : free.get(waiting[--count])) {
                    if (!set.get(state)) {
                        set.set(state);
                        waiting[count++] = state;
                    }
                }
            }
            return set;
        }

        private static IllegalArgumentException tooLarge() {
            return new IllegalArgumentException("regular expression: it needs more than " + MOST + " states"
                    + "\nhint: smaller numbers in { }, fewer alternatives");
        }
    }
}
