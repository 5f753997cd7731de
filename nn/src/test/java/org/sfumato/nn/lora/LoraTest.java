package org.sfumato.nn.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.autograd.Tape;
import org.sfumato.nn.Activation;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Linear;
import org.sfumato.nn.LinearMap;
import org.sfumato.nn.Linears;
import org.sfumato.nn.Mlp;
import org.sfumato.nn.Pass;
import org.sfumato.nn.QuantisedLinear;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Profile;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.testing.TorchFile;

class LoraTest {
    /// A map that is no matrix at hand.
    record Doubled(LinearMap base) implements LinearMap {
        @Override
        public long in() {
            return base.in();
        }

        @Override
        public long out() {
            return base.out();
        }

        @Override
        public Tensor forward(Tensor x) {
            return base.forward(x).mul(2);
        }
    }

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Mlp network() {
        return new Mlp(Linear.init(6, 10, true, Rng.of(1)), Linear.init(10, 6, true, Rng.of(2)), Activation.GELU);
    }

    private static Lora lora(Mlp network, long seed, String... targets) {
        return Lora.init(LoraConfig.of(3, 6, Targets.named(targets)), Place.of(network), Rng.of(seed));
    }

    /// B away from zero.
    private static Lora shaken(Lora lora, long seed) {
        lora.updates().values().forEach(update -> update.b().assign(Tensor.normal(update.b().shape(), Rng.of(seed))));
        return lora;
    }

    private static Tensor inputs() {
        return Tensor.normal(Shape.of(5, 6), Rng.of(7));
    }

    @Test
    void aFreshAdapterChangesNothingAndItsParametersAreItsOwn() {
        scope.run(() -> {
            var network = network();
            var lora = lora(network, 3, "up", "down");
            assertThat(lora.parameters().keySet()).containsExactly("updates.up.a", "updates.up.b", "updates.down.a",
                    "updates.down.b");
            assertThat(lora.parameterCount()).isEqualTo(2 * 3 * (6 + 10));
            var x = inputs();
            assertThat(lora.on(network).forward(x).toFloats()).containsExactly(network.forward(x).toFloats());
            double bound = 1 / Math.sqrt(6);
            assertThat(lora.parameters().get("updates.up.a").abs().max().item()).isBetween(bound / 2, bound);
        });
    }

    @Test
    void itTrainsAndTheNetworkStaysBitForBit() {
        scope.run(() -> {
            var network = network();
            var before = new LinkedHashMap<String, float[]>();
            network.parameters().forEach((name, p) -> before.put(name, p.toFloats()));
            var x = inputs();
            var target = shaken(lora(network, 3, "up", "down"), 4).on(network).forward(x);
            var lora = lora(network, 5, "up", "down");
            var parameters = lora.parameters();
            var optimizer = new AdamW(parameters, AdamW.Config.of(.05));
            var losses = new double[150];
            for (int i = 0; i < losses.length; i++) {
                try (var tape = Tape.record(() -> lora.on(network).forward(x).sub(target).square().mean())) {
                    losses[i] = tape.value().item();
                    optimizer.step(gradients(tape, parameters), 1);
                }
            }
            assertThat(losses[losses.length - 1]).isLessThan(losses[0] / 100);
            network.parameters().forEach((name, p) -> assertThat(p.toFloats()).containsExactly(before.get(name)));
        });
    }

    private static Map<String, Tensor> gradients(Tape tape, Map<String, Tensor> parameters) {
        var all = tape.gradients(parameters.values());
        var named = new LinkedHashMap<String, Tensor>();
        parameters.forEach((name, p) -> named.put(name, all.of(p)));
        return named;
    }

    @Test
    void noProductIsMadeForAMatrixThatIsFrozen() {
        scope.run(() -> {
            var network = network();
            var lora = shaken(lora(network, 3, "up", "down"), 4);
            assertThat(products(network, lora, lora.parameters().values().toArray(Tensor[]::new))).isZero();
            assertThat(products(network, lora, network.parameters().get("up.weight"))).isOne();
        });
    }

    /// How many matrices of the size of the network's `up` a backward pass makes.
    private static long products(Mlp network, Lora lora, Tensor... targets) {
        var profile = new Profile();
        try (var tape = Tape.record(() -> lora.on(network).forward(inputs()).square().sum())) {
            profile.of(() -> {
                tape.gradients(targets);
            });
        }
        return profile.entries().stream().filter(e -> e.operands().endsWith("-> f32 (10, 6)"))
                .mapToLong(Profile.Entry::count).sum();
    }

