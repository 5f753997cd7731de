package org.sfumato.models.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Block diffusion at its two ends, autoregression and the plain process, and the exactness of its cache.
class BlockDiffusionTest {
    private static final int VOCABULARY = 11;
    private static final int MASK = 10;
    private static final int LENGTH = 12;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static TransformerConfig config(boolean rotary) {
        var config = rotary ? TransformerConfig.modern(VOCABULARY, LENGTH, 32, 2, 4)
                : TransformerConfig.classic(VOCABULARY, LENGTH, 32, 2, 4);
        return config.withStart(Start.TORCH);
    }

    private static Tensor text(long seed) {
        return Tensor.integers(Shape.of(3, LENGTH), MASK, Rng.of(seed));
    }

    /// The noisy text with masks at random, which differ from block to block.
    private static Noisy noisy(Tensor ids) {
        return MaskedProcess.of(MASK).noise(ids, Times.ofRows(.3, .6, .9), Rng.of(4));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBlockSeesItsOwnNoiseAndTheCleanBlocksBeforeIt(boolean rotary) {
        scope.run(() -> {
            var network = Transformer.init(config(rotary).withPattern(Pattern.blocks(4)), Rng.of(1));
            var ids = text(2);
            var noisy = noisy(ids);
            var all = network.given(ids).forward(noisy, Pass.INFERENCE);
            // the same without a second copy: for each block the clean text before it, then its own noisy tokens
            for (int block = 0; block < 3; block++) {
                int from = 4 * block;
                var prefix = Tensor.concat(1, ids.slice(1, 0, from), noisy.ids().slice(1, from, from + 4));
                var alone = network.forward(prefix, Pass.INFERENCE).slice(1, from, from + 4);
                var beside = all.slice(1, from, from + 4);
                assertThat(beside.sub(alone).abs().max().item()).isLessThan(1e-5);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aCacheOfCleanBlocksIsExact(boolean rotary) {
        scope.run(() -> {
            var network = Transformer.init(config(rotary).withPattern(Pattern.blocks(4)), Rng.of(1));
            var ids = text(2);
            var noisy = noisy(ids);
            var all = network.given(ids).forward(noisy, Pass.INFERENCE);
            var cache = network.cache(3, LENGTH);
            for (int from = 0; from < LENGTH; from += 4) {
                for (int again = 0; again < 2; again++) {
                    var logits = network.after(cache).forward(new Noisy(noisy.ids().slice(1, from, from + 4), null),
                            Pass.INFERENCE);
                    assertThat(logits.sub(all.slice(1, from, from + 4)).abs().max().item()).isLessThan(1e-5);
                    assertThat(cache.length()).isEqualTo(from);
                }
                network.forward(Input.of(ids.slice(1, from, from + 4)), cache);
            }
            assertThat(cache.length()).isEqualTo(LENGTH);
        });
    }

    /// Cache on or off: the same bits, for blocks of two tokens and more. A single row is multiplied by other kernels.
    @ParameterizedTest
    @CsvSource({"2, 1, 12", "2, 3, 12", "3, 1, 12", "4, 1, 12", "4, 3, 12", "6, 2, 12", "20, 1, 200", "7, 1, 140"})
    void aCacheChangesNoBit(int block, int rows, int length) {
        scope.run(() -> {
            var network = Transformer.init(TransformerConfig.modern(VOCABULARY, length, 64, 2, 2)
                    .withStart(Start.TORCH).withPattern(Pattern.blocks(block)), Rng.of(1));
            var ids = Tensor.integers(Shape.of(rows, length), MASK, Rng.of(2));
            var noisy = Tensor.integers(Shape.of(rows, length), VOCABULARY, Rng.of(5));
            var cache = network.cache(rows, length);
            for (int from = 0; from < length; from += block) {
                var own = noisy.slice(1, from, from + block);
                var cached = network.after(cache).forward(new Noisy(own, null), Pass.INFERENCE);
                var whole = network.forward(Tensor.concat(1, ids.slice(1, 0, from), own), Pass.INFERENCE)
                        .slice(1, from, from + block);
                assertThat(cached.toFloats()).as("block from %d", from).isEqualTo(whole.toFloats());
                network.forward(Input.of(ids.slice(1, from, from + block)), cache);
            }
        });
    }

    @Test
    void oneBlockOfTheWholeTextIsTheProcess() {
        scope.run(() -> {
            var process = MaskedProcess.of(MASK);
            var network = Transformer.init(config(true).withPattern(Pattern.blocks(LENGTH)), Rng.of(1));
            var plain = Transformer.init(config(true), Rng.of(1));
            var u = new double[] {.1, .5, .8};
            var block = new BlockDiffusion(process).terms(network, text(2), u, Rng.of(7), Pass.INFERENCE);
            var whole = process.terms(plain, text(2), u, Rng.of(7), Pass.INFERENCE);
            assertThat(block.sub(whole).abs().max().item()).isLessThan(1e-4);
            assertThat(block.sum().item()).isPositive();
        });
    }

    @Test
    void blocksOfOneTokenAreAutoregressive() {
        scope.run(() -> {
            var ids = text(2);
            var network = Transformer.init(config(true).withPattern(Pattern.blocks(1)), Rng.of(1));
            // the only noise of a block of one is [MASK]: its loss is the next token's, its weight is 1 on average
            var text = Arrays.stream(ids.slice(0, 0, 1).toLongs()).mapToInt(Math::toIntExact).toArray();
            var estimate = new Nelbo<>(network, new BlockDiffusion(MaskedProcess.of(MASK)), LENGTH)
                    .estimate(text, 400, Rng.of(3));
            double exact = 0;
            for (int i = 0; i < LENGTH; i++) {
                var prefix = Tensor.concat(1, ids.slice(0, 0, 1).slice(1, 0, i),
                        Tensor.full(Shape.of(1, 1), MASK, ids.dtype(), ids.device()));
                var logits = network.forward(prefix, Pass.INFERENCE).slice(1, i, i + 1);
                Denoiser table = (_, _) -> logits;
                exact += table.crossEntropy(Noisy.of(prefix), ids.slice(0, 0, 1).slice(1, i, i + 1), MASK,
                        Pass.INFERENCE).item();
            }
            assertThat(estimate.nats() * LENGTH).isCloseTo(exact, within(4 * LENGTH * estimate.standardError()));
            assertThat(estimate.standardError()).isLessThan(.2);
        });
    }

    @Test
    void levelsAreOneForEachBlockAndSpreadEvenly() {
        var levels = BlockDiffusion.levels(Shape.of(4, 40), 4, Times.stratified(4, Rng.of(1))).values();
        var seen = new int[5];
        for (int i = 0; i < levels.length; i++) {
            assertThat(levels[i]).isBetween(0., 1.).isEqualTo(levels[i / 4 * 4]);
            seen[(int) (levels[i] * 5)]++;
        }
        for (int count : seen) {
            assertThat(count).isBetween(20, 44);                            // 32 are a fifth
        }
    }

    @Test
    void aNetworkWithoutBlocksIsRefused() {
        scope.run(() -> {
            var network = Transformer.init(config(true), Rng.of(1));
            assertThatThrownBy(() -> network.given(text(1))).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Pattern.blocks");
        });
    }
}
