package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Noise put on held-out latents and taken away again in several ways: how near what comes out is to what was there.
///
/// @param levels the noise of each case, by the number of the schedule's step
/// @param cases one for each level
public record Restoration(List<NoiseLevel> levels, List<Map<Method, Nearness>> cases) {
    private static final int ACROSS = 3;
    private static final int WIDTH = 760;
    private static final int HEIGHT = 440;
    private static final int DOTS = 100;                                // of a curve

    /// A way to guess the clean latents.
    public enum Method {
        /// The noisy latents as they are.
        NOISY("z_t"),
        /// [WienerFilter] of the training latents.
        WIENER("Wiener"),
        /// The mean of the training latents, whatever the noisy ones are.
        MEAN("mean"),
        /// One prediction of the network.
        ONE_SHOT("one-shot"),
        /// All steps of a sampler from that level down.
        SAMPLER("sampler"),
        /// All steps of a sampler from noise alone: nothing is known of the latents.
        UNINFORMED("from noise");

        private final String label;

        Method(String label) {
            this.label = label;
        }

        /// In tables and pictures.
        public String label() {
            return label;
        }
    }

    /// How near guesses are to the latents, one number for each.
    ///
    /// @param mse the mean squared error of a number of standardised latents
    /// @param cosines of guess and latent as they are in the data, rising
    /// @param centred the same after the training latents' mean is taken off both, rising
    public record Nearness(double mse, double[] cosines, double[] centred) {
        /// Of guesses for `clean`, both standardised. Shapes: (B, N, D).
        ///
        /// @param centre the mean of the training latents as they are in the data (N, D)
        public static Nearness of(Tensor guesses, Tensor clean, LatentStatistics statistics, Tensor centre) {
            double mse = guesses.sub(clean).square().mean().item();
            var x = statistics.restore(guesses);
            var y = statistics.restore(clean);
            return new Nearness(mse, cosines(x, y), cosines(x.sub(centre), y.sub(centre)));
        }

        private static double[] cosines(Tensor a, Tensor b) {
            var x = WienerFilter.rows(a);
            var y = WienerFilter.rows(b);
            var found = new double[x.length];
            Arrays.setAll(found, i -> Cosine.of(x[i], y[i]));
            Arrays.sort(found);
            return found;
        }

        /// The mean cosine as in the data.
        public double cosine() {
            return Arrays.stream(cosines).average().orElse(Double.NaN);
        }

        /// The mean centred cosine.
        public double centredCosine() {
            return Arrays.stream(centred).average().orElse(Double.NaN);
        }
    }

    /// What is measured.
    ///
    /// @param model whose schedule is a [DiscreteSchedule]
    /// @param train latents whose mean and covariance are known
    /// @param held latents to be restored
    /// @param steps the numbers of the schedule's steps at which noise is put on
    /// @param solver of the full sampler
    /// @param visits steps of the full sampler from the noisiest level down; fewer from lower ones
    public record Plan(LatentModel model, LatentTable train, LatentTable held, List<Integer> steps, Solver solver,
            int visits) { }

    /// Measures.
    ///
    /// @throws IllegalArgumentException if the model's schedule has no steps to be named
    public static Restoration of(Plan plan, Rng rng) {
        if (!(plan.model().process().schedule() instanceof DiscreteSchedule schedule)) {
            throw new IllegalArgumentException("report: noise levels are named by steps, and the model's schedule, "
                    + plan.model().process().schedule() + ", has none\nhint: a model trained with --schedule linear, "
                    + "scaled-linear or cosine-table");
        }
        try (var scope = Scope.open("restoration")) {
            return scope.call(() -> Dispatch.unrecorded(() -> {
                var statistics = plan.model().statistics();
                var clean = statistics.standardise(plan.held().latents());
                var train = statistics.standardise(plan.train().latents());
                var wiener = WienerFilter.of(train);
                var centre = plan.train().latents().mean(0);
                var levels = new ArrayList<NoiseLevel>();
                var cases = new ArrayList<Map<Method, Nearness>>();
                for (int t : plan.steps()) {
                    levels.add(schedule.step(t));
                    cases.add(one(plan, schedule, t, new Data(clean, wiener, centre), rng.fold(t)));
                }
                return new Restoration(levels, cases);
            }));
        }
    }

    private record Data(Tensor clean, WienerFilter wiener, Tensor centre) { }

