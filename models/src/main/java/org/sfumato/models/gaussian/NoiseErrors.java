package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// Where along the noise a network is good: the mean squared error of the noise, `mean (e^ - e)^2` with `e^ = (z - a
/// x^) / s`, over latents that it was not trained on. 1 is what saying nothing of the noise costs.
///
/// @param from the share of the way from no noise to all at which each part begins
/// @param errors of each part
public record NoiseErrors(List<Double> from, List<Double> errors) {
    private static final int ROWS = 64;

    /// With `parts` parts of u, the levels of each spread evenly over it.
    ///
    /// @param held latents as they are in the data
    /// @throws IllegalArgumentException if there is no part
    public static NoiseErrors of(LatentModel model, LatentTable held, int parts, Rng rng) {
        if (parts < 1) {
            throw new IllegalArgumentException("noise errors: " + parts + " parts, one is needed at least");
        }
        try (var scope = Scope.open("noise errors")) {
            return scope.call(() -> {
                var table = held.with(model.statistics().standardise(held.latents()));
                var from = new ArrayList<Double>();
                var errors = new ArrayList<Double>();
                for (int part = 0; part < parts; part++) {
                    from.add((double) part / parts);
                    errors.add(error(model, table, part, parts, rng.fold(part)));
                }
                return new NoiseErrors(List.copyOf(from), List.copyOf(errors));
            });
        }
    }

    private static double error(LatentModel model, LatentTable table, int part, int parts, Rng rng) {
        var process = model.process();
        double sum = 0;
        for (int start = 0; start < table.rows(); start += ROWS) {
            int first = start;
            int end = Math.min(table.rows(), start + ROWS);
            sum += Dispatch.unrecorded(() -> Scope.result(() -> {
                var batch = table.batch(IntStream.range(first, end).toArray(), model.context());
                var levels = IntStream.range(first, end)
                        .mapToObj(i -> process.schedule().level((part + (i + .5) / table.rows()) / parts)).toList();
                var e = GaussianProcess.noise(batch.latents(), rng.fold(first));
                var z = process.noisy(batch.latents(), e, levels);
                var prediction = model.network().forward(process.input(z, levels, batch.condition(), null),
                        Pass.INFERENCE);
                var clean = process.clean(z, prediction, levels);
                var guess = z.sub(clean.mul(NoiseLevel.rows(levels, NoiseLevel::signal, z)))
                        .div(NoiseLevel.rows(levels, NoiseLevel::noise, z));
                return guess.sub(e).square().mean();
            })).item() * (end - first);
        }
        return sum / table.rows();
    }
}
