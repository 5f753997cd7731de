package org.sfumato.models.trace;

import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.sfumato.models.diffusion.Sampler.Choice;

/// A trace in numbers.
///
/// @param steps of the sampler
/// @param places open ones
/// @param written tokens, in all steps together
/// @param again those of them at places where one was written before
/// @param back tokens that were taken back
/// @param confidence mean probability of the written tokens; NaN if there are none
/// @param entropy mean entropy where they were written, in nats; NaN if there are none
public record TraceMeasures(int steps, int places, int written, int again, int back, double confidence,
        double entropy) {
    /// Those of `trace`.
    public static TraceMeasures of(Trace trace) {
        var seen = new boolean[trace.canvas().length()];
        int written = 0;
        int again = 0;
        int back = 0;
        for (var step : trace.steps()) {
            for (var choice : step.choices()) {
                if (!trace.tokens().containsKey(choice.token())) {
                    back++;
                    continue;
                }
                written++;
                again += seen[choice.place()] ? 1 : 0;
                seen[choice.place()] = true;
            }
        }
        return new TraceMeasures(trace.steps().size(), trace.canvas().places().length, written, again, back,
                mean(trace, Choice::confidence), mean(trace, Choice::entropy));
    }

    private static double mean(Trace trace, ToDoubleFunction<Choice> value) {
        DoubleStream values = trace.steps().stream().flatMap(step -> step.choices().stream())
                .filter(choice -> trace.tokens().containsKey(choice.token())).mapToDouble(value);
        OptionalDouble mean = values.filter(Double::isFinite).average();
        return mean.orElse(Double.NaN);
    }
}
