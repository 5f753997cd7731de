package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.models.gaussian.Parameterisation.Epsilon;
import org.sfumato.models.gaussian.Parameterisation.V;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The results that diffusers records for its schedulers with a model in closed form, `sample t / (t + 1)`.
class RecordedSamplersTest {
    private static final LatentDenoiser MODEL = (noisy, _) -> {
        var t = noisy.time().reshape(noisy.time().size(0), 1, 1);
        return noisy.z().mul(t).div(t.add(1));
    };
    private static final DiscreteSchedule LINEAR = DiscreteSchedule.linear();
    private static final DiscreteSchedule LONG = new DiscreteSchedule(DiscreteSchedule.Kind.LINEAR, 1100, 1e-4, .02);

    private Scope scope;
    private List<JsonNode> cases;

    @BeforeEach
    void open() {
        var file = SharedData.require("num-samplers").resolve("diffusers_sampler_goldens.json");
        cases = new ArrayList<>();
        JsonMapper.shared().readTree(file.toFile()).get("cases").forEach(cases::add);
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        if (scope != null) {
            scope.close();
        }
    }

    /// Pixel and channel of diffusers' image (4, 3, 8, 8), made of 0, 1, ... in the order (3, 8, 8, 4), here as (4, 3,
    /// 64); or the same counted from the end.
    private static Tensor image(boolean reversed) {
        var values = new double[768];
        for (int i = 0; i < 768; i++) {
            int channel = i % 4;
            int place = i / 4;
            values[channel * 192 + place] = (reversed ? 768 - 1 - i : i) / (reversed ? 1.0 : 768.0);
        }
        return Tensor.of(values, 4, 3, 64);
    }

    private static Tensor noise() {
        return image(true).mul(1 / 768.0);
    }

    private void compare(int number, String sampler, UnaryOperator<Tensor> run) {
        var expected = cases.get(number);
        assertThat(expected.get("sampler").asString()).isEqualTo(sampler);
        scope.run(() -> {
            var sizes = run.apply(image(false)).abs();
            if (expected.has("sum")) {
                assertThat(sizes.sum().item()).as("case %d", number)
                        .isCloseTo(expected.get("sum").asDouble(), within(1e-2));
            }
            assertThat(sizes.mean().item()).as("case %d", number)
                    .isCloseTo(expected.get("mean").asDouble(), within(1e-3));
        });
    }

    private static Tensor ddim(DiscreteSchedule schedule, Parameterisation predicted, List<NoiseLevel> path, Tensor z) {
        return new GaussianSampler(MODEL, new GaussianProcess(schedule, predicted), path, new Solver.Ddim(0),
                new Clipping.Fixed(1)).restore(z, null, Rng.of(0), LatentObserver.NONE);
    }

    @Test
    void ddim() {
        var steep = new DiscreteSchedule(DiscreteSchedule.Kind.LINEAR, 1000, .01, .02);
        compare(0, "DDIM", z -> ddim(LINEAR, new Epsilon(), LINEAR.leading(10), z));
        compare(1, "DDIM", z -> ddim(LINEAR, new V(), LINEAR.leading(10), z));
        compare(2, "DDIM", z -> ddim(steep, new Epsilon(), steep.leading(10), z));
        compare(3, "DDIM", z -> {
            var path = steep.leading(10);
            var before = ddim(steep, new Epsilon(), path.subList(0, 10), z);
            var clean = new GaussianProcess(steep, new Epsilon()).denoised(MODEL, before, path.get(9), null, null);
            return new Solver.Ddim(0).next(new Solver.Step(new Prediction(before, path.get(9), clean,
                    clean.clamp(-1, 1)), null, path.get(9), null, Rng.of(0)));
        });
        compare(4, "DDIM", x -> {
            var path = LINEAR.leading(10);
            var process = new GaussianProcess(LINEAR, new Epsilon());
            var z = process.noisy(x, noise(), java.util.Collections.nCopies(4, path.get(8)));
            return ddim(LINEAR, new Epsilon(), path.subList(8, 11), z);
        });
    }

