package org.sfumato.nn.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardWriterTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000, 250_000_000));

    @TempDir
    Path folder;

    /// The bytes come from TensorBoard's own writer, see `tensorboard_events.py` beside them.
    @Test
    void theBytesAreThoseOfTensorBoard() throws IOException {
        Path file;
        try (var writer = new TensorBoardWriter(folder, CLOCK)) {
            writer.scalar("loss/train", 0, 4.25);
            writer.scalar("loss/train", 1, 0);
            writer.scalar("loss/train", 300, 1.0 / 3);
            writer.resume(200);
            writer.scalar("loss/Prüfung " + "long ".repeat(60), 1L << 40, -1e-30);
            writer.scalar("loss/train", 301, Double.POSITIVE_INFINITY);
            file = writer.path();
        }
        try (var expected = TensorBoardWriterTest.class.getResourceAsStream("tensorboard_events.bin")) {
            assertThat(Files.readAllBytes(file)).isEqualTo(expected.readAllBytes());
        }
    }

    /// The CRC-32C of 32 zeros is 8a9136aa. Source: RFC 3720, appendix B.4.
    @Test
    void theMaskTurnsTheCheckSum() {
        int crc = HexFormat.fromHexDigits("8a9136aa");
        int masked = (crc >>> 15 | crc << 17) + 0xa282ead8;
        assertThat(TensorBoardWriter.masked(new byte[32])).isEqualTo(masked);
    }

    @Test
    void everyEventIsInTheFileAtOnce() throws IOException {
        try (var writer = new TensorBoardWriter(folder.resolve("new/run"), CLOCK)) {
            long before = Files.size(writer.path());
            writer.scalar("loss", 1, 2);
            assertThat(Files.size(writer.path())).isGreaterThan(before);
            assertThat(Files.readString(writer.path(), StandardCharsets.ISO_8859_1)).contains("loss");
            assertThat(writer.path().getFileName().toString()).startsWith("events.out.tfevents.1700000000.");
        }
    }

    @Test
    void twoWritersHaveTwoFiles() throws IOException {
        try (var one = new TensorBoardWriter(folder, CLOCK); var other = new TensorBoardWriter(folder, CLOCK)) {
            assertThat(one.path()).isNotEqualTo(other.path());
        }
    }

    @Test
    void aClosedWriterSaysSo() throws IOException {
        var writer = new TensorBoardWriter(folder, CLOCK);
        writer.close();
        assertThatThrownBy(() -> writer.scalar("loss", 1, 2)).isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(writer.path().toString());
    }
}
