package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Rng;

/// Schedules against published tables: alphaBar of DDPM and of latent diffusion, sigmas of Karras et al., quantiles of
/// k-diffusion's v-distribution.
class ScheduleTest {
    private static final List<GaussianSchedule> ALL = List.of(DiscreteSchedule.linear(),
            DiscreteSchedule.scaledLinear(), DiscreteSchedule.cosine(), new ContinuousSchedule.Cosine(),
            new ContinuousSchedule.Sigmoid(-3, 3, 1), new ContinuousSchedule.Laplace(0, .5),
            new ContinuousSchedule.Shifted(new ContinuousSchedule.Cosine(), .5),
            new SigmaSchedule.VDiffusion(1e-3, 1e3, 1), new SigmaSchedule.Karras(.01, 100, 7));

    private static void alphaBars(DiscreteSchedule schedule, double relative, double... table) {
        var steps = new int[] {0, 100, 250, 500, 750, 999};
        for (int i = 0; i < steps.length; i++) {
            if (!Double.isNaN(table[i])) {
                assertThat(schedule.alphaBars()[steps[i]]).as("alphaBar at %d", steps[i])
                        .isCloseTo(table[i], within(relative * table[i]));
            }
        }
    }

    @Test
    void alphaBarsOfTheTables() {
        alphaBars(DiscreteSchedule.scaledLinear(), 1e-3, .99915, .894, .6738, .2763, .0562, .00466);
        alphaBars(DiscreteSchedule.linear(), 2e-3, .99990, Double.NaN, .5214, .0778, .0033 * 1.0, 4.04e-5);
    }

    @Test
    void theCosineBeginsAndEndsAsPublished() {
        var table = DiscreteSchedule.cosine().alphaBars();
        assertThat(table[0]).isCloseTo(.99995872, within(1e-7));        // improved-diffusion's betas: 4.128e-5 first
        assertThat(table[999] / table[998]).isCloseTo(1 - .999, within(1e-12));
    }

    @Test
    void karrasSigmas() {
        double[] published = {100, 80.51, 64.38, 51.1, 40.24, 31.42, 24.31, 18.63, 14.13, 10.59, 7.841, 5.728, 4.124,
            2.921, 2.032, 1.386, .9246, .6017, .3807, .2333, .1378, .07796, .04194, .02124, .01, 0};
        var path = new SigmaSchedule.VDiffusion(1e-3, 1e3, 1).karras(25, .01, 100, 7);
        assertThat(path).hasSize(26);
        for (int i = 0; i < published.length; i++) {
            assertThat(path.get(i).sigma()).isCloseTo(published[i], within(6e-4 * published[i]));
        }
        assertThat(path.getFirst().time()).isCloseTo(Math.log(100) / 4, within(1e-12));
    }

    @Test
    void quantilesOfTheVDistribution() {
        var schedule = new SigmaSchedule.VDiffusion(1e-3, 1e3, 1);
        double[] u = {.01, .1, .25, .5, .75, .9, .99};
        double[] sigma = {.0167, .159, .415, 1, 2.41, 6.28, 59.9};
        for (int i = 0; i < u.length; i++) {
            assertThat(schedule.sigma(u[i])).isCloseTo(sigma[i], within(5e-3 * sigma[i]));
        }
    }

    /// Quantiles of the normal distribution by Python's statistics.NormalDist().
    @Test
    void quantilesOfTheLogNormalDistribution() {
        double[] shares = {1e-12, 1e-3, .05, .1, .3, .5, .975, .9999};
        double[] normal = {-7.034483825301132, -3.090232306167813, -1.6448536269514726, -1.2815515655446008,
            -.5244005127080407, 0, 1.9599639845400536, 3.7190164854557084};
        for (int i = 0; i < shares.length; i++) {
            assertThat(Math.log(SigmaSchedule.LogNormal.edm(.5).sigma(shares[i]))).as("share " + shares[i])
                    .isCloseTo(-1.2 + 1.2 * normal[i], within(1e-13));
        }
        assertThat(SigmaSchedule.LogNormal.edm(1).sigma(.3)).isCloseTo(2 * SigmaSchedule.LogNormal.edm(.5).sigma(.3),
                within(1e-12));
        assertThat(SigmaSchedule.LogNormal.edm(.5).level(0).sigma()).isCloseTo(Math.exp(-1.2 - 9.6), within(1e-15));
        assertThat(SigmaSchedule.LogNormal.edm(.5).level(1).sigma()).isCloseTo(Math.exp(-1.2 + 9.6), within(1e-9));
    }

