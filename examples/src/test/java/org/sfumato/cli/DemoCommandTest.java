package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
    @TempDir
    Path temp;

    /// Characters of two `char`s and gaps in the text, and no space: the demo must write and fill all the same.
    @Test
    void itTrainsWritesFillsAndScores() throws IOException {
        var text = Files.writeString(temp.resolve("text"), "ab_cd\uD83D\uDE00e\n".repeat(200));
        var model = temp.resolve("model");
        var result = Cli.run("demo", "--minutes", "0.01", "--data", text, "--out", model).succeeds();
        assertThat(result.out()).contains("written:", "filled:    ", "original:  ", "this model, an upper bound",
                "pairs of characters", "single characters", "The model lies in " + model);
        assertThat(result.err()).contains("A masked diffusion model of ", "learns 1,800 characters", "It writes: ",
                "It fills a gap of 12 characters", "\u2591").doesNotContain("\r", "\033");
        assertThat(result.err().substring(result.err().lastIndexOf("-- step "))).doesNotContain("\u2591");
        var json = Cli.run("generate", "--model", model, "--length", 3, "--json").succeeds().json();
        assertThat(json.get("text").asString()).isNotEmpty();
    }

    @Test
    void itsTextIsTheSourceOfTheJdk() throws IOException {
        var home = Path.of(System.getProperty("java.home"));
        assumeTrue(Files.exists(home.resolve("lib/src.zip")), "skipped: this JDK has no src.zip");
        var text = JdkSources.read(home);
        assertThat(text).hasSizeGreaterThan(500_000).contains("public class ArrayList<E>").matches("(?s)[\\n -~]*");
        assertThat(text).doesNotContain("GNU General Public License");
    }

    @Test
    void aJdkWithoutSourcesIsSaidWithTheCure() throws IOException {
        assertThatThrownBy(() -> JdkSources.read(temp)).hasMessageContaining("this JDK comes without its sources")
                .hasMessageContaining("hint: sfumato demo --data FILE");
        var archive = Files.createDirectories(temp.resolve("lib")).resolve("src.zip");
        try (var zip = new ZipOutputStream(Files.newOutputStream(archive))) {
            zip.putNextEntry(new ZipEntry("else/where.java"));
        }
        assertThatThrownBy(() -> JdkSources.read(temp)).hasMessageContaining("no sources of java.util");
        Files.writeString(archive, "no archive");
        assertThatThrownBy(() -> JdkSources.read(temp)).hasMessageContaining("src.zip");
    }
}
