package org.sfumato.models.masked;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// Caches of networks that see both ways: where they must be exact, and that the meter sees where they are not.
class CachedSamplerTest {
    private static final MaskedProcess PROCESS = MaskedProcess.of(10);
    private static final Canvas CANVAS = Canvas.after(new int[] {3, 1, 4, 1, 5}, 19);
    private static final Sampling SAMPLING = Sampling.oneByOne(Order.CONFIDENCE, 1).withBlock(8);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Transformer network(Pattern pattern) {
        return Transformer.init(TransformerConfig.modern(11, 24, 32, 2, 4).withStart(Start.TORCH).withPattern(pattern),
                Rng.of(1));
    }

    private static int[] exact(Transformer network, Sampling sampling) {
        return new MaskedSampler(network, PROCESS, sampling).fill(CANVAS, Rng.of(2), Sampler.Observer.NONE);
    }

    private static int[] cached(Transformer network, Sampling sampling, Caching caching, CacheMeter meter) {
        return new CachedSampler(network, PROCESS, sampling, caching, meter)
                .fill(CANVAS, Rng.of(2), Sampler.Observer.NONE);
    }

    @Test
    void refreshedInEveryPassItIsTheSamplerWithoutCache() {
        scope.run(() -> {
            var network = network(Pattern.ALL);
            for (var sampling : List.of(SAMPLING, SAMPLING.withGuidance(.7))) {
                for (var caching : List.of(new Caching.Prefix(1), new Caching.Dual(1))) {
                    var meter = new CacheMeter(1);
                    assertThat(cached(network, sampling, caching, meter)).isEqualTo(exact(network, sampling));
                    assertThat(meter.flips()).isZero();
                    assertThat(meter.divergence()).isLessThan(1e-9);
                    assertThat(meter.places()).isPositive();
                }
            }
        });
    }

    @Test
    void inANetworkOfBlocksWhatLiesBeforeTheBlockIsKeptExactly() {
        scope.run(() -> {
            var network = network(Pattern.blocks(8));
            // the prompt is a block of the network, so its blocks are those of the sampler
            var whole = Canvas.after(new int[] {3, 1, 4, 1, 5, 2, 2, 0}, 16);
            var meter = new CacheMeter(1);
            var kept = new CachedSampler(network, PROCESS, SAMPLING, new Caching.Prefix(Caching.NEVER), meter)
                    .fill(whole, Rng.of(2), Sampler.Observer.NONE);
            assertThat(kept).isEqualTo(new MaskedSampler(network, PROCESS, SAMPLING)
                    .fill(whole, Rng.of(2), Sampler.Observer.NONE));
            assertThat(meter.divergence()).isLessThan(1e-9);
        });
    }

    @Test
    void theMeterSeesWhatIsStaleAndChangesNothing() {
        scope.run(() -> {
            var network = network(Pattern.ALL);
            var prefix = new CacheMeter(1);
            var dual = new CacheMeter(2);
            var written = cached(network, SAMPLING, new Caching.Prefix(Caching.NEVER), prefix);
            assertThat(cached(network, SAMPLING, new Caching.Prefix(Caching.NEVER), null)).isEqualTo(written);
            assertThat(written).doesNotContain(10).startsWith(3, 1, 4, 1, 5);
            cached(network, SAMPLING, new Caching.Dual(Caching.NEVER), dual);
            assertThat(prefix.divergence()).isBetween(1e-9, 1.);
            assertThat(dual.divergence()).isBetween(1e-9, 1.);
            assertThat(prefix.flips()).isBetween(0., .5);
            assertThat(dual.places()).isLessThan(prefix.places());
        });
    }

    @Test
    void wrongNumbersAreRefused() {
        assertThatThrownBy(() -> new Caching.Dual(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("refresh");
        assertThatThrownBy(() -> new CacheMeter(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("measured");
    }
}
