package org.sfumato.models.duo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.autograd.Tape;
import org.sfumato.models.Noisy;
import org.sfumato.models.SoftDenoiser;
import org.sfumato.models.SoftTokens;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.NoiseSchedule;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// The curriculum against the uniform process that it relaxes, and its training.
class DuoTest {
    private static final int K = 7;

    private static Tensor ids(long rows, long length) {
        return Tensor.integers(Shape.of(rows, length), K, Rng.of(11));
    }

    private static TransformerConfig config(TransformerConfig of) {
        return of.withStart(TransformerConfig.Start.NORMAL).withConditioning(8);
    }

    @ParameterizedTest
    @ValueSource(doubles = {.95, .4, .05})
    void theArgmaxOfLatentsIsTheUniformProcess(double alpha) {
        int count = 40_000;
        var seen = new int[K];
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var ids = Tensor.full(Shape.of(1, count), 2, DType.I64, Settings.current().device());
                var gamma = Times.ofRows(GaussianRelaxation.of(K).gamma(alpha));
                var noisy = GaussianRelaxation.of(K).latents(ids, gamma, Rng.of(3)).argmax(-1);
                Arrays.stream(noisy.toLongs()).forEach(id -> seen[(int) id]++);
            });
        }
        double chiSquare = 0;
        for (int v = 0; v < K; v++) {
            double expected = count * ((v == 2 ? alpha : 0) + (1 - alpha) / K);
            chiSquare += (seen[v] - expected) * (seen[v] - expected) / expected;
        }
        assertThat(chiSquare).isLessThan(22.46);                // 6 degrees of freedom: exceeded once in a thousand
    }

    /// Logits that depend on the likeliest token alone.
    private static SoftDenoiser table() {
        var logits = Tensor.normal(Shape.of(K, K), Rng.of(9));
        return new SoftDenoiser() {
            @Override
            public Tensor forward(SoftTokens soft, Pass pass) {
                return forward(Noisy.of(soft.likeliest()), pass);
            }

            @Override
            public Tensor forward(Noisy noisy, Pass pass) {
                return logits.embedding(noisy.ids());
            }
        };
    }

    /// For a network that sees the argmax alone, the loss is the bound of the uniform process over the same shares of
    /// signal: linear times from .05 to .95 cover .9 of them.
    @Test
    void theLossOfWhatSeesTokensAloneIsTheBoundOfTheUniformProcess() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = table();
                var ids = ids(250, 50);
                var u = Times.stratified(250, Rng.of(1));
                var relaxed = DuoCurriculum.of(K).terms(network, ids, u, Rng.of(2), Pass.INFERENCE).toDoubles();
                var process = new UniformProcess(K, NoiseSchedule.LINEAR, .05, .95);
                var plain = process.terms(network, ids, u, Rng.of(3), Pass.INFERENCE).mul(.9).toDoubles();
                double error = Math.sqrt((variance(relaxed) + variance(plain)) / plain.length);
                assertThat(error).isLessThan(.04 * mean(plain));
                assertThat(mean(relaxed)).isCloseTo(mean(plain), within(3.5 * error));
            });
        }
    }

    private static double mean(double[] x) {
        return Arrays.stream(x).average().orElseThrow();
    }

    private static double variance(double[] x) {
        double mean = mean(x);
        return Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    }

    @Test
    void softTokensThatAreSettledAreTokens() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                for (var of : new TransformerConfig[] {config(TransformerConfig.classic(K, 12, 16, 2, 2)),
                    config(TransformerConfig.modern(K, 12, 16, 2, 2))}) {
                    var network = Transformer.init(of, Rng.of(1));
                    var ids = ids(3, 12);
                    var alpha = Tensor.of(new float[] {.1f, .5f, .9f}, 3, 1);
                    var hard = network.forward(new Noisy(ids, alpha), Pass.INFERENCE).toFloats();
                    var gammas = Times.ofRows(-2, -1, 0);
                    var latents = GaussianRelaxation.of(K).latents(ids, gammas, Rng.of(4));
                    var one = ids.unsqueeze(-1).eq(Tensor.arange(K)).cast(DType.F32);
                    assertThat(network.forward(new SoftTokens.Dense(one, alpha), Pass.INFERENCE).toFloats())
                            .containsExactly(hard, within(1e-6f));
                    var cold = latents.div(1e-7).softmax(-1);
                    var drawn = network.forward(new Noisy(latents.argmax(-1), alpha), Pass.INFERENCE).toFloats();
                    assertThat(network.forward(new SoftTokens.Dense(cold, alpha), Pass.INFERENCE).toFloats())
                            .containsExactly(drawn, within(1e-5f));
                    assertThat(drawn).isNotEqualTo(hard);
                }
            });
        }
    }

    @Test
    void softTokensOfAnotherShapeAreRefused() {
        try (var scope = Scope.open("test")) {
            var network = scope.call(() -> Transformer.init(TransformerConfig.modern(K, 12, 16, 1, 2), Rng.of(1)));
            assertThatThrownBy(() -> scope.run(() -> network.forward(new SoftTokens.Dense(Tensor.zeros(1, 13, K), null),
                    Pass.INFERENCE))).isInstanceOf(ShapeException.class).hasMessageContaining("at most 12");
            assertThatThrownBy(() -> scope.run(() -> network.forward(
                    new SoftTokens.Dense(Tensor.zeros(1, 12, K + 1), null),
                    Pass.INFERENCE))).isInstanceOf(ShapeException.class).hasMessageContaining("sizes");
        }
    }

    /// Along the gradient g, `(L(x + h g) - L(x - h g)) / 2h = |g|^2`; soft tokens at a tau that keeps them soft.
    @Test
    void theGradientIsThatOfFiniteDifferences() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = Transformer.init(config(TransformerConfig.modern(K, 12, 16, 2, 2)), Rng.of(1));
                var ids = ids(8, 12);
                var objective = DuoCurriculum.of(K).withTau(.5);
                var parameters = network.parameters();
                var gradients = new LinkedHashMap<String, float[]>();
                double square = 0;
                try (var tape = Tape.record(() -> objective.loss(network, ids, Rng.of(2), Pass.INFERENCE))) {
                    assertThat(tape.value().item()).isFinite().isPositive();
                    var found = tape.gradients(parameters.values());
                    parameters.forEach((name, p) -> gradients.put(name, found.of(p).toFloats()));
                }
                for (var gradient : gradients.values()) {
                    for (float g : gradient) {
                        square += (double) g * g;
                    }
                }
                assertThat(gradients.get("token.weight")).isNotEqualTo(new float[K * 16]);
                double h = 2e-3 / Math.sqrt(square);
                move(parameters, gradients, h);
                double above = objective.loss(network, ids, Rng.of(2), Pass.INFERENCE).item();
                move(parameters, gradients, -2 * h);
                double below = objective.loss(network, ids, Rng.of(2), Pass.INFERENCE).item();
                assertThat((above - below) / (2 * h)).isCloseTo(square, within(.01 * square));
            });
        }
    }

    private static void move(Map<String, Tensor> parameters, Map<String, float[]> gradients, double h) {
        parameters.forEach((name, p) -> {
            var values = p.toFloats();
            for (int i = 0; i < values.length; i++) {
                values[i] += (float) (h * gradients.get(name)[i]);
            }
            p.assign(Tensor.of(values, values.length).reshape(p.shape()));
        });
    }

    @Test
    void theCurriculumComesFirstAndItsTemperatureMoves() {
        var duo = new Duo(DuoCurriculum.of(K), .1, UniformProcess.of(K), .5);
        assertThat(duo.at(0)).isEqualTo(DuoCurriculum.of(K));
        assertThat(((DuoCurriculum) duo.at(.25)).tau()).isCloseTo(1e-2, within(1e-12));
        assertThat(duo.at(.5)).isEqualTo(UniformProcess.of(K));
        assertThat(Duo.of(K, .5).at(.3)).isEqualTo(DuoCurriculum.of(K));
        assertThat(Duo.of(K, 0).at(0)).isEqualTo(UniformProcess.of(K));
        assertThatThrownBy(() -> Duo.of(K, 1.5)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("in [0, 1]");
        assertThatThrownBy(() -> new Duo(DuoCurriculum.of(K), .1, UniformProcess.of(K + 1), .5))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("7 tokens before a process of 8");
        assertThatThrownBy(() -> DuoCurriculum.of(K).withTau(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tau 0.0");
    }

    private static Trainer trainer() {
        var tokens = Tokens.of(IntStream.range(0, 2000).map(i -> (i * i / 7 + i) % K).toArray());
        var config = new TrainingConfig(config(TransformerConfig.modern(K, 16, 16, 1, 2)), 8, 16, 3e-3, .02, .9, .99,
                .1, false, 1, 4, .5, .99, .2, 5, Precision.F32);
        return new Trainer(config, Duo.of(K, .5), tokens, 12);
    }

    private static Map<String, float[]> trained(Trainer trainer, long until) {
        while (trainer.steps() < until) {
            assertThat(trainer.step()).isFinite();
        }
        var all = new LinkedHashMap<String, float[]>();
        trainer.parameters().forEach((name, p) -> all.put(name, p.toFloats()));
        return all;
    }

    /// Stopped before and after the end of the curriculum at step 6.
    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void aRunOfTwoPhasesGoesOnBitForBit(int stop) {
        try (var whole = trainer(); var first = trainer(); var second = trainer()) {
            var expected = trained(whole, 12);
            trained(first, stop);
            Parameters.load(second.parameters(), first.parameters());
            Parameters.load(second.optimizerState(), first.optimizerState());
            Parameters.load(second.averages(), first.averages());
            second.resume(first.steps(), first.total());
            var found = trained(second, 12);
            expected.forEach((name, values) -> assertThat(found.get(name)).as(name).isEqualTo(values));
        }
    }
}
