package org.sfumato.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Parameters;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.cpu.Parallel;

/// Training is a function of its seed: not of threads, interruptions or what ran before.
class TrainerTest {
    private static final int VOCABULARY = 23;
    private static final Tokens TOKENS =
            Tokens.of(IntStream.range(0, 2000).map(i -> (i * i / 7 + i) % (VOCABULARY - 1)).toArray());

    /// Kinds of networks and optimisers; each has clipping, a schedule, an average, short rows.
    private enum Recipe {
        ADAM(TransformerConfig.classic(VOCABULARY, 32, 48, 2, 4), 0, Precision.F32),
        MUON(TransformerConfig.modern(VOCABULARY, 32, 48, 2, 4), .02, Precision.F32),
        DROPOUT(dropout(TransformerConfig.modern(VOCABULARY, 32, 48, 2, 4)), .02, Precision.F32),
        BF16(TransformerConfig.classic(VOCABULARY, 32, 48, 2, 4), 0, Precision.BF16),
        FP16(dropout(TransformerConfig.modern(VOCABULARY, 32, 48, 2, 4)), .02, Precision.FP16);

        private final TrainingConfig config;

        Recipe(TransformerConfig model, double muonRate, Precision precision) {
            config = new TrainingConfig(model, 12, 32, 3e-3, muonRate, .9, .99, .1, false, 1, 4, .5, .99, .2, 5,
                    precision);
        }

        private static TransformerConfig dropout(TransformerConfig c) {
            return new TransformerConfig(c.vocabulary(), c.length(), c.width(), c.layers(),
                    new TransformerConfig.Heads(c.heads().query(), 2, c.heads().size(), c.heads().normalized()),
                    c.pattern(), c.mlpWidth(), c.activation(), c.norms(), c.positions(), c.biases(), c.output(),
                    TransformerConfig.Start.NORMAL, .1, 0);
        }
    }

    private static Map<String, float[]> bits(Map<String, Tensor> tensors, String prefix, Map<String, float[]> into) {
        tensors.forEach((name, tensor) -> into.put(prefix + name, tensor.toFloats()));
        return into;
    }

    private static Map<String, float[]> all(Trainer trainer) {
        var all = new TreeMap<String, float[]>();
        bits(trainer.parameters(), "parameter ", all);
        bits(trainer.optimizerState(), "state ", all);
        return bits(trainer.averages(), "average ", all);
    }

    private static void requireSame(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual).containsOnlyKeys(expected.keySet());
        expected.forEach((name, values) -> assertThat(actual.get(name)).as(name).isEqualTo(values));
    }

    private static Trainer trainer(TrainingConfig config, Tokens tokens, long steps) {
        return new Trainer(config, MaskedProcess.of(config.model().vocabulary() - 1), tokens, steps);
    }

    private static Map<String, float[]> train(Recipe recipe, int steps) {
        try (var trainer = trainer(recipe.config, TOKENS, 20)) {
            for (int s = 0; s < steps; s++) {
                assertThat(trainer.step()).isFinite().isPositive();
            }
            return all(trainer);
        }
    }

    @ParameterizedTest
    @EnumSource
    void twentyStepsGiveTheSameBitsOnAnyNumberOfThreads(Recipe recipe) {
        var results = new LinkedHashMap<Integer, Map<String, float[]>>();
        for (int threads : new int[] {1, 2, 3, 8}) {
            Parallel.withThreads(threads, () -> results.put(threads, train(recipe, 20)));
        }
        results.values().forEach(result -> requireSame(result, results.get(1)));
    }

    @ParameterizedTest
    @EnumSource
    void aRunThatWasStoppedGoesOnBitForBit(Recipe recipe) {
        var whole = train(recipe, 12);
        try (var first = trainer(recipe.config, TOKENS, 20);
                var second = trainer(recipe.config, TOKENS, 20)) {
            for (int s = 0; s < 7; s++) {
                first.step();
            }
            Parameters.load(second.parameters(), first.parameters());
            Parameters.load(second.optimizerState(), first.optimizerState());
            Parameters.load(second.averages(), first.averages());
            second.resume(first.steps(), first.total());
            for (int s = 7; s < 12; s++) {
                second.step();
            }
            requireSame(all(second), whole);
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryStaysWhereItWas(Recipe recipe) throws InterruptedException {
        var memory = Memory.current(Settings.current().device());
        var leaks = leaks(memory);                                      // of other tests
        long before = memory.live();
        try (var trainer = trainer(recipe.config, TOKENS, 60)) {
            trainer.step();
            long live = memory.live();
            for (int s = 0; s < 20; s++) {
                trainer.step();
                assertThat(memory.live()).isEqualTo(live);
            }
        }
        assertThat(memory.live()).isEqualTo(before);
        assertThat(leaks(memory)).isEqualTo(leaks);
    }

    /// The leaks, when the collector has found all there are: it has run, and nothing is added any more.
    private static List<Memory.Leak> leaks(Memory memory) throws InterruptedException {
        var before = memory.leaks();
        for (int same = 0; same < 3; ) {
            System.gc();
            Thread.sleep(20);
            var now = memory.leaks();
            same = now.equals(before) ? same + 1 : 0;
            before = now;
        }
        return before;
    }

    @Test
    void theLossFalls() {
        var alphabet = Tokens.of(IntStream.range(0, 2000).map(i -> i % (VOCABULARY - 1)).toArray());
        try (var trainer = trainer(Recipe.MUON.config, alphabet, 60)) {
            double first = 0;
            double last = 0;
            for (int s = 0; s < 60; s++) {
                double loss = trainer.step();
                first += s < 10 ? loss : 0;
                last += s >= 50 ? loss : 0;
            }
            assertThat(last).isLessThan(.8 * first);
        }
    }

    @Test
    void anotherSeedGivesOtherBits() {
        var config = Recipe.ADAM.config;
        var other = new TrainingConfig(config.model(), config.batch(), config.length(), 3e-3, 0, .9, .99,
                .1, false, 1, 4, .5, .99, .2, 6, Precision.F32);
        try (var a = trainer(config, TOKENS, 20); var b = trainer(other, TOKENS, 20)) {
            var table = "token.weight";
            assertThat(a.parameters().get(table).toFloats()).isNotEqualTo(b.parameters().get(table).toFloats());
            assertThat(a.step()).isNotEqualTo(b.step());
        }
    }

    @Test
    void aLossThatIsNotFiniteStopsTheStepBeforeAnythingChanges() {
        try (var trainer = trainer(Recipe.ADAM.config, TOKENS, 20); var scope = Scope.open("test")) {
            trainer.step();
            var bias = trainer.parameters().get("norm.bias");
            scope.run(() -> bias.assign(bias.mul(Double.NaN)));
            var before = all(trainer);
            assertThatThrownBy(trainer::step).isInstanceOf(ArithmeticException.class).hasMessageContaining("step 1");
            assertThat(trainer.steps()).isEqualTo(1);
            requireSame(all(trainer), before);
        }
    }

    @Test
    void aStateThatDoesNotFitIsRefused() {
        try (var adam = trainer(Recipe.ADAM.config, TOKENS, 20);
                var muon = trainer(Recipe.MUON.config, TOKENS, 20)) {
            var before = all(adam);
            assertThatThrownBy(() -> Parameters.load(adam.parameters(), muon.parameters()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("do not fit")
                    .hasMessageContaining("missing: position").hasMessageContaining("more");
            assertThatThrownBy(() -> Parameters.load(adam.optimizerState(), muon.optimizerState()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("do not fit");
            requireSame(all(adam), before);
        }
    }
}