    @Test
    void twoAdaptersInOneStepGetTheGradientsOfTwoSteps() {
        scope.run(() -> {
            var network = network();
            var encoder = shaken(lora(network, 3, "up", "down"), 4);
            var decoder = shaken(lora(network, 5, "up"), 6);
            var x = inputs();
            try (var tape = Tape.record(() -> encoder.on(network).forward(x).square().sum()
                    .add(decoder.on(network).forward(x).square().sum()).add(network.forward(x).sum()))) {
                var both = new LinkedHashMap<>(encoder.parameters());
                decoder.parameters().forEach((name, p) -> both.put("decoder." + name, p));
                var gradients = tape.gradients(both.values());
                for (var lora : List.of(encoder, decoder)) {
                    try (var alone = Tape.record(() -> lora.on(network).forward(x).square().sum())) {
                        var expected = alone.gradients(lora.parameters().values());
                        for (var p : lora.parameters().values()) {
                            assertThat(TorchFile.error(gradients.of(p), expected.of(p), 1)).isLessThan(1e-6);
                        }
                    }
                }
            }
        });
    }

    @Test
    void mergedMatricesComputeTheSameAndAdaptersAddUp() {
        scope.run(() -> {
            var network = network();
            var one = shaken(lora(network, 3, "up", "down"), 4);
            var two = shaken(lora(network, 5, "up"), 6).scaled(-.5);
            var x = inputs();
            var merged = two.merge(one.merge(network));
            assertThat(merged.parameters().keySet()).isEqualTo(network.parameters().keySet());
            assertThat(merged.up()).isInstanceOf(Linear.class);
            assertThat(merged.parameters().get("up.bias")).isSameAs(network.parameters().get("up.bias"));
            var beside = two.on(one.on(network)).forward(x);
            assertThat(TorchFile.error(merged.forward(x), beside, 1)).isLessThan(1e-5);
            var up = (Linear) network.up();
            var change = one.updates().get("up").b().matmul(one.updates().get("up").a()).mul(2)
                    .sub(two.updates().get("up").b().matmul(two.updates().get("up").a()));
            assertThat(TorchFile.error(((Linear) merged.up()).weight(), up.weight().add(change), 1)).isLessThan(1e-6);
        });
    }

