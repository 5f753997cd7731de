package org.sfumato.models.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.sfumato.autograd.Tape;
import org.sfumato.models.Denoiser;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

class TransformerTest {
    @Test
    void nanodllmHasItsPublishedNumberOfParameters() {
        try (var scope = Scope.open("test")) {
            assertThat(scope.call(() -> Transformer.init(TransformerConfig.nanodllm(66), Rng.of(0))).parameterCount())
                    .isEqualTo(3_313_730);
        }
    }

    @Test
    void theModernSmallNetworkHasAboutEightHundredThousand() {
        try (var scope = Scope.open("test")) {
            var network = scope.call(() -> Transformer.init(TransformerConfig.modern(66, 64, 128, 4, 4), Rng.of(0)));
            assertThat(network.parameterCount()).isBetween(780_000L, 830_000L);
            assertThat(network.parameters())
                    .containsKeys("token.weight", "blocks.0.attention.qkv.weight", "blocks.3.mlp.down.weight",
                    "blocks.1.attention.queryNorm.weight", "norm.weight", "head.weight");
        }
    }

    @Test
    void aNetworkSaysItselfInALine() {
        try (var scope = Scope.open("test")) {
            var network = scope.call(() -> Transformer.init(TransformerConfig.nanodllm(66), Rng.of(0)));
            assertThat(network).hasToString("Transformer of 3,313,730 parameters in "
                    + network.parameters().size() + " tensors");
        }
    }

    @Test
    void aNetworkOfZerosHasTheSameParametersAndConfiguration() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                for (var config : new TransformerConfig[] {TransformerConfig.nanodllm(7),
                        TransformerConfig.classic(7, 6, 8, 2, 2), TransformerConfig.modern(7, 6, 8, 2, 2)}) {
                    var zero = Transformer.zero(config);
                    assertThat(zero.config()).isEqualTo(config);
                    var fresh = Transformer.init(config, Rng.of(0)).parameters();
                    assertThat(zero.parameters().keySet()).isEqualTo(fresh.keySet());
                    zero.parameters().forEach((name, p) -> assertThat(p.spec()).isEqualTo(fresh.get(name).spec()));
                }
            });
        }
    }

    @Test
    void everyParameterHasAGradient() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                for (var config : new TransformerConfig[] {TransformerConfig.classic(7, 6, 8, 2, 2),
                        TransformerConfig.modern(7, 6, 8, 2, 2)}) {
                    var network = Transformer.init(config, Rng.of(1));
                    var parameters = network.parameters().values();
                    var ids = Tensor.integers(org.sfumato.tensor.Shape.of(3, 6), 6, Rng.of(2));
                    var process = MaskedProcess.of(6);
                    try (var tape = Tape.record(() ->
                            process.loss(network, ids, Rng.of(3), Pass.training(Rng.of(4))))) {
                        var gradients = tape.gradients(parameters);
                        assertThat(tape.value().item()).isBetween(.1, 10.0);
                        for (var p : parameters) {
                            assertThat(gradients.of(p).toDoubles()).doesNotContain(Double.NaN);
                        }
                    }
                }
            });
        }
    }

    @Test
    void theLossOfHiddenPositionsIsThatOfTheLogits() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                for (var config : new TransformerConfig[] {TransformerConfig.classic(37, 16, 8, 1, 2),
                        TransformerConfig.modern(37, 16, 8, 1, 2).withStart(TransformerConfig.Start.NORMAL),
                        TransformerConfig.nanodllm(37)}) {
                    var network = Transformer.init(config, Rng.of(1));
                    var parameters = network.parameters().values();
                    var ids = Tensor.integers(org.sfumato.tensor.Shape.of(5, 16), 36, Rng.of(2));
                    var process = MaskedProcess.of(36);
                    Denoiser byLogits = (noisy, pass) -> network.forward(noisy, pass);
                    try (var head = Tape.record(() -> process.loss(network, ids, Rng.of(3), Pass.INFERENCE));
                            var logits = Tape.record(() -> process.loss(byLogits, ids, Rng.of(3), Pass.INFERENCE))) {
                        assertThat(head.value().item()).isCloseTo(logits.value().item(), within(1e-5));
                        var g = head.gradients(parameters);
                        var expected = logits.gradients(parameters);
                        for (var p : parameters) {
                            assertThat(g.of(p).sub(expected.of(p)).abs().max().item()).isLessThan(1e-5);
                        }
                    }
                }
            });
        }
    }

    @Test
    void aSequenceThatIsTooLongIsRefused() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = Transformer.init(TransformerConfig.classic(7, 6, 8, 1, 1), Rng.of(1));
                assertThatThrownBy(() -> network.forward(Tensor.of(new long[7], 1, 7), Pass.INFERENCE))
                        .isInstanceOf(ShapeException.class).hasMessageContaining("at most 6");
            });
        }
    }
}
