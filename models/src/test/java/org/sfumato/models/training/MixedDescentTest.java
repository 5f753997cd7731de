package org.sfumato.models.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.autograd.Tape;
import org.sfumato.models.gaussian.Condition;
import org.sfumato.models.gaussian.ConditionalDenoiser;
import org.sfumato.models.gaussian.LatentNetwork;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.NoisyLatents;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.gist.MlpUnetConfig;
import org.sfumato.models.gist.UNet2dConfig;
import org.sfumato.models.ldlm.ContextLdlmConfig;
import org.sfumato.models.ldlm.LdlmConfig;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.reverse.TimeWaves;
import org.sfumato.nn.Pass;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Steps in mixed precision: overflows, and networks of all kinds.
class MixedDescentTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static double scale(Descent descent) {
        return descent.state().get("loss.scale").item();
    }

    private static double count(Descent descent) {
        return descent.state().get("step").item();
    }

    /// The gradient by w is x, 65536 times x when the loss is scaled: in f16 that overflows from x = 1 on.
    @Test
    void aStepThatOverflowsChangesNothingButTheScale() {
        scope.run(() -> {
            var w = Tensor.of(new float[] {.5f, -.25f}, 1, 2);
            var parameters = Map.of("w", w);
            try (var descent = new Descent(parameters, new AdamW(parameters, AdamW.Config.of(.1)), 1,
                    Precision.FP16)) {
                var x = Tensor.of(new float[] {2.9f, .1f}, 1, 2);
                for (int step = 0; step < 2; step++) {
                    var before = w.toFloats();
                    assertThat(descent.step(parameters, () -> x.linear(w, null).sum(), 1, step))
                            .isCloseTo(1.425, within(2e-3));
                    assertThat(w.toFloats()).isEqualTo(before);
                    assertThat(count(descent)).isZero();
                    assertThat(scale(descent)).isEqualTo(65536 * Math.pow(.5, step + 1));
                }
                descent.step(parameters, () -> x.linear(w, null).sum(), 1, 2);
                assertThat(w.toFloats()).containsExactly(new float[] {.3995f, -.34975f}, within(1e-4f));
                assertThat(count(descent)).isEqualTo(1);
                assertThat(scale(descent)).isEqualTo(16384);
                assertThat(descent.state().get("loss.streak").item()).isEqualTo(1);
            }
        });
    }

    @Test
    void whatOverflowsAtAnyScaleIsAnError() {
        scope.run(() -> {
            var w = Tensor.of(new float[] {1}, 1, 1);
            var parameters = Map.of("w", w);
            try (var descent = new Descent(parameters, new AdamW(parameters, AdamW.Config.of(.1)), 0,
                    Precision.FP16)) {
                var huge = Tensor.full(Shape.of(1, 1), 1e6, w.dtype(), w.device());
                assertThatThrownBy(() -> {
                    for (int step = 0; step < 20; step++) {
                        descent.step(parameters, () -> huge.linear(w, null).sum(), 1, step);
                    }
                }).isInstanceOf(ArithmeticException.class).hasMessageContaining("loss of step 17 is Infinity")
                        .hasMessageContaining("beyond f16 at a scale of 0.5").hasMessageContaining("hint: ")
                        .hasMessageContaining("bf16");
                assertThat(w.item()).isEqualTo(1);
            }
        });
    }

    @Test
    void inOtherPrecisionsALossThatIsNotFiniteIsAnErrorAtOnce() {
        scope.run(() -> {
            var w = Tensor.of(new float[] {1}, 1, 1);
            var parameters = Map.of("w", w);
            try (var descent = new Descent(parameters, new AdamW(parameters, AdamW.Config.of(.1)), 0,
                    Precision.BF16)) {
                assertThatThrownBy(() -> descent.step(parameters, () -> w.mul(0).log().sum(), 1, 3))
                        .hasMessageContaining("the loss of step 3 is -Infinity");
                assertThat(descent.state()).doesNotContainKey("loss.scale");
            }
        });
    }

    static Stream<LatentNetworkConfig> networks() {
        return Stream.of(new ReverseTransformerConfig(4, 2, 1, 1, 5, 0, 2, TimeWaves.GEOMETRIC),
                new LdlmConfig(1, 16, 2, 4, 2), new ContextLdlmConfig(1, 16, 24, 2, 4, 3, 1),
                new LatentTransformerConfig(2, 4, 1, 8, 2, 0), MlpUnetConfig.small(2, 4), UNet2dConfig.small(2, 18));
    }

    /// Gradients of all parameters together, in bf16 to 8 bits, in f16 to 11, with some loss on the way.
    @ParameterizedTest
    @MethodSource("networks")
    void gradientsOfNetworksAreNearThoseInF32(LatentNetworkConfig config) {
        scope.run(() -> {
            var network = config.init(Rng.of(1));
            var rng = Rng.of(2);
            int i = 0;
            for (var p : network.parameters().values()) {               // no zeros, which would hide what lies behind
                p.assign(p.add(Tensor.normal(p.shape(), rng.fold(i++)).mul(.05)));
            }
            var exact = gradients(network, Precision.F32);
            assertThat(distance(gradients(network, Precision.BF16), exact)).isBetween(1e-4, 4e-2);
            assertThat(distance(gradients(network, Precision.FP16), exact)).isBetween(1e-5, 5e-3);
        });
    }

    private static double[][] gradients(LatentNetwork network, Precision precision) {
        var rng = Rng.of(3);
        boolean reads = network instanceof ConditionalDenoiser;
        int vectors = reads ? 1 : 2;
        var x = Tensor.normal(Shape.of(2, vectors, network.config().width()), rng.fold(0));
        var condition = reads ? new Condition(Tensor.normal(Shape.of(2, 2, network.config().width()), rng.fold(1)),
                Tensor.of(new boolean[] {true, false, true, true}, 2, 2)) : null;
        var time = Tensor.of(.3f, 1.7f);
        var parameters = network.parameters();
        try (var tape = Tape.record(() -> precision.call(() -> network
                .forward(new NoisyLatents(x, time, condition, null), Pass.INFERENCE).sub(.5).square().mean()))) {
            var scale = Tensor.full(Shape.SCALAR, precision == Precision.FP16 ? 1024 : 1, x.dtype(), x.device());
            var found = tape.scaledGradients(parameters.values(), scale);
            return parameters.values().stream().map(p -> found.of(p).div(scale).toDoubles()).toArray(double[][]::new);
        }
    }

    private static double distance(double[][] a, double[][] b) {
        double off = 0;
        double size = 0;
        for (int k = 0; k < a.length; k++) {
            for (int i = 0; i < a[k].length; i++) {
                off += (a[k][i] - b[k][i]) * (a[k][i] - b[k][i]);
                size += b[k][i] * b[k][i];
            }
        }
        return Math.sqrt(off / size);
    }
}
