package org.sfumato.models.latent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sfumato.models.latent.AutoencoderScores.Latent;
import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// The scores of a linear-Gaussian autoencoder, `z ~ N(0, 1)`, `x = w z + s e`, of which everything is known in closed
/// form: `p(x) = N(0, w^2 + s^2)`, `p(z|x) = N(w x / (w^2 + s^2), s^2 / (w^2 + s^2))`, and `I(x; z) = log(1 + w^2/s^2)
/// / 2`. Source: Tipping and Bishop 1999, probabilistic principal component analysis.
class AutoencoderScoresTest {
    private static final double W = 1.5;
    private static final double S = .8;
    private static final int TEXTS = 1500;

    /// A text is one token, which stands for a number. Its encoder may be wrong: the variance times `factor`.
    private record Toy(double factor) implements TextAutoencoder {
        @Override
        public int vectors() {
            return 1;
        }

        @Override
        public int width() {
            return 1;
        }

        @Override
        public int length() {
            return 1;
        }

        private static Tensor numbers(Spans spans) {
            return spans.ids().cast(DType.F32).sub(10_000).div(1000);
        }

        @Override
        public Posterior encode(Spans spans, Pass pass) {
            var mean = numbers(spans).mul(W / (W * W + S * S)).unsqueeze(-1);
            return new Posterior(mean, mean.mul(0).add(Math.log(factor * S * S / (W * W + S * S))));
        }

        @Override
        public Tensor crossEntropy(Tensor z, Spans prefix, Spans target, Pass pass) {
            return numbers(target).sub(z.squeeze(-1).mul(W)).square().div(2 * S * S)
                    .add(.5 * Math.log(2 * Math.PI * S * S));
        }

        @Override
        public CausalNetwork writer(Tensor z) {
            throw new UnsupportedOperationException();
        }
    }

    private static AutoencoderScores scores(double factor) {
        double spread = Math.sqrt(W * W + S * S);
        var texts = IntStream.range(0, TEXTS).mapToObj(i -> new int[] {
            10_000 + (int) Math.round(1000 * spread * Rng.of(5).normal(i))}).toList();
        return new AutoencoderScores(new Toy(factor), texts, 256);
    }

    /// `-log p(x)` of these texts.
    private static double exact(AutoencoderScores scores) {
        double variance = W * W + S * S;
        return scores.spans().stream().mapToDouble(text -> {
            double x = (text[0] - 10_000) / 1000.;
            return x * x / (2 * variance) + .5 * Math.log(2 * Math.PI * variance);
        }).average().orElseThrow();
    }

    @Test
    void withTheTruePosteriorEverySampleGivesTheLikelihoodItself() {
        var scores = scores(1);
        for (int samples : new int[] {1, 7}) {
            assertThat(scores.importanceBound(samples, Rng.of(1)).nats()).isCloseTo(exact(scores), within(1e-5));
        }
    }

    @Test
    void withAnotherTheBoundIsAboveAndComesDown() {
        var scores = scores(2.5);
        double exact = exact(scores);
        double divergence = .5 * (2.5 - 1 - Math.log(2.5));              // of the encoder from the true posterior
        assertThat(scores.importanceBound(1, Rng.of(1)).nats()).isCloseTo(exact + divergence, within(.06));
        double many = scores.importanceBound(50, Rng.of(2)).nats();
        assertThat(many).isBetween(exact - .01, exact + .03);
        assertThat(scores.importanceBound(5, Rng.of(3)).nats()).isBetween(many, exact + divergence);
    }

    @Test
    void theBoundOfOneSampleIsReconstructionAndDivergence() {
        var scores = scores(2.5);
        double evidence = scores.nll(Latent.RIGHT, Rng.of(1)).nats() + scores.use(Rng.of(1)).kl();
        assertThat(scores.importanceBound(1, Rng.of(4)).nats()).isCloseTo(evidence, within(.1));
    }

    @Test
    void whatLatentsSayOfTheTextsIsTheMutualInformation() {
        var use = scores(1).use(Rng.of(1));
        assertThat(use.mutualInformation()).isCloseTo(.5 * Math.log(1 + W * W / (S * S)), within(.05));
        assertThat(use.kl()).as("texts are as the model has them").isCloseTo(use.mutualInformation(), within(.05));
        assertThat(use.active()).isEqualTo(1);
        assertThat(use.coordinates()).isEqualTo(1);
    }

    @Test
    void theRightLatentIsBetterThanOthers() {
        var scores = scores(1);
        double mean = scores.nll(Latent.MEAN, Rng.of(1)).nats();
        double right = scores.nll(Latent.RIGHT, Rng.of(1)).nats();
        double prior = scores.nll(Latent.PRIOR, Rng.of(1)).nats();
        double wrong = scores.nll(Latent.WRONG, Rng.of(1)).nats();
        // E (x - w z)^2 with z from the prior is 2 w^2 + s^2
        assertThat(prior).isCloseTo((2 * W * W + S * S) / (2 * S * S) + .5 * Math.log(2 * Math.PI * S * S), within(.3));
        assertThat(mean).isLessThan(right);
        assertThat(right).isLessThan(wrong - .5).isLessThan(prior - .5);
    }

    @Test
    void textsThatCannotBeScoredAreRefused() {
        assertThatThrownBy(() -> new AutoencoderScores(new Toy(1), List.of(new int[2]), 4))
                .hasMessageContaining("texts of 1 to 1 tokens");
        assertThatThrownBy(() -> scores(1).importanceBound(0, Rng.of(1))).hasMessageContaining("0 samples");
        Scope.temporary(() -> assertThatThrownBy(() -> LatentStatistics.of(Tensor.normal(Shape.of(1, 2, 2), Rng.of(1))))
                .hasMessageContaining("two latents"));
    }
}
