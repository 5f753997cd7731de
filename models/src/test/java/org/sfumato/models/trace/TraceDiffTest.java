package org.sfumato.models.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler.Choice;
import org.sfumato.models.diffusion.Sampler.Step;

class TraceDiffTest {
    private static final int MASK = 9;
    private static final Map<Integer, String> TOKENS = Map.of(0, "p", 1, "a", 2, "b", 3, "c");

    /// A given place and one open place for each number of `when`, the step in which its token is written.
    private static Trace trace(int[] when, int... tokens) {
        var open = new boolean[when.length + 1];
        Arrays.fill(open, 1, open.length, true);
        var ids = new int[open.length];
        Arrays.fill(ids, 1, ids.length, MASK);
        var steps = new ArrayList<Step>();
        int most = Arrays.stream(when).max().orElse(0);
        for (int s = 1; s <= most; s++) {
            var choices = new ArrayList<Choice>();
            for (int i = 0; i < when.length; i++) {
                if (when[i] == s) {
                    int token = tokens.length == 0 ? 1 : tokens[i];
                    ids[i + 1] = token;
                    choices.add(new Choice(i + 1, token, 1.0 / (i + 1), i));
                }
            }
            steps.add(new Step(s, most, ids.clone(), choices));
        }
        return new Trace(Map.of(), new Canvas(ids.clone(), open), TOKENS, steps);
    }

    @Test
    void theRankCorrelationIsThatOfScipy() {
        // scipy 1.17.1, scipy.stats.spearmanr
        assertThat(TraceDiff.of(trace(new int[] {1, 1, 2, 3, 3, 3, 4}), trace(new int[] {2, 1, 1, 3, 4, 2, 5})).order())
                .isCloseTo(0.8193821290142088, within(1e-14));
        assertThat(TraceDiff.of(trace(new int[] {1, 2, 3, 4, 5}), trace(new int[] {5, 6, 7, 8, 7})).order())
                .isCloseTo(0.8207826816681233, within(1e-14));
        assertThat(TraceDiff.of(trace(new int[] {1, 2, 3}), trace(new int[] {3, 2, 1})).order())
                .isCloseTo(-1, within(1e-14));
        assertThat(TraceDiff.of(trace(new int[] {1, 2, 3}), trace(new int[] {1, 1, 1})).order()).isNaN();
    }

    @Test
    void aTraceDoesNotDifferFromItself() {
        var random = new Random(1);
        for (int i = 0; i < 100; i++) {
            var trace = TraceTest.random(random);
            var diff = TraceDiff.of(trace, trace);
            assertThat(diff.first()).isEqualTo(diff.second());
            assertThat(diff.step()).isEmpty();
            assertThat(diff.place()).isEmpty();
            assertThat(diff.agreement()).isEqualTo(1);
            assertThat(diff.order()).satisfiesAnyOf(order -> assertThat(order).isCloseTo(1, within(1e-9)),
                    order -> assertThat(order).isNaN());
        }
    }

    @Test
    void differencesAreFound() {
        var diff = TraceDiff.of(trace(new int[] {1, 2, 3, 3}, 1, 2, 3, 1), trace(new int[] {1, 2, 2, 3}, 1, 2, 1, 2));
        assertThat(diff.step()).hasValue(2);
        assertThat(diff.place()).hasValue(3);
        assertThat(diff.agreement()).isEqualTo(.5);
        var once = trace(new int[] {1, 2}, 1, 2);
        var more = new ArrayList<>(once.steps());
        more.add(new Step(3, 3, once.ids(), List.of()));
        var longer = TraceDiff.of(once, new Trace(Map.of(), once.canvas(), TOKENS, more));
        assertThat(longer.place()).isEmpty();
        assertThat(longer.step()).hasValue(3);
    }

    @Test
    void aTraceInNumbers() {
        var canvas = new Canvas(new int[] {0, 5, 5}, new boolean[] {false, true, true});
        var trace = new Trace(Map.of(), canvas, TOKENS, List.of(
                new Step(1, 3, new int[] {0, 1, 2}, List.of(new Choice(1, 1, .5, 1), new Choice(2, 2, .25, 2))),
                new Step(2, 3, new int[] {0, MASK, 2}, List.of(new Choice(1, MASK, .1, Double.NaN))),
                new Step(3, 3, new int[] {0, 3, 2}, List.of(new Choice(1, 3, .75, Double.NaN)))));
        assertThat(TraceMeasures.of(trace)).isEqualTo(new TraceMeasures(3, 2, 3, 1, 1, .5, 1.5));
        assertThat(TraceMeasures.of(new Trace(Map.of(), canvas, TOKENS, List.of())).confidence()).isNaN();
    }

    @Test
    void anotherCanvasOrVocabularyIsRefused() {
        var trace = trace(new int[] {1, 2});
        assertThatThrownBy(() -> TraceDiff.of(trace, trace(new int[] {1, 2, 3})))
                .hasMessageContaining("the canvases differ, 3 places of which 2 are open and 4")
                .hasMessageContaining("hint:");
        var other = new Trace(Map.of(), trace.canvas(), Map.of(0, "p", 1, "z"), trace.steps());
        assertThatThrownBy(() -> TraceDiff.of(trace, other)).hasMessageContaining("token 1 is another text");
    }
}
