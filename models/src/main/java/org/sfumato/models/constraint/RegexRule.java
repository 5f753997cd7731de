package org.sfumato.models.constraint;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.tokenizers.Tokenizer;

/// Lets a text match a regular expression as a whole, in whatever order its places are written: a token is forbidden
/// if, with what stands elsewhere, no filling of the places that are still masked would match. Which states of the
/// automaton can be reached is computed from the left, from which ones a match can be reached from the right.
///
/// The syntax is that part of [java.util.regex.Pattern]'s which describes regular languages: characters, `.` (all but
/// the line feed), classes, `\d \w \s` and their complements, `\n \t \r`, `( )`, `|`, `? * + {m,n}`. Tokens that are
/// parts of characters, as bytes above 127, and tokens without text are not written.
///
/// It comes before rules that cut off unlikely tokens, as [LogitRule#topP(double)] does.
public final class RegexRule implements LogitRule {
    private final String regex;
    private final Automaton automaton;
    private final TokenTexts texts;
    private final int mask;
    private final int end;
    /// The state after the token `end`.
    private final int over;
    /// Rows of states at the first place, which have even numbers, and at others.
    private final Map<Integer, Row> rows = new HashMap<>();
    private Reach last = new Reach(new int[0], new BitSet[0], new BitSet[0], Map.of());

    private RegexRule(String regex, Automaton automaton, TokenTexts texts, int mask, int end) {
        this.regex = regex;
        this.automaton = automaton;
        this.texts = texts;
        this.mask = mask;
        this.end = end;
        this.over = automaton.size();
    }

    /// The whole canvas matches `regex`.
    ///
    /// @param mask the id of [MASK]
    /// @throws IllegalArgumentException if it is no regular expression of the known syntax, or too large
    public static RegexRule of(String regex, Tokenizer tokenizer, int mask) {
        return new RegexRule(regex, Automaton.of(regex), TokenTexts.of(tokenizer), mask, -1);
    }

    /// What stands before the first token `end` matches `regex`; after it there is nothing else.
    public static RegexRule endingWith(int end, String regex, Tokenizer tokenizer, int mask) {
        return new RegexRule(regex, Automaton.of(regex), TokenTexts.of(tokenizer), mask, end);
    }

    /// @throws IllegalArgumentException if no text of this length, with what stands there, matches
    @Override
    public void apply(double[] logits, int place, int[] ids) {
        var allowed = allowed(place, ids);
        if (allowed.isEmpty()) {
            throw new IllegalArgumentException("regular expression: no text of " + ids.length + " tokens, with what is "
                    + "given, matches \"" + regex + "\"\nhint: another length, or an expression that the prompt matches"
                    + " too; a part that takes up what is left, as .*");
        }
        for (int v = 0; v < logits.length; v++) {
            logits[v] = allowed.get(v) ? logits[v] : Double.NEGATIVE_INFINITY;
        }
    }

    @Override
    public boolean allows(int token, int place, int[] ids) {
        return allowed(place, ids).get(token);
    }

    /// The tokens with which a match can still be reached.
    private synchronized BitSet allowed(int place, int[] ids) {
        var open = ids.clone();
        open[place] = mask;
        if (!Arrays.equals(open, last.ids)) {
            last = reach(open);
        }
        var step = new Step(place == 0, last.forward[place], last.backward[place + 1]);
        return last.allowed.computeIfAbsent(step, this::tokens);
    }

    private BitSet tokens(Step step) {
        var found = new BitSet();
        step.from.stream().mapToObj(state -> row(step.first, state)).filter(row -> row.targets.intersects(step.to))
                .forEach(row -> {
                    for (int v = 0; v < row.next.length; v++) {
                        if (row.next[v] != Automaton.DEAD && step.to.get(row.next[v])) {
                            found.set(v);
                        }
                    }
                });
        return found;
    }

    private Reach reach(int[] ids) {
        int n = ids.length;
        var forward = new BitSet[n + 1];
        forward[0] = new BitSet();
        forward[0].set(0);
        for (int j = 0; j < n; j++) {
            var after = new BitSet();
            for (int q = forward[j].nextSetBit(0); q >= 0; q = forward[j].nextSetBit(q + 1)) {
                var row = row(j == 0, q);
                if (ids[j] == mask) {
                    after.or(row.targets);
                } else if (row.after(ids[j]) != Automaton.DEAD) {
                    after.set(row.after(ids[j]));
                }
            }
            forward[j + 1] = after;
        }
        var backward = new BitSet[n + 1];
        backward[n] = (BitSet) automaton.accepting().clone();
        backward[n].set(over);
        for (int j = n - 1; j >= 0; j--) {
            backward[j] = new BitSet();
            for (int q = forward[j].nextSetBit(0); q >= 0; q = forward[j].nextSetBit(q + 1)) {
                var row = row(j == 0, q);
                int after = ids[j] == mask ? Automaton.DEAD : row.after(ids[j]);
                backward[j].set(q, ids[j] == mask ? row.targets.intersects(backward[j + 1])
                        : after != Automaton.DEAD && backward[j + 1].get(after));
            }
        }
        return new Reach(ids, forward, backward, new HashMap<>());
    }

    private Row row(boolean first, int state) {
        return rows.computeIfAbsent(2 * state + (first ? 0 : 1), _ -> {
            var tokens = first ? texts.first() : texts.later();
            var next = new int[Math.max(tokens.length, end + 1)];
            var targets = new BitSet();
            for (int v = 0; v < next.length; v++) {
                next[v] = v == end ? ended(state) : state == over || v >= tokens.length || tokens[v] == null
                        ? Automaton.DEAD : automaton.after(state, tokens[v]);
                if (next[v] != Automaton.DEAD) {
                    targets.set(next[v]);
                }
            }
            return new Row(next, targets);
        });
    }

    private int ended(int state) {
        return state == over || automaton.accepting().get(state) ? over : Automaton.DEAD;
    }

    /// Where the tokens lead to from a state.
    private record Row(int[] next, BitSet targets) {
        int after(int token) {
            return token >= 0 && token < next.length ? next[token] : Automaton.DEAD;
        }
    }

    /// Of a canvas: the states in which one can be before each place and after the last, and those among them from
    /// which a match can be reached; and what was found out with them.
    private record Reach(int[] ids, BitSet[] forward, BitSet[] backward, Map<Step, BitSet> allowed) { }

    /// From some states to others: many places have the same.
    ///
    /// @param first whether at the first place
    private record Step(boolean first, BitSet from, BitSet to) { }
}
