package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.autograd.Tape;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.gist.MlpUnetConfig;
import org.sfumato.models.gist.UNet2dConfig;
import org.sfumato.models.ldlm.ContextLdlmConfig;
import org.sfumato.models.ldlm.LdlmConfig;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.reverse.TimeWaves;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;

/// Whole denoisers of latents against PyTorch: predictions, a loss, all gradients (latent_networks.safetensors), and
/// their numbers of parameters. Both sides make weights and inputs by the formula in make_latent_networks.py.
class LatentNetworksTest {
    private Scope scope;
    private TorchFile file;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        file = scope.call(() -> TorchFile.beside(LatentNetworksTest.class, "latent_networks.safetensors"));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /// Element `i` of the formula: 24 bits of splitmix64 of a hash of the name, in [-1, 1).
    private static double uniform(long hash, long i) {
        long z = hash + i + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return ((z ^ z >>> 31) >>> 40) * 0x1p-23 - 1;
    }

    private static Tensor made(String name, Shape shape, double centre, double bound) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ b) * 0x100000001B3L;
        }
        var values = new float[(int) shape.count()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (centre + bound * uniform(hash, i));
        }
        return Tensor.of(values, shape.sizes());
    }

    private static Tensor weight(String name, Shape shape) {
        boolean matrix = shape.rank() == 2 || shape.rank() == 4;
        double bound = name.equals("position") ? 1 : matrix ? Math.sqrt(3.0 * shape.size(0) / shape.count())
                : name.endsWith("weight") ? .2 : .1;
        return made(name, shape, !matrix && name.endsWith("weight") ? 1 : 0, bound);
    }

    private static Tensor input(String name, long... sizes) {
        return made(name, Shape.of(sizes), 0, 1);
    }

    private void compare(String path, LatentNetworkConfig config, int vectors, int before, float... time) {
        scope.run(() -> {
            var network = config.init(Rng.of(0));
            var parameters = network.parameters();
            parameters.forEach((name, p) -> p.assign(weight(name, p.shape())));
            network.buffers().forEach((name, b) -> b.assign(weight(name, b.shape())));
            assertThat(file.under(path + "/g.")).as("parameters").containsOnlyKeys(parameters.keySet());
            int d = config.width();
            var condition = before == 0 ? null
                    : new Condition(input("before", 3, before, d), input("present", 3, before).gt(0));
            var noisy = new NoisyLatents(input("z", 3, vectors, d), Tensor.of(time), condition, null);
            var output = network.forward(noisy, Pass.INFERENCE);
            assertThat(TorchFile.error(output, file.get(path + "/output").cast(DType.F32), 1)).isLessThan(1e-5);
            try (var tape = Tape.record(() -> network.forward(noisy, Pass.INFERENCE)
                    .sub(input("target", 3, vectors, d)).square().mean())) {
                assertThat(tape.value().item()).isCloseTo(file.get(path + "/loss").item(), within(1e-5));
                var gradients = tape.gradients(parameters.values());
                parameters.forEach((name, p) -> same(name, gradients.of(p), file.get(path + "/g." + name)));
            }
        });
    }

    /// Compares the norm and sixteen elements of a gradient. Errors of elements count against the norm's share of one.
    private static void same(String name, Tensor gradient, Tensor expected) {
        var e = expected.toDoubles();
        var g = gradient.toDoubles();
        double squares = 0;
        for (double v : g) {
            squares += v * v;
        }
        double floor = 1e-6;                                            // for gradients that are zero but for rounding
        assertThat(Math.sqrt(squares)).as("norm of the gradient by " + name)
                .isCloseTo(e[0], within(1e-4 * e[0] + floor));
        double typical = e[0] / Math.sqrt(g.length);
        for (int i = 0; i < 16; i++) {
            double v = g[(int) ((long) i * (g.length - 1) / 15)];
            assertThat(v).as("gradient by %s, element %d of 16", name, i)
                    .isCloseTo(e[i + 1], within(1e-4 * Math.max(typical, Math.abs(e[i + 1])) + floor));
        }
    }

    @Test
    void reverseTransformer() {
        compare("reverse", new ReverseTransformerConfig(32, 4, 2, 3, 48, 0, 1, TimeWaves.GEOMETRIC), 1, 0, 0, 17, 600);
    }

    @Test
    void reverseTransformerOfManyVectors() {
        compare("reverseOfThree", new ReverseTransformerConfig(32, 4, 2, 3, 48, 0, 3, TimeWaves.GEOMETRIC), 3, 0, 0,
                17, 600);
    }

    @Test
    void ldlm() {
        compare("ldlm", new LdlmConfig(2, 32, 4, 8, 2), 1, 2, -1.5f, .1f, 1.2f);
    }

    @Test
    void ldlmWithContext() {
        compare("context", new ContextLdlmConfig(2, 32, 24, 4, 8, 3, 1.5), 1, 3, -1.5f, .1f, 1.2f);
    }

    @Test
    void mlpUnet() {
        compare("mlpUnet", new MlpUnetConfig(3, 7, List.of(16, 12, 8), 0), 3, 0, 0, 17, 600);
    }

    @Test
    void unet2d() {
        compare("unet2d", new UNet2dConfig(7, 11, List.of(8, 16, 16), List.of(false, true, false), 2, 4, 4), 7, 0, 0,
                17, 600);
    }

    @Test
    void latentTransformer() {
        compare("sequence", new LatentTransformerConfig(5, 6, 2, 16, 4, 0), 5, 0, 0, 17, 600);
    }

    @Test
    void controlOfTheTransformer() {
        compare("control", new ControlNet.Config(new LatentTransformerConfig(5, 6, 2, 16, 4, 0), 6), 5, 2, 0, 17, 600);
    }

    @Test
    void controlOfTheReverseTransformer() {
        compare("controlOfReverse", new ControlNet.Config(new ReverseTransformerConfig(8, 2, 1, 2, 12, 0, 3,
                TimeWaves.GEOMETRIC), 8), 3, 2, 0, 17, 600);
    }

    private static long count(LatentNetworkConfig config) {
        try (var own = Scope.open("count")) {
            return own.call(() -> config.init(Rng.of(0)).parameterCount());
        }
    }

    /// Counted with one layer of a kind and with two, which gives the number of twelve.
    @Test
    void publishedNumbersOfParameters() {
        var l = LdlmConfig.published();
        long one = count(new LdlmConfig(1, l.hidden(), l.heads(), l.width(), l.context()));
        long two = count(new LdlmConfig(2, l.hidden(), l.heads(), l.width(), l.context()));
        assertThat(one + (l.layers() - 1) * (two - one)).isEqualTo(203_165_440);
        var c = ContextLdlmConfig.published();
        one = count(new ContextLdlmConfig(1, c.hidden(), c.inner(), c.heads(), c.width(), c.context(), 1));
        two = count(new ContextLdlmConfig(2, c.hidden(), c.inner(), c.heads(), c.width(), c.context(), 1));
        assertThat(Math.round((one + (c.layers() - 1) * (two - one)) / 1e5)).as("191.4 million").isEqualTo(1914);
        var r = ReverseTransformerConfig.published();
        one = count(reverse(1, 1));
        assertThat(one + (r.encoderLayers() - 1) * (count(reverse(2, 1)) - one)
                + (r.decoderLayers() - 1) * (count(reverse(1, 2)) - one)).isEqualTo(70_506_752);
    }

    @Test
    void publishedNumbersOfParametersOfLatentLlm() {
        assertThat(count(MlpUnetConfig.published(9, 576))).isEqualTo(6_076_992);
        assertThat(count(UNet2dConfig.published(9, 576))).isEqualTo(101_124_100);
    }

    private static ReverseTransformerConfig reverse(int encoderLayers, int decoderLayers) {
        var r = ReverseTransformerConfig.published();
        return new ReverseTransformerConfig(r.width(), r.heads(), encoderLayers, decoderLayers, r.hidden(),
                r.dropout(), r.length(), r.time());
    }

    @Test
    void aLatentBeforeThatIsNotThereIsSeenByNothing() {
        scope.run(() -> {
            for (var config : new LatentNetworkConfig[] {new LdlmConfig(2, 32, 4, 8, 2),
                new ContextLdlmConfig(2, 32, 24, 4, 8, 2, 1)}) {
                var network = config.init(Rng.of(1));
                network.parameters().forEach((name, p) -> p.assign(weight(name, p.shape())));
                var z = input("z", 3, 1, 8);
                var time = Tensor.of(.1f, .2f, .3f);
                var free = network.forward(new NoisyLatents(z, time), Pass.INFERENCE);
                for (var name : new String[] {"before", "other"}) {
                    var absent = Condition.of(input(name, 3, 2, 8)).absent();
                    assertThat(TorchFile.error(network.forward(new NoisyLatents(z, time, absent, null),
                            Pass.INFERENCE), free, 1)).isLessThan(1e-6);
                }
                var there = network.forward(new NoisyLatents(z, time, Condition.of(input("before", 3, 2, 8)), null),
                        Pass.INFERENCE);
                assertThat(TorchFile.error(there, free, 1)).isGreaterThan(1e-3);
            }
        });
    }

    @Test
    void dropoutIsTheSameForTheSamePass() {
        scope.run(() -> {
            var network = new ReverseTransformerConfig(16, 4, 1, 1, 32, .3, 2, TimeWaves.GEOMETRIC).init(Rng.of(1));
            var noisy = new NoisyLatents(input("z", 3, 2, 16), Tensor.of(1f, 2f, 3f));
            var first = network.forward(noisy, Pass.training(Rng.of(5))).toFloats();
            assertThat(network.forward(noisy, Pass.training(Rng.of(5))).toFloats()).isEqualTo(first);
            assertThat(network.forward(noisy, Pass.training(Rng.of(6))).toFloats()).isNotEqualTo(first);
        });
    }

    @Test
    void theTimeToldInSamplingOfThePublishedProgramDiffers() {
        assertThat(TimeWaves.SHRUNKEN.frequencies(768)[383]).isCloseTo(Math.exp(-2 * Math.PI * 383 / 768),
                within(1e-12));
        assertThat(TimeWaves.GEOMETRIC.frequencies(768)[383]).isCloseTo(Math.pow(10_000, -383 / 384.0), within(1e-12));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        scope.run(() -> {
            var reverse = ReverseTransformerConfig.small(8, 1).init(Rng.of(0));
            assertThatThrownBy(() -> reverse.forward(new NoisyLatents(input("z", 3, 2, 8), Tensor.of(1f, 2f, 3f)),
                    Pass.INFERENCE)).isInstanceOf(ShapeException.class).hasMessageContaining("up to 1");
            var ldlm = LdlmConfig.small(8).init(Rng.of(0));
            var two = Condition.of(input("before", 3, 2, 8));
            assertThatThrownBy(() -> ldlm.forward(new NoisyLatents(input("z", 3, 1, 8), Tensor.of(1f, 2f, 3f), two,
                    null), Pass.INFERENCE)).isInstanceOf(ShapeException.class).hasMessageContaining("up to 1 before");
            assertThatThrownBy(() -> new LdlmConfig(1, 30, 4, 8, 1)).hasMessageContaining("multiple of 4");
        });
    }
}