    @Test
    void variances() {
        cases.get(5).get("values").properties().forEach(e -> {
            var t = Arrays.stream(e.getKey().replaceAll("[()]", "").split(",")).mapToInt(Integer::parseInt).toArray();
            assertThat(LINEAR.step(t[0]).posteriorVariance(LINEAR.step(t[1]))).as(e.getKey())
                    .isCloseTo(e.getValue().asDouble(), within(1e-5));
        });
        cases.get(6).get("values").properties().forEach(e -> {
            int t = Integer.parseInt(e.getKey());
            assertThat(LINEAR.step(t).posteriorVariance(t == 0 ? NoiseLevel.CLEAN : LINEAR.step(t - 1))).as(e.getKey())
                    .isCloseTo(e.getValue().asDouble(), within(1e-5));
        });
    }

    /// diffusers' test gives the scaled sample to the step too, so the steps are made one by one.
    private static Tensor euler(List<NoiseLevel> path, Tensor x) {
        var z = x.mul(LONG.step(1099).sigma());
        for (int i = 0; i + 1 < path.size(); i++) {
            var level = new NoiseLevel(1, path.get(i).sigma(), path.get(i).time());
            z = z.mul(1 / Math.hypot(1, level.sigma()));
            var predicted = z.mul(level.time() / (level.time() + 1));
            var clean = z.sub(predicted.mul(level.sigma()));
            z = new Solver.Euler().next(new Solver.Step(new Prediction(z, level, clean, clean), null,
                    new NoiseLevel(1, path.get(i + 1).sigma(), 0), null, Rng.of(0)));
        }
        return z;
    }

    /// Sigma between steps is interpolated straight.
    private static NoiseLevel between(double t) {
        int low = Math.min(1098, (int) t);
        double a = LONG.step(low).sigma();
        double b = LONG.step(low + 1).sigma();
        return new NoiseLevel(1, a + (t - low) * (b - a), t);
    }

    @Test
    void euler() {
        var path = new ArrayList<NoiseLevel>();
        for (int i = 9; i >= 0; i--) {
            path.add(between(1099.0 * i / 9));
        }
        path.add(NoiseLevel.CLEAN);
        compare(7, "Euler (k-diffusion)", x -> euler(path, x));
        var karras = LONG.karras(10, path.get(9).sigma(), path.getFirst().sigma(), 7);
        compare(8, "Euler karras", x -> euler(karras, x));
    }

    @Test
    void edm() {
        var schedule = new SigmaSchedule.Karras(.002, 80, 7);
        compare(9, "EDM Euler", x -> new GaussianSampler(MODEL,
                new GaussianProcess(schedule, new Parameterisation.Edm(.5)), schedule.karras(10, .002, 80, 7),
                new Solver.Euler()).restore(x.mul(Math.hypot(80, 1)), null, Rng.of(0), LatentObserver.NONE));
    }

    @Test
    void dpmSolver() {
        var path = new ArrayList<NoiseLevel>();
        for (int i = 10; i >= 1; i--) {
            path.add(LINEAR.step((int) Math.rint(999.0 * i / 10)));
        }
        path.add(LINEAR.step(0));
        var solver = new Solver.DpmSolver2M(0);
        for (int i = 0; i < 2; i++) {
            var process = new GaussianProcess(LINEAR, i == 0 ? new Epsilon() : new V());
            compare(10 + i, "DPM-Solver++ 2M midpoint", x -> new GaussianSampler(MODEL, process, path, solver)
                    .restore(x, null, Rng.of(0), LatentObserver.NONE));
        }
        var process = new GaussianProcess(LINEAR, new Epsilon());
        compare(12, "DPM-Solver++ 2M midpoint", x -> new GaussianSampler(MODEL, process, path.subList(5, 11), solver)
                .restore(process.noisy(x, noise(), java.util.Collections.nCopies(4, path.get(5))), null, Rng.of(0),
                        LatentObserver.NONE));
    }
}
