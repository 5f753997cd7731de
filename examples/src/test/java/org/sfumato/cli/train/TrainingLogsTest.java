package org.sfumato.cli.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.models.data.NGramEntropy;
import org.sfumato.nn.log.CsvLog;
import org.sfumato.nn.log.LossCurve;

/// The logs of a training: what is written, and what a resumed run drops.
class TrainingLogsTest {
    @TempDir
    Path folder;

    private void log(long from, long to) throws Exception {
        try (var logs = new TrainingLogs(folder, from)) {
            for (long step = from + 1; step <= to; step++) {
                logs.step(step, step, .5);
            }
            logs.validation(to, 2.5);
            logs.curve(new NGramEntropy(4, 3, 2));
        }
    }

    @Test
    void lossesAreMeansOfTenSteps() throws Exception {
        log(0, 30);
        assertThat(CsvLog.column(folder.resolve("log.csv"), "train")).containsExactly(new LossCurve.Point(10, 5.5),
                new LossCurve.Point(20, 15.5), new LossCurve.Point(30, 25.5));
        assertThat(CsvLog.column(folder.resolve("log.csv"), "validation"))
                .containsExactly(new LossCurve.Point(30, 2.5));
    }

    @Test
    void aResumedRunDropsWhatCameAfterItsCheckpoint() throws Exception {
        log(0, 30);
        log(20, 40);
        assertThat(CsvLog.column(folder.resolve("log.csv"), "train")).extracting(LossCurve.Point::step)
                .containsExactly(10.0, 20.0, 30.0, 40.0);
        assertThat(CsvLog.column(folder.resolve("log.csv"), "validation"))
                .containsExactly(new LossCurve.Point(40, 2.5));
    }

    @Test
    void thereIsAPictureAndAFileForTensorBoard() throws Exception {
        log(0, 20);
        assertThat(Files.readString(folder.resolve("loss.svg"))).startsWith("<svg").contains("validation", "bigram");
        try (var events = Files.list(folder.resolve("tensorboard"))) {
            assertThat(events).singleElement()
                    .satisfies(file -> assertThat(file.getFileName().toString()).startsWith("events.out.tfevents."));
        }
    }
}
