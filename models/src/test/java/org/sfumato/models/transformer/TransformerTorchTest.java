package org.sfumato.models.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.autograd.Tape;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;

/// Whole networks against PyTorch: logits, the loss of masked diffusion, all gradients (transformers.safetensors). Both
/// sides make the weights by the formula in make_transformers.py.
class TransformerTorchTest {
    private static final int MASK = 65;

    private Scope scope;
    private TorchFile file;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        file = scope.call(() -> TorchFile.beside(TransformerTorchTest.class, "transformers.safetensors"));
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

    private static Tensor weight(String name, Tensor parameter) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ b) * 0x100000001B3L;
        }
        var values = new float[(int) parameter.shape().count()];
        boolean matrix = parameter.shape().rank() == 2;
        boolean table = name.equals("token.weight") || name.equals("position");
        double bound = table ? 1 : matrix ? Math.sqrt(3.0 / parameter.size(1)) : name.endsWith("weight") ? .2 : .1;
        double centre = !matrix && name.endsWith("weight") ? 1 : 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (centre + bound * uniform(hash, i));
        }
        return Tensor.of(values, parameter.shape().sizes());
    }

    private void compare(String path, TransformerConfig config, double tolerance) {
        scope.run(() -> {
            var network = Transformer.init(config, Rng.of(0));
            var parameters = network.parameters();
            parameters.forEach((name, p) -> p.assign(weight(name, p)));
            assertThat(file.under(path + "/g.")).as("parameters").containsOnlyKeys(parameters.keySet());
            var ids = file.get(path + "/ids");
            Denoiser byLogits = (i, pass) -> {
                var logits = network.forward(i, pass);
                assertThat(TorchFile.error(logits, file.get(path + "/logits"), 1)).as("logits").isLessThan(tolerance);
                return logits;
            };
            for (var denoiser : List.of(byLogits, network)) {           // the network itself makes no logits
                try (var tape = Tape.record(() -> loss(path, denoiser, ids))) {
                    assertThat(tape.value().item()).isCloseTo(file.get(path + "/loss").item(), within(1e-5));
                    var gradients = tape.gradients(parameters.values());
                    parameters.forEach((name, p) ->
                            same(name, gradients.of(p), file.get(path + "/g." + name), tolerance));
                }
            }
        });
    }

    private Tensor loss(String path, Denoiser network, Tensor ids) {
        var process = MaskedProcess.of(MASK);
        var alpha = file.get(path + "/probability").neg().add(1);
        var weight = ids.eq((long) MASK).cast(DType.F32).div(file.get(path + "/probability"))
                .mul(1.0 / ids.shape().count());
        return process.crossEntropy(network, new Noisy(ids, alpha), file.get(path + "/target"), Pass.INFERENCE)
                .mul(weight).sum();
    }

    /// Compares the norm and sixteen elements of a gradient. Errors of elements count against the norm's share of one.
    private static void same(String name, Tensor gradient, Tensor expected, double tolerance) {
        var e = expected.toDoubles();
        var g = gradient.toDoubles();
        double squares = 0;
        for (double v : g) {
            squares += v * v;
        }
        assertThat(Math.sqrt(squares)).as("norm of the gradient by " + name).isCloseTo(e[0], within(tolerance * e[0]));
        double typical = e[0] / Math.sqrt(g.length);
        for (int i = 0; i < 16; i++) {
            double v = g[(int) ((long) i * (g.length - 1) / 15)];
            assertThat(v).as("gradient by %s, element %d of 16", name, i)
                    .isCloseTo(e[i + 1], within(tolerance * Math.max(typical, Math.abs(e[i + 1]))));
        }
    }

    @Test
    void nanodllm() {
        compare("nanodllm", TransformerConfig.nanodllm(66), 1e-5);
    }

    @Test
    void classic() {
        compare("classic", TransformerConfig.classic(66, 48, 32, 2, 4), 1e-5);
    }

    @Test
    void modern() {
        compare("modern", TransformerConfig.modern(66, 48, 48, 3, 4), 1e-5);
    }

    @Test
    void conditionedOnTheShareOfSignal() {
        compare("conditioned", TransformerConfig.modern(66, 48, 48, 2, 4).withConditioning(24), 1e-5);
    }

    @Test
    void aConditionedNetworkMustBeToldTheShareOfSignal() {
        scope.run(() -> {
            var network = Transformer.init(TransformerConfig.modern(66, 48, 32, 1, 4).withConditioning(8), Rng.of(0));
            assertThatThrownBy(() -> network.forward(Tensor.of(new long[] {1, 2}, 1, 2), Pass.INFERENCE))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("share of signal");
        });
    }

    @Test
    void aTiedHeadIsOneParameter() {
        scope.run(() -> {
            var network = Transformer.init(TransformerConfig.classic(66, 48, 32, 2, 4), Rng.of(0));
            Map<String, Tensor> parameters = network.parameters();
            assertThat(parameters).containsKey("token.weight").doesNotContainKey("head.weight");
            assertThat(file.under("classic/g.")).containsOnlyKeys(parameters.keySet());
        });
    }
}
