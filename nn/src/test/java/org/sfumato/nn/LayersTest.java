package org.sfumato.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.autograd.GradCheck;
import org.sfumato.autograd.Tape;
import org.sfumato.nn.lora.LoraLinear;
import org.sfumato.nn.lora.LowRank;
import org.sfumato.nn.lora.Place;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;

/// Every layer against PyTorch (layers.safetensors, written by make_layers.py) and against finite differences.
class LayersTest {
    /// A layer from its parameters and constants by name, `null` where there is none, as a function of its input.
    private interface Build extends Function<Function<String, Tensor>, UnaryOperator<Tensor>> { }

    private static final Map<String, Build> BUILDS = builds();

    private Scope scope;
    private TorchFile file;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        file = scope.call(() -> TorchFile.beside(LayersTest.class, "layers.safetensors"));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Map<String, Build> builds() {
        var builds = new TreeMap<String, Build>();
        builds.put("linear", p -> linear(p, "")::forward);
        builds.put("linearNoBias", p -> linear(p, "")::forward);
        builds.put("embedding", p -> new Embedding(p.apply("p.weight"))::forward);
        builds.put("layerNorm", p -> new LayerNorm(p.apply("p.weight"), p.apply("p.bias"), 1e-5)::forward);
        builds.put("groupNorm", p -> new GroupNorm(p.apply("p.weight"), p.apply("p.bias"), 3, 1e-5)::forward);
        builds.put("conv2d", p -> new Conv2d(p.apply("p.weight"), p.apply("p.bias"), 2, 1, 1)::forward);
        builds.put("conv2dGroups", p -> new Conv2d(p.apply("p.weight"), null, 1, 0, 2)::forward);
        builds.put("rmsNorm", p -> new RmsNorm(p.apply("p.weight"), 1e-6)::forward);
        builds.put("rmsNormMachineEpsilon", p -> new RmsNorm(p.apply("p.weight"), RmsNorm.MACHINE_EPSILON)::forward);
        for (var activation : Activation.values()) {
            builds.put("mlp" + activation, p -> new Mlp(linear(p, "up."), linear(p, "down."), activation)::forward);
        }
        builds.put("lora", p -> new LoraLinear(linear(p, "base."), List.of(update(p, 0, 0, 6, .5)),
                new Dropout(.5))::forward);
        builds.put("loraParts", p -> new LoraLinear(linear(p, "base."),
                List.of(update(p, 1, 6, 9, -.25), update(p, 0, 0, 4, 1.5)), new Dropout(0))::forward);
        builds.put("attention", attention(2, 2, false, false));
        builds.put("attentionBias", attention(2, 2, false, false));
        builds.put("attentionGrouped", attention(4, 2, false, false));
        builds.put("attentionOneKeyHead", attention(4, 1, false, false));
        builds.put("attentionRotary", attention(2, 2, true, false));
        builds.put("attentionQkNorm", attention(2, 2, false, false));
        builds.put("attentionQkLayerNorm", attention(2, 2, false, false));
        builds.put("attentionCausal", attention(2, 2, false, true));
        builds.put("attentionPadding", attention(2, 2, false, false));
        builds.put("attentionAdded", attention(2, 2, false, false));
        builds.put("attentionAll", attention(4, 2, true, true));
        return builds;
    }

    private static Linear linear(Function<String, Tensor> p, String prefix) {
        return new Linear(p.apply("p." + prefix + "weight"), p.apply("p." + prefix + "bias"));
    }

    private static LowRank update(Function<String, Tensor> p, int index, long from, long to, double scale) {
        return new LowRank(new Place("update" + index, "", from, to, 8, false), p.apply("p." + index + ".a"),
                p.apply("p." + index + ".b"), scale);
    }

    private static Norm norm(Function<String, Tensor> p, String prefix) {
        var weight = p.apply("p." + prefix + "weight");
        var bias = p.apply("p." + prefix + "bias");
        return weight == null ? null : bias == null ? new RmsNorm(weight, 1e-6) : new LayerNorm(weight, bias, 1e-5);
    }

    private static Build attention(int heads, int keyHeads, boolean rotary, boolean causal) {
        return p -> {
            var layer = new Attention(linear(p, "qkv."), linear(p, "output."), norm(p, "queryNorm."),
                    norm(p, "keyNorm."), heads, keyHeads);
            return x -> layer.forward(x, rotary
                    ? Rotary.of(x.size(1), (int) x.size(2) / heads, 10_000, x.dtype(), x.device()) : null,
                    p.apply("mask"), causal);
        };
    }

    static Stream<String> names() {
        return BUILDS.keySet().stream();
    }

    @Test
    void everyCaseOfTheFileIsTested() {
        assertThat(file.cases()).containsExactlyElementsOf(BUILDS.keySet());
    }

    @ParameterizedTest
    @MethodSource("names")
    void valuesAndGradientsAreThoseOfPyTorch(String name) {
        compare(name, DType.F32, 1e-5);
    }

    @ParameterizedTest
    @MethodSource("names")
    void inDoublePrecisionToo(String name) {
        compare(name, DType.F64, 3e-7);                              // the file is rounded to f32
    }

    private void compare(String name, DType type, double tolerance) {
        scope.run(() -> {
            var parts = cast(file.under(name + "/"), type, Settings.current().device());
            var x = parts.get("x");
            var function = BUILDS.get(name).apply(parts::get);
            var targets = targets(parts);
            try (var tape = Tape.record(() -> {
                var y = function.apply(x);
                assertThat(TorchFile.error(y, parts.get("y"), 1)).as("values").isLessThan(tolerance);
                return y.mul(parts.get("w")).sum();
            })) {
                var gradients = tape.gradients(targets.stream().map(parts::get).toList());
                for (var target : targets) {
                    var expected = parts.get("g." + target.replaceFirst("^p\\.", ""));
                    assertThat(TorchFile.error(gradients.of(parts.get(target)), expected, .1))
                            .as("gradient of " + target).isLessThan(tolerance);
                }
            }
        });
    }

    private static Map<String, Tensor> cast(Map<String, Tensor> parts, DType type, Device device) {
        var cast = new TreeMap<String, Tensor>();
        parts.forEach((part, t) -> cast.put(part, (t.dtype().isFloating() ? t.cast(type) : t).to(device)));
        return cast;
    }

    /// On the reference device: kernels of vectors, which are compared above, would spend seconds on warming up here.
    @ParameterizedTest
    @MethodSource("names")
    void gradientsAreThoseOfFiniteDifferences(String name) {
        scope.run(() -> {
            var parts = cast(file.under(name + "/"), DType.F64, Device.REFERENCE);
            var targets = targets(parts);
            var inputs = targets.stream().map(parts::get).toArray(Tensor[]::new);
            var report = GradCheck.of(in -> {
                Function<String, Tensor> lookup =
                        part -> targets.contains(part) ? in[targets.indexOf(part)] : parts.get(part);
                return BUILDS.get(name).apply(lookup).apply(lookup.apply("x"));
            }, name.equals("rmsNormMachineEpsilon") ? 1e-8 : 1e-6, inputs);      // inputs there are near 1e-3
            assertThat(report.passes(1e-6)).as(report.toString()).isTrue();
        });
    }

    /// The parts that have a gradient: parameters, and the input unless it holds ids.
    private static List<String> targets(Map<String, Tensor> parts) {
        var targets = new ArrayList<>(parts.keySet().stream().filter(part -> part.startsWith("p.")).toList());
        if (parts.get("x").dtype().isFloating()) {
            targets.add("x");
        }
        return targets;
    }
}