    private static Map<Method, Nearness> one(Plan plan, DiscreteSchedule schedule, int t, Data data, Rng rng) {
        var process = plan.model().process();
        var network = plan.model().network();
        var level = schedule.step(t);
        var clean = data.clean;
        int rows = Math.toIntExact(clean.size(0));
        var z = process.noisy(clean, GaussianProcess.noise(clean, rng.fold(0)), Collections.nCopies(rows, level));
        var found = new EnumMap<Method, Nearness>(Method.class);
        for (var method : Method.values()) {
            Scope.temporary(() -> {
                var guesses = switch (method) {
                    case NOISY -> z;
                    case WIENER -> data.wiener.denoise(z, level);
                    case MEAN -> data.wiener.mean().reshape(1, clean.size(1), clean.size(2)).expand(clean.shape());
                    case ONE_SHOT -> process.denoised(network, z, level, null, null);
                    case SAMPLER -> new GaussianSampler(network, process, path(schedule, t, plan.visits()),
                            plan.solver()).restore(z, null, rng.fold(1), LatentObserver.NONE);
                    case UNINFORMED -> new GaussianSampler(network, process,
                            path(schedule, schedule.steps() - 1, plan.visits()), plan.solver())
                            .sample(clean.shape(), null, rng.fold(2), LatentObserver.NONE);
                };
                found.put(method, Nearness.of(guesses, clean, plan.model().statistics(), data.centre));
            });
        }
        return found;
    }

    /// Steps from `t` down to 0, as far apart as `visits` steps of the whole schedule would be, then clean.
    private static List<NoiseLevel> path(DiscreteSchedule schedule, int t, int visits) {
        int count = Math.max(1, Math.min(t + 1, (int) Math.round((double) visits * (t + 1) / schedule.steps())));
        var path = new ArrayList<NoiseLevel>();
        for (int i = 0; i < count; i++) {
            path.add(schedule.step(t - (int) ((long) i * (t + 1) / count)));
        }
        path.add(NoiseLevel.CLEAN);
        return path;
    }

    /// The table: mean squared error, cosine and centred cosine of each method at each level.
    public String table() {
        var text = new StringBuilder("""
                | t | alphaBar | method | MSE | cosine | centred cosine |
                |---|---|---|---|---|---|
                """);
        for (int i = 0; i < cases.size(); i++) {
            var level = levels.get(i);
            cases.get(i).forEach((method, nearness) -> text.append(String.format(Locale.ROOT,
                    "| %.0f | %.4f | %s | %.4f | %.3f | %.3f |%n", level.time(), level.signal() * level.signal(),
                    method.label(), nearness.mse(), nearness.cosine(), nearness.centredCosine())));
        }
        return text.toString();
    }

    /// The pictures of all levels in one, three in a row. SVG.
    ///
    /// @param centred whether of the centred cosines
    public String svg(boolean centred) {
        int down = Math.ceilDiv(cases.size(), ACROSS);
        var all = new StringBuilder(String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                + "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">%n", ACROSS * WIDTH, down * HEIGHT,
                ACROSS * WIDTH / 2, down * HEIGHT / 2));
        for (int i = 0; i < cases.size(); i++) {
            all.append(svg(i, centred).replaceFirst("<svg ", String.format(Locale.ROOT, "<svg x=\"%d\" y=\"%d\" ",
                    i % ACROSS * WIDTH, i / ACROSS * HEIGHT)));
        }
        return all.append("</svg>\n").toString();
    }

    /// The cumulative distribution of the cosines at level `i`: how many texts are no nearer than that. SVG.
    ///
    /// @param centred whether of the centred cosines
    public String svg(int i, boolean centred) {
        var series = new ArrayList<LossCurve.Series>();
        cases.get(i).forEach((method, nearness) -> {
            var sorted = centred ? nearness.centred() : nearness.cosines();
            var points = new ArrayList<LossCurve.Point>();
            int every = Math.ceilDiv(sorted.length, DOTS);
            for (int k = every - 1; k < sorted.length; k += every) {
                points.add(new LossCurve.Point(sorted[k], (k + 1.0) / sorted.length));
            }
            series.add(new LossCurve.Series(method.label(), points, 0));
        });
        return new LossCurve(String.format(Locale.ROOT, "Restored from t = %.0f", levels.get(i).time()),
                centred ? "cosine to the clean latent, the mean taken off" : "cosine to the clean latent",
                "share of texts", Scale.LINEAR, Scale.LINEAR).svg(series);
    }
}
