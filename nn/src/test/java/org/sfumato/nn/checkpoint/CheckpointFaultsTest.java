package org.sfumato.nn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sfumato.nn.checkpoint.Fault.Kind;

/// Every single change of the disk is made to fail, in each way, and nothing saved before may be lost.
class CheckpointFaultsTest {
    private static final int MOST_CHANGES = 500;

    private static final Logger LOG = Logger.getLogger("org.sfumato.checkpoint");

    @TempDir
    Path parent;

    @BeforeAll
    static void silence() {
        LOG.setLevel(Level.OFF);                                            // what cannot be deleted is logged
    }

    @AfterAll
    static void speak() {
        LOG.setLevel(null);
    }

    @FunctionalInterface
    private interface Act {
        void on(Checkpoints checkpoints) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void savingAnotherStep(Kind kind) throws IOException {
        int changes = strikeEverywhere(kind, checkpoints -> checkpoints.save(Snapshots.light(3)), (folder, done) -> {
            var latest = Snapshots.latest(folder);
            assertThat(latest.step()).isIn(done ? List.of(3L) : List.of(2L, 3L));
        });
        assertThat(changes).isGreaterThan(15);
    }

    @ParameterizedTest
    @EnumSource
    void savingTheSameStepAgain(Kind kind) throws IOException {
        int changes = strikeEverywhere(kind, checkpoints -> checkpoints.save(Snapshots.light(2)),
                (folder, _) -> assertThat(Snapshots.latest(folder).step()).isEqualTo(2));
        assertThat(changes).isGreaterThan(15);
    }

    @ParameterizedTest
    @EnumSource
    void namingTheBest(Kind kind) throws IOException {
        int changes = strikeEverywhere(kind, checkpoints -> checkpoints.markBest(2, 0.5), (folder, done) -> {
            var best = Checkpoints.open(folder);
            assertThat(best.warnings()).isEmpty();
            assertThat(best.step()).isIn(done ? List.of(2L) : List.of(1L, 2L));
        });
        assertThat(changes).isGreaterThan(3);
    }

    @FunctionalInterface
    private interface Check {
        void on(Path folder, boolean done) throws IOException;
    }

    /// Runs `act` once for each change that it makes, which fails; returns how many there were.
    private int strikeEverywhere(Kind kind, Act act, Check check) throws IOException {
        for (int at = 1; at < MOST_CHANGES; at++) {
            var folder = parent.resolve(kind + "-" + at);
            try (var checkpoints = new Checkpoints(withoutFault(folder), 2)) {
                checkpoints.save(Snapshots.light(1));
                checkpoints.markBest(1, 1);
                checkpoints.save(Snapshots.light(2));
            }
            var opening = Fault.none();
            new Checkpoints(new FaultyDisk(opening).path(folder), 2).close();
            var fault = new Fault(kind, opening.changes() + at);
            boolean done = false;
            try (var checkpoints = new Checkpoints(new FaultyDisk(fault).path(folder), 2)) {
                act.on(checkpoints);
                done = true;
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("No space left on device").hasMessageContaining("hint: ");
            } catch (Fault.Killed _) {
                assertThat(kind).isIn(Kind.KILL, Kind.POWER_LOSS);
            }
            fault.lose();
            check.on(folder, done);
            assertGoesOn(folder);
            if (!fault.struck()) {
                assertThat(done).isTrue();
                return at - 1;
            }
        }
        throw new AssertionError("more changes than thought");
    }

    private static Path withoutFault(Path folder) {
        return new FaultyDisk(Fault.none()).path(folder);
    }

    /// The next run finds both a latest and a best checkpoint, saves, and clears away all leftovers.
    private static void assertGoesOn(Path folder) throws IOException {
        try (var checkpoints = new Checkpoints(withoutFault(folder), 2)) {
            var found = checkpoints.look();
            assertThat(found.warnings()).isEmpty();
            assertThat(found.best()).isPresent();
            assertThat(checkpoints.save(Snapshots.light(4))).isEqualTo(checkpoints.latest().orElseThrow());
        }
        try (var files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .allMatch(name -> name.matches("step-\\d{9}|best\\.json|\\.lock")).hasSizeLessThanOrEqualTo(5);
        }
    }
}
