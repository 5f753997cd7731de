package org.sfumato.models.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.AncestralSampler;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.FixedMasking;
import org.sfumato.models.masked.LeaveOneOutCorrector;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.uniform.UniformCorrector;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Correctors with a network that knows the text by heart, where everything must be mended and nothing damaged.
class CorrectionTest {
    private static final int K = 9;
    private static final int[] TEXT = IntStream.range(0, 64).map(i -> i * i % 7).toArray();

    /// Probability .95 or so for the right token of every place.
    private static Denoiser knowing(int vocabulary) {
        return (noisy, _) -> {
            int rows = (int) noisy.ids().size(0);
            var logits = new float[rows * TEXT.length * vocabulary];
            for (int i = 0; i < rows * TEXT.length; i++) {
                logits[i * vocabulary + TEXT[i % TEXT.length]] = 6;
            }
            return Tensor.of(logits, rows, TEXT.length, vocabulary);
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8, 16})
    void whatTheNetworkKnowsIsMended(int count) {
        var text = Corruption.replaced(TEXT, count, K, Rng.of(count));
        assertThat(text.count()).isEqualTo(count);
        assertThat(text.outcome(text.ids())).isEqualTo(new Corruption.Outcome(0, 0));
        var process = UniformProcess.of(K);
        double share = (double) count / TEXT.length;
        assertThat(new UniformCorrector(knowing(K), process, share, 1).correct(text.ids())).isEqualTo(TEXT);
        assertThat(new LeaveOneOutCorrector(knowing(K + 1), MaskedProcess.of(K), count, 1).correct(text.ids()))
                .isEqualTo(TEXT);
        var all = new boolean[TEXT.length];
        Arrays.fill(all, true);
        var steps = new AncestralSampler(knowing(K), process, 8, .1, 0, false, List.of());
        assertThat(steps.denoise(new Canvas(text.ids(), all), UniformCorrector.level(process, share), Rng.of(1),
                Sampler.Observer.NONE)).isEqualTo(TEXT);
    }

    @Test
    void theTimeIsThatAtWhichTheShareIsWrong() {
        var process = UniformProcess.of(K);
        double t = process.time(UniformCorrector.level(process, .25));
        assertThat((1 - process.alpha(t)) * (K - 1) / K).isCloseTo(.25, within(1e-12));
    }

    @Test
    void fixedMasksHideAlwaysAsMany() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var hidden = new int[1];
                Denoiser even = (noisy, _) -> {
                    for (long id : noisy.ids().toLongs()) {
                        hidden[0] += id == K ? 1 : 0;
                    }
                    return Tensor.zeros(2, 64, K + 1);
                };
                var loss = new FixedMasking(MaskedProcess.of(K), .15).loss(even, Tensor.of(IntStream.range(0, 128)
                        .mapToLong(i -> TEXT[i % 64]).toArray(), 2, 64), Rng.of(3), Pass.INFERENCE);
                assertThat(hidden[0]).isEqualTo(2 * 9);                         // floor(.15 * 64) in each row
                assertThat(loss.item()).isCloseTo(Math.log(K), within(1e-6));   // the mask itself is impossible
            });
        }
    }

    @Test
    void shareThatCannotBe() {
        assertThatThrownBy(() -> Corruption.replaced(TEXT, 64, K, Rng.of(1))).hasMessageContaining("64 of 64");
        assertThatThrownBy(() -> new UniformCorrector(knowing(K), UniformProcess.of(K), 0, 1))
                .hasMessageContaining("outside (0, 1)");
        assertThatThrownBy(() -> new FixedMasking(MaskedProcess.of(K), 0)).hasMessageContaining("outside (0, 1]");
        assertThatThrownBy(() -> new LeaveOneOutCorrector(knowing(K), MaskedProcess.of(K), 0, 1))
                .hasMessageContaining("at least 1 each");
    }
}
