package org.sfumato.nn.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.io.FormatException;

class CsvLogTest {
    @TempDir
    Path folder;
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("log.csv");
    }

    @Test
    void rowsAreInTheFileAtOnce() throws IOException {
        try (var log = CsvLog.open(file, -1, "train", "validation")) {
            assertThat(file).hasContent("step,train,validation");
            log.append(1, Map.of("train", 4.25));
            log.append(2, Map.of("train", Double.NaN, "validation", 1e-9));
            assertThat(Files.readString(file)).isEqualTo("step,train,validation\n1,4.25,\n2,NaN,1.0E-9\n");
        }
    }

    @Test
    void aResumedRunDropsWhatItWillWriteAgain() throws IOException {
        Files.writeString(file, "step,train\n1,4\n2,3\n3,2\n10,1\n11,0.");
        try (var log = CsvLog.open(file, 2, "train")) {
            assertThat(Files.readString(file)).isEqualTo("step,train\n1,4\n2,3\n");
            log.append(3, Map.of("train", 2.5));
        }
        assertThat(Files.readString(file)).isEqualTo("step,train\n1,4\n2,3\n3,2.5\n");
        CsvLog.open(file, -1, "train").close();
        assertThat(Files.readString(file)).isEqualTo("step,train\n");
    }

    @Test
    void aRowThatWasCutOffIsDroppedThoughItsStepIsOld() throws IOException {
        Files.writeString(file, "step,train\n1,4\n2,3.12");
        CsvLog.open(file, 5, "train").close();
        assertThat(Files.readString(file)).isEqualTo("step,train\n1,4\n");
    }

    @Test
    void anotherTableIsLeftAlone() throws IOException {
        Files.writeString(file, "a,b\n1,2\n");
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> CsvLog.open(file, 0, "train"))
                .withMessageContaining("a,b").withMessageContaining("hint");
        Files.writeString(file, "step,train\none,2\n");
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> CsvLog.open(file, 0, "train"))
                .withMessageContaining("one,2");
        assertThat(Files.readString(file)).isEqualTo("step,train\none,2\n");
    }

    @Test
    void columnsComeBackAsPoints() throws IOException {
        Files.writeString(file, "step,train,validation\n1,4.5,\n2,NaN,3\n3,1e-3,\n4,0.1");
        assertThat(CsvLog.column(file, "validation")).containsExactly(new LossCurve.Point(2, 3));
        assertThat(CsvLog.column(file, "train")).containsExactly(new LossCurve.Point(1, 4.5),
                new LossCurve.Point(2, Double.NaN), new LossCurve.Point(3, .001));
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> CsvLog.column(file, "test"))
                .withMessageContaining("no column test");
    }

    @Test
    void namesThatWouldBreakTheTableAreRefused() throws IOException {
        assertThatIllegalArgumentException().isThrownBy(() -> CsvLog.open(file, 0, "a,b"));
        try (var log = CsvLog.open(file, 0, "train")) {
            assertThatIllegalArgumentException().isThrownBy(() -> log.append(1, Map.of("test", 1.0)))
                    .withMessageContaining("no column test");
        }
    }
}
