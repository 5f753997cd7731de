package org.sfumato.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.nn.Parameters;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;

/// Trajectories of parameters under given gradients, against PyTorch (optimizers.safetensors, written by
/// make_optimizers.py).
class OptimizersTest {
    private static final int STEPS = 16;

    private Scope scope;
    private TorchFile file;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        file = scope.call(() -> TorchFile.beside(OptimizersTest.class, "optimizers.safetensors"));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Map<String, Tensor> start(String... names) {
        var parameters = new LinkedHashMap<String, Tensor>();
        for (var name : names) {
            parameters.put(name, file.get("start/" + name).copy());
        }
        return parameters;
    }

    private Map<String, Tensor> gradients(Map<String, Tensor> parameters, int step) {
        var gradients = new HashMap<String, Tensor>();
        parameters.keySet().forEach(name -> gradients.put(name, file.get("grads/" + name).select(0, step)));
        return gradients;
    }

    /// Walks as PyTorch did and compares after every step.
    private void follow(String path, double tolerance, Function<Map<String, Tensor>, Optimizer> make) {
        scope.run(() -> {
            var names = file.under(path + "/").keySet();
            var parameters = start(names.toArray(String[]::new));
            var optimizer = make.apply(parameters);
            var rates = file.get("rates").toDoubles();
            var memory = Memory.current(Settings.current().device());
            for (int s = 0; s < STEPS; s++) {
                int step = s;
                var given = gradients(parameters, s);
                long before = memory.live();
                optimizer.step(given, rates[s]);
                assertThat(memory.live()).as("memory after a step").isEqualTo(before);
                parameters.forEach((name, p) -> {
                    var expected = file.get(path + "/" + name).select(0, step);
                    assertThat(TorchFile.error(p, expected, 1)).as("%s of %s after step %d", name, path, step)
                            .isLessThan(tolerance);
                });
            }
        });
    }

    @Test
    void adamW() {
        follow("adamW", 1e-6, p -> new AdamW(p, AdamW.Config.of(1e-2)));
        follow("adamWDecay", 1e-6, p -> new AdamW(p, new AdamW.Config(1e-2, .9, .99, 1e-6, .3, true)));
        follow("adamWMatrices", 1e-6, p -> new AdamW(p, new AdamW.Config(1e-2, .9, .99, 1e-8, .3, false)));
    }

    @Test
    void sgd() {
        follow("sgd", 1e-6, p -> new Sgd(p, new Sgd.Config(.1, 0, false, 0)));
        follow("sgdDecay", 1e-6, p -> new Sgd(p, new Sgd.Config(.1, 0, false, .2)));
        follow("sgdMomentum", 1e-6, p -> new Sgd(p, new Sgd.Config(.1, .9, false, 0)));
        follow("sgdNesterov", 1e-6, p -> new Sgd(p, new Sgd.Config(.1, .9, true, .05)));
    }

    @Test
    void muon() {
        follow("muon", 1e-5, p -> new Muon(p, new Muon.Config(.02, .95, 0)));
        follow("muonDecay", 1e-5, p -> new Muon(p, new Muon.Config(.05, .9, .1)));
        follow("torchMuon", 1e-3, p -> new Muon(p, new Muon.Config(.02, .95, 0)));          // bfloat16 over there
    }