    @Test
    void aMatrixThatIsNotAtHandIsNotMergedIntoAndNothingIsKept() {
        scope.run(() -> {
            var network = network();
            var stored = Linears.replace(network, (path, map) -> path.equals("down") ? new Doubled(map) : map);
            var lora = shaken(lora(network, 3, "up", "down"), 4);
            var memory = Memory.current(Settings.current().device());
            long before = memory.live();
            assertThatThrownBy(() -> lora.merge(stored)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("down cannot be merged into a Doubled").hasMessageContaining("hint:");
            assertThat(memory.live()).isEqualTo(before);
            var x = inputs();
            var down = lora.updates().get("down");
            var inner = Activation.GELU.apply(((LoraLinear) lora.on(network).up()).forward(x));
            var expected = network.down().forward(inner).mul(2)
                    .add(inner.matmul(down.a().t()).matmul(down.b().t()).mul(down.scale()));
            assertThat(TorchFile.error(lora.on(stored).forward(x), expected, 1)).isLessThan(1e-5);
        });
    }

    /// As QLoRA: Dettmers et al. 2023, arXiv 2305.14314.
    @Test
    void anAdapterOfAMatrixOfFewBitsTrainsAsThatOfTheMatrixItStandsFor() {
        scope.run(() -> {
            var stored = QuantisedLinear.of(Linear.init(64, 12, true, Rng.of(1)), WeightFormat.NF4);
            var dense = new Linear(stored.weight(), stored.bias());
            var lora = Lora.init(LoraConfig.of(4, 4, Targets.ALL_LINEAR), Place.of(stored), Rng.of(2));
            lora.parameters().get("updates..b").assign(Tensor.normal(Shape.of(12, 4), Rng.of(3)));
            var x = Tensor.normal(Shape.of(5, 64), Rng.of(4));
            var gradients = new ArrayList<Tensor>();
            for (var base : List.of(stored, dense)) {
                try (var tape = Tape.record(() -> lora.<LinearMap>on(base).forward(x).square().sum())) {
                    gradients(tape, lora.parameters()).values().forEach(g -> gradients.add(g.copy()));
                }
            }
            assertThat(gradients).hasSize(4);
            for (int i = 0; i < 2; i++) {
                assertThat(TorchFile.error(gradients.get(i), gradients.get(i + 2), 1)).isLessThan(1e-5);
            }
            assertThatThrownBy(() -> lora.<LinearMap>merge(stored)).hasMessageContaining("hint:");
        });
    }

    @Test
    void inTrainingTheUpdateReadsDroppedInputsAndTheBaseDoesNot() {
        scope.run(() -> {
            var base = Linear.init(6, 10, true, Rng.of(1));
            var config = LoraConfig.of(3, 6, Targets.ALL_LINEAR).withDropout(.5);
            var place = new Place("rows", "", 2, 7, 6, false);
            var update = LowRank.init(config, place, Rng.of(2));
            update.b().assign(Tensor.normal(update.b().shape(), Rng.of(3)));
            var layer = new LoraLinear(base, List.of(update), new Dropout(.5));
            var x = Tensor.normal(Shape.of(200, 6), Rng.of(4));
            var plain = base.forward(x);
            var first = layer.forward(x, Pass.training(Rng.of(5))).sub(plain);
            assertThat(first.slice(1, 0, 2).abs().max().item()).as("rows without an update").isZero();
            assertThat(first.slice(1, 7, 10).abs().max().item()).isZero();
            assertThat(layer.forward(x, Pass.training(Rng.of(5))).toFloats())
                    .containsExactly(layer.forward(x, Pass.training(Rng.of(5))).toFloats());
            // Over many draws the mean of the change is the change without dropout.
            var sum = Tensor.zeros(200, 10);
            for (int i = 0; i < 100; i++) {
                sum.assign(sum.add(layer.forward(x, Pass.training(Rng.of(i))).sub(plain)));
            }
            var whole = layer.forward(x).sub(plain);
            double spread = first.sub(whole).square().mean().sqrt().item();
            assertThat(spread).isGreaterThan(.1);
            assertThat(sum.div(100).sub(whole).square().mean().sqrt().item()).isCloseTo(spread / 10,
                    within(spread / 50));
        });
    }

    @Test
    void placesAreChosenByTheRulesOfPeft() {
        var places = List.of(place("model.layers.0.q_proj", false), place("model.layers.1.q_proj", false),
                place("model.layers.1.v_proj", false), place("lm_head", true));
        assertThat(names(Targets.named("q_proj"), places)).containsExactly("model.layers.0.q_proj",
                "model.layers.1.q_proj");
        assertThat(names(Targets.named("layers.1.q_proj", "lm_head"), places)).containsExactly(
                "model.layers.1.q_proj", "lm_head");
        assertThat(names(Targets.ALL_LINEAR, places)).hasSize(3).doesNotContain("lm_head");
        assertThat(names(Targets.matching(".*layers\\.1\\..*"), places)).containsExactly("model.layers.1.q_proj",
                "model.layers.1.v_proj");
        assertThatThrownBy(() -> names(Targets.named("q_proj", "proj"), places))
                .hasMessage("lora: no linear layer is called \"proj\"\nhint: there are q_proj, v_proj, lm_head");
        assertThatThrownBy(() -> names(Targets.matching("layers"), places)).hasMessageContaining("no linear layer");
        assertThatThrownBy(() -> Targets.matching("(")).hasMessageContaining("\"(\" is no regular expression");
    }

    private static Place place(String name, boolean head) {
        return new Place(name, name, 0, 4, 4, head);
    }

    private static List<String> names(Targets targets, List<Place> places) {
        return Lora.chosen(LoraConfig.of(1, 1, targets), places).stream().map(Place::name).toList();
    }

    @Test
    void ranksAndScalesFollowTheirPatterns() {
        var config = new LoraConfig(4, 8, false, 0, Targets.ALL_LINEAR, Map.of("q_proj", 16, "layers\\.1\\..*", 2),
                Map.of("v_proj", 3.));
        assertThat(config.rank(place("a.layers.0.q_proj", false))).isEqualTo(16);
        assertThat(config.scale(place("a.layers.0.q_proj", false))).isEqualTo(.5);
        assertThat(config.scale(place("a.layers.1.v_proj", false))).isEqualTo(1.5);
        assertThat(config.rank(place("a.layers.10.o_proj", false))).isEqualTo(4);
        var stable = new LoraConfig(4, 8, true, 0, Targets.ALL_LINEAR, Map.of(), Map.of());
        assertThat(stable.scale(place("o_proj", false))).isEqualTo(4);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        scope.run(() -> {
            var network = network();
            var lora = lora(network, 3, "up");
            var narrow = new Mlp(Linear.init(6, 9, true, Rng.of(1)), network.down(), Activation.GELU);
            assertThatThrownBy(() -> lora.on(narrow)).hasMessageContaining("rows 0 to 10 and 6 inputs, up")
                    .hasMessageContaining("6 inputs and 9 outputs");
            assertThatThrownBy(() -> lora.on(new Linear(Tensor.zeros(10, 6), null)))
                    .hasMessageContaining("no linear layer up");
            assertThatThrownBy(() -> new LowRank(Place.of(network).getFirst(), Tensor.zeros(3, 6),
                    Tensor.zeros(10, 2), 1)).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("A (3, 6) and B (10, 2) do not fit up");
            var update = lora.updates().get("up");
            assertThatThrownBy(() -> new LoraLinear(network.up(), List.of(update, update), new Dropout(0)))
                    .hasMessageContaining("does not fit after row 10");
            assertThatThrownBy(() -> LoraConfig.of(0, 1, Targets.ALL_LINEAR)).hasMessageContaining("rank 0");
            assertThatThrownBy(() -> LoraConfig.of(1, Double.NaN, Targets.ALL_LINEAR)).hasMessageContaining("alpha");
            assertThatThrownBy(() -> LoraConfig.of(1, 1, Targets.ALL_LINEAR).withDropout(1))
                    .hasMessageContaining("dropout 1.0");
        });
    }
}