    @Test
    void noiseRisesWithU() {
        for (var schedule : ALL) {
            double before = -1;
            for (double u : DoubleStream.iterate(0, v -> v <= 1, v -> v + 1.0 / 64).toArray()) {
                var level = schedule.level(u);
                assertThat(level.sigma()).as("%s at %s", schedule, u).isGreaterThanOrEqualTo(before).isFinite();
                before = level.sigma();
            }
        }
    }

    @Test
    void aLevelIsFoundAgainByItsSigma() {
        for (var schedule : ALL) {
            for (double u : new double[] {.05, .3, .5, .77, .95}) {
                var level = schedule.level(u);
                var found = schedule.at(level.sigma());
                assertThat(found.signal()).as("%s at %s", schedule, u).isCloseTo(level.signal(), within(1e-12));
                assertThat(found.noise()).isCloseTo(level.noise(), within(1e-12 * Math.max(1, level.noise())));
                assertThat(found.time()).isCloseTo(level.time(), within(1e-7));
            }
        }
    }

    @Test
    void laplaceFallsAndIsCentred() {
        var schedule = new ContinuousSchedule.Laplace(1, .5);
        assertThat(schedule.logSnr(.5)).isEqualTo(1);
        assertThat(schedule.logSnr(.25)).isCloseTo(1 + .5 * Math.log(2), within(1e-12));
        assertThat(schedule.logSnr(.75)).isCloseTo(1 - .5 * Math.log(2), within(1e-12));
        assertThat(2 * schedule.level(.25).lambda()).isCloseTo(schedule.logSnr(.25), within(1e-9));
    }

    @Test
    void stratifiedLevelsCoverAllQuantiles() {
        for (var schedule : ALL) {
            var times = schedule.draw(10, Rng.of(3)).stream().mapToDouble(NoiseLevel::time).sorted().toArray();
            for (int i = 0; i < 10; i++) {
                assertThat(times[i]).isBetween(schedule.level(i / 10.0).time() - 1e-9,
                        schedule.level((i + 1) / 10.0).time() + 1e-9);
            }
        }
        assertThat(DiscreteSchedule.linear().drawApart(4000, Rng.of(1)).stream().mapToDouble(NoiseLevel::time)
                .average().orElseThrow()).isCloseTo(499.5, within(15.0));
    }

    @Test
    void pathsOfSteps() {
        var schedule = DiscreteSchedule.linear();
        assertThat(schedule.leading(10).stream().mapToInt(l -> (int) l.time()))
                .containsExactly(900, 800, 700, 600, 500, 400, 300, 200, 100, 0, 0);
        assertThat(schedule.trailing(4).stream().mapToInt(l -> (int) l.time())).containsExactly(999, 749, 499, 249, 0);
        assertThat(schedule.all(999)).hasSize(1001).last().isEqualTo(NoiseLevel.CLEAN);
        assertThat(new ContinuousSchedule.Cosine().even(4)).hasSize(5);
    }

    @Test
    void whatIsNoScheduleIsRefused() {
        assertThatThrownBy(() -> new DiscreteSchedule(DiscreteSchedule.Kind.LINEAR, 10, .3, .2))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("rise");
        assertThatThrownBy(() -> DiscreteSchedule.linear().leading(1001)).hasMessageContaining("[1, 1000]");
        assertThatThrownBy(() -> DiscreteSchedule.linear().karras(25, 3, 2, 7)).hasMessageContaining("min");
        assertThatThrownBy(() -> new SigmaSchedule.Karras(0, 2, 7)).hasMessageContaining("above 0");
    }
}