    @Test
    void muonTakesMatricesOnly() {
        scope.run(() -> assertThatThrownBy(() -> new Muon(start("bias"), new Muon.Config(.02, .95, 0)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("bias")
                .hasMessageContaining("AdamW"));
    }

    @Test
    void groupsWorkEachOnTheirOwn() {
        follow("adamW", 1e-6, p -> {
            var matrices = new LinkedHashMap<>(p);
            var bias = Map.of("bias", matrices.remove("bias"));
            return new Groups(List.of(
                    new Groups.Group("a", new AdamW(matrices, AdamW.Config.of(1e-2)), List.copyOf(matrices.keySet())),
                    new Groups.Group("b", new AdamW(bias, AdamW.Config.of(1e-2)), List.of("bias"))));
        });
        scope.run(() -> {
            var p = start("wide", "bias");
            var groups = new Groups(List.of(
                    new Groups.Group("a", new Muon(Map.of("wide", p.get("wide")), new Muon.Config(1, .9, 0)),
                            List.of("wide")),
                    new Groups.Group("b", new AdamW(Map.of("bias", p.get("bias")), AdamW.Config.of(1)),
                            List.of("bias"))));
            assertThat(groups.state()).containsOnlyKeys("a.u.wide", "b.step", "b.m.bias", "b.v.bias");
        });
    }

    @Test
    void aParameterWithoutAGradientStaysAsItIs() {
        scope.run(() -> {
            var p = start("wide", "bias");
            var bias = p.get("bias").toFloats();
            new AdamW(p, AdamW.Config.of(1)).step(Map.of("wide", file.get("grads/wide").select(0, 0)), 1);
            assertThat(p.get("bias").toFloats()).isEqualTo(bias);
            assertThat(p.get("wide").toFloats()).isNotEqualTo(file.get("start/wide").toFloats());
        });
    }

    @Test
    void aSavedStateGoesOnBitForBit() {
        scope.run(() -> {
            for (Function<Map<String, Tensor>, Optimizer> make : List.<Function<Map<String, Tensor>, Optimizer>>of(
                    p -> new AdamW(p, AdamW.Config.of(1e-2)), p -> new Sgd(p, new Sgd.Config(.1, .9, true, .1)),
                    p -> new Muon(p, new Muon.Config(.02, .95, .1)))) {
                var whole = start("wide", "tall");
                var optimizer = make.apply(whole);
                Map<String, Tensor> part = null;
                Optimizer resumed = null;
                for (int s = 0; s < STEPS; s++) {
                    if (s == 5) {
                        part = start("wide", "tall");
                        resumed = make.apply(part);
                        Parameters.load(part, whole);
                        Parameters.load(resumed.state(), optimizer.state());
                    }
                    optimizer.step(gradients(whole, s), .5);
                    if (resumed != null) {
                        resumed.step(gradients(part, s), .5);
                    }
                }
                for (var name : whole.keySet()) {
                    assertThat(part.get(name).toFloats()).isEqualTo(whole.get(name).toFloats());
                }
            }
        });
    }

    @Test
    void gradientsAreScaledWhereTheyAreRead() {
        scope.run(() -> {
            var scale = Tensor.of(new float[] {.375f}, new long[0]);
            for (Function<Map<String, Tensor>, Optimizer> make : List.<Function<Map<String, Tensor>, Optimizer>>of(
                    p -> new AdamW(p, AdamW.Config.of(1e-2)), p -> new Sgd(p, new Sgd.Config(.1, .9, true, .1)),
                    p -> new Muon(p, new Muon.Config(.02, .95, .1)))) {
                var here = start("wide", "tall");
                var there = start("wide", "tall");
                var one = make.apply(here);
                var other = make.apply(there);
                for (int s = 0; s < 3; s++) {
                    var given = gradients(here, s);
                    var scaled = new LinkedHashMap<String, Tensor>();
                    given.forEach((name, g) -> scaled.put(name, g.mul(scale)));
                    one.step(given, .5, scale);
                    other.step(scaled, .5);
                }
                here.forEach((name, p) -> assertThat(p.toFloats()).isEqualTo(there.get(name).toFloats()));
            }
        });
    }

    @Test
    void clipping() {
        scope.run(() -> {
            var parameters = start("square", "wide", "tall", "bias");
            for (var path : List.of("clipLow", "clipHigh")) {
                var given = gradients(parameters, 0);
                var clip = ClipNorm.of(given, path.equals("clipLow") ? .5 : 1e3);
                assertThat(TorchFile.error(clip.norm(), file.get(path + "/norm"), 0)).isLessThan(1e-6);
                given.forEach((name, g) -> assertThat(
                        TorchFile.error(g.mul(clip.scale()), file.get(path + "/" + name), 0))
                        .as(path + " " + name).isLessThan(1e-6));
            }
            assertThat(ClipNorm.norm(Map.of("a", Tensor.of(3f), "b", Tensor.of(4f))).item()).isEqualTo(5);
        });
    }
}
