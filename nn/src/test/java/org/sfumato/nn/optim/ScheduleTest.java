package org.sfumato.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Scope;
import org.sfumato.testing.TorchFile;

/// Rates by step against PyTorch's schedulers (optimizers.safetensors) and values worked out by hand.
class ScheduleTest {
    private Scope scope;
    private TorchFile file;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
        file = scope.call(() -> TorchFile.beside(ScheduleTest.class, "optimizers.safetensors"));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private void compare(String path, Schedule schedule) {
        var values = scope.call(() -> file.get(path + "/values").toDoubles());
        for (int s = 0; s < values.length; s++) {
            assertThat(schedule.at(s)).as(path + " at " + s).isCloseTo(values[s], within(1e-8));
        }
    }

    @Test
    void againstPyTorch() {
        compare("cosine", new Schedule.Cosine(0, 60, .1));
        compare("linear", new Schedule.Linear(0, 50, .2));
        compare("warmCosine", new Schedule.Cosine(10, 60, .1));
        compare("warmLinear", new Schedule.Linear(10, 60, 1e-9));
        compare("warmConstant", new Schedule.Constant(10, 60));
    }

    @Test
    void warmupStableDecay() {
        var wsd = new Schedule.Wsd(10, 110, .4, .1);
        assertThat(wsd.at(0)).isEqualTo(.1);
        assertThat(wsd.at(9)).isEqualTo(1);
        assertThat(wsd.at(10)).isEqualTo(1);
        assertThat(wsd.at(70)).as("the last at full height").isEqualTo(1);
        assertThat(wsd.at(90)).as("half way down").isCloseTo(.55, within(1e-12));
        assertThat(wsd.at(110)).isCloseTo(.1, within(1e-12));
        assertThat(wsd.at(100_000)).isCloseTo(.1, within(1e-12));
    }

    @Test
    void allOfThemRiseAndNeverLeaveZeroToOne() {
        for (var schedule : new Schedule[] {new Schedule.Constant(7, 40), new Schedule.Linear(7, 40, 0),
            new Schedule.Cosine(7, 40, .2), new Schedule.Wsd(7, 40, .5, 0), new Schedule.Wsd(0, 40, 1, 0)}) {
            for (long s = 0; s < 60; s++) {
                assertThat(schedule.at(s)).isBetween(0.0, 1.0);
                if (s > 0 && s < schedule.warmup()) {
                    assertThat(schedule.at(s) - schedule.at(s - 1)).isCloseTo(1.0 / 7, within(1e-12));
                } else if (s > schedule.warmup()) {
                    assertThat(schedule.at(s)).isLessThanOrEqualTo(schedule.at(s - 1));
                }
            }
        }
    }
}
