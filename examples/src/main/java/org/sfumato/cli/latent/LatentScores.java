package org.sfumato.cli.latent;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sfumato.cli.shared.Markdown;
import org.sfumato.models.evaluation.FrechetDistance;
import org.sfumato.models.evaluation.KernelDiscrepancy;
import org.sfumato.models.gaussian.GaussianSampler;
import org.sfumato.models.gaussian.LatentModel;
import org.sfumato.models.gaussian.LatentObserver;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.gaussian.NoiseErrors;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// What a denoiser makes from noise alone, beside latents held out, and where along the noise it is good.
///
/// @param frechet squared distance of samples to latents held out, standardised
/// @param discrepancy of the same under a kernel of their median distance, squared
/// @param errors of the noise that is predicted
record LatentScores(double frechet, double discrepancy, NoiseErrors errors) {
    private static final int PARTS = 10;

    /// Of as many samples as there are latents.
    static LatentScores of(LatentModel model, GaussianSampler sampler, LatentTable held, Rng rng) {
        try (var scope = Scope.open("latent scores")) {
            return scope.call(() -> {
                var made = model.sample(sampler, held.rows(), rng.fold(0), LatentObserver.NONE);
                var x = model.statistics().standardise(made).flatten(1, 2);
                var y = model.statistics().standardise(held.latents()).flatten(1, 2);
                return new LatentScores(FrechetDistance.squared(x, y), KernelDiscrepancy.median(y).squared(x, y),
                        NoiseErrors.of(model, held, PARTS, rng.fold(1)));
            });
        }
    }

    /// The table of several, by what stands above each.
    static String table(Map<String, LatentScores> all) {
        var head = new ArrayList<String>(List.of("measure"));
        head.addAll(all.keySet());
        var table = new Markdown(head.toArray(String[]::new));
        var rows = new LinkedHashMap<String, List<Double>>();
        rows.put("Frechet distance", all.values().stream().map(LatentScores::frechet).toList());
        rows.put("discrepancy x 1000", all.values().stream().map(s -> 1000 * s.discrepancy).toList());
        for (int part = 0; part < PARTS; part++) {
            int i = part;
            rows.put(String.format(Locale.ROOT, "error of the noise, u from %.1f", (double) part / PARTS),
                    all.values().stream().map(s -> s.errors.errors().get(i)).toList());
        }
        rows.forEach((name, numbers) -> {
            var cells = new ArrayList<Object>(List.of(name));
            cells.addAll(numbers);
            table.row(cells.toArray());
        });
        return table.toString();
    }

    Map<String, Object> fields() {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("frechet", frechet);
        fields.put("discrepancy", discrepancy);
        fields.put("noiseErrors", errors.errors());
        return fields;
    }
}
