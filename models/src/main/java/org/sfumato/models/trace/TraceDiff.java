package org.sfumato.models.trace;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Two samplers on one canvas compared.
///
/// @param first one in numbers
/// @param second the other in numbers
/// @param step the first after which the canvases differ, or that only one of them takes; absent if there is none
/// @param place the first where the finished texts differ, absent if they are the same
/// @param agreement the share of the open places where the finished texts are the same
/// @param order Spearman's rank correlation of the steps in which the places got their last tokens, those of one step
///     with their mean rank: 1 for the same order, -1 for the reverse one, NaN if one of them writes all in one step.
///     Source: Spearman 1904, in its form for ties
public record TraceDiff(TraceMeasures first, TraceMeasures second, OptionalInt step, OptionalInt place,
        double agreement, double order) {
    private static final int NEVER = -1;

    /// The difference of `first` and `second`.
    ///
    /// @throws IllegalArgumentException if they are not of one canvas or not of one tokenizer
    public static TraceDiff of(Trace first, Trace second) {
        if (!first.canvas().equals(second.canvas())) {
            throw new IllegalArgumentException("trace: the canvases differ, " + said(first) + " and " + said(second)
                    + "\nhint: the same model, the same prompt and the same length for both");
        }
        for (var token : first.tokens().entrySet()) {
            var other = second.tokens().getOrDefault(token.getKey(), token.getValue());
            if (!other.equals(token.getValue())) {
                throw new IllegalArgumentException("trace: token " + token.getKey() + " is another text in each"
                        + "\nhint: the same model for both");
            }
        }
        var same = IntStream.of(first.canvas().places()).filter(i -> isSame(first, second, first.ids(), second.ids(),
                i)).count();
        int places = first.canvas().places().length;
        return new TraceDiff(TraceMeasures.of(first), TraceMeasures.of(second), step(first, second),
                place(first, second, first.ids(), second.ids()), places == 0 ? 1 : (double) same / places,
                order(first, second));
    }

    private static String said(Trace trace) {
        return trace.canvas().length() + " places of which " + trace.canvas().places().length + " are open";
    }

    /// Whether the same is written, or nothing in both.
    private static boolean isSame(Trace first, Trace second, int[] a, int[] b, int place) {
        return a[place] == b[place]
                || !first.tokens().containsKey(a[place]) && !second.tokens().containsKey(b[place]);
    }

    private static OptionalInt place(Trace first, Trace second, int[] a, int[] b) {
        return IntStream.range(0, a.length).filter(i -> !isSame(first, second, a, b, i)).findFirst();
    }

    private static OptionalInt step(Trace first, Trace second) {
        int n = Math.min(first.steps().size(), second.steps().size());
        var other = IntStream.range(0, n).filter(s -> place(first, second, first.steps().get(s).ids(),
                second.steps().get(s).ids()).isPresent()).findFirst();
        if (other.isPresent()) {
            return OptionalInt.of(other.getAsInt() + 1);
        }
        return first.steps().size() == second.steps().size() ? OptionalInt.empty() : OptionalInt.of(n + 1);
    }

    private static double order(Trace first, Trace second) {
        int[] a = written(first);
        int[] b = written(second);
        int[] both = IntStream.range(0, a.length).filter(i -> a[i] != NEVER && b[i] != NEVER).toArray();
        return correlation(ranks(Arrays.stream(both).map(i -> a[i]).toArray()),
                ranks(Arrays.stream(both).map(i -> b[i]).toArray()));
    }

    /// For every place the last step in which a token was written there.
    private static int[] written(Trace trace) {
        var last = new int[trace.canvas().length()];
        Arrays.fill(last, NEVER);
        for (int s = 0; s < trace.steps().size(); s++) {
            for (var choice : trace.steps().get(s).choices()) {
                last[choice.place()] = trace.tokens().containsKey(choice.token()) ? s : NEVER;
            }
        }
        return last;
    }

    /// The rank of each value; equal ones share the mean of theirs.
    private static double[] ranks(int[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return Arrays.stream(values).mapToDouble(value -> {
            long below = Arrays.stream(sorted).filter(other -> other < value).count();
            long equal = Arrays.stream(sorted).filter(other -> other == value).count();
            return below + (equal + 1) / 2.0;
        }).toArray();
    }

    /// Pearson's.
    private static double correlation(double[] x, double[] y) {
        double meanX = Arrays.stream(x).average().orElse(0);
        double meanY = Arrays.stream(y).average().orElse(0);
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        return xy / Math.sqrt(xx * yy);
    }
}
