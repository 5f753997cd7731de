package org.sfumato.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SourceRulesTest {

    @Test
    void everySourceFileKeepsTheRules() throws IOException {
        var found = new ArrayList<String>();
        var files = sources();
        for (var file : files) {
            if (!file.endsWith("SourceRulesTest.java")) {
                found.addAll(SourceRules.violations(root().relativize(file).toString(), Files.readString(file)));
            }
        }
        assertThat(files).as("source files").hasSizeGreaterThan(20);
        assertThat(found).isEmpty();
    }

    @Test
    void aLongLineIsFound() {
        assertThat(SourceRules.violations("A", "x".repeat(120))).isEmpty();
        assertThat(SourceRules.violations("A", "ok\n" + "x".repeat(121)))
                .containsExactly("A:2: 121 characters, at most 120");
    }

    @Test
    void aLongFileIsFound() {
        assertThat(SourceRules.violations("A", "x\n".repeat(400))).isEmpty();
        assertThat(SourceRules.violations("A", "x\n".repeat(401))).containsExactly("A:400: 401 lines, at most 400");
    }

    @Test
    void anUnusedImportIsFound() {
        var text = """
                import java.util.List;
                import java.util.Map;
                import static java.lang.Math.max;
                import module java.base;
                import java.io.*;

                /// See [List].
                interface A { int b = max(1, 2); }
                """;
        assertThat(SourceRules.violations("A", text)).containsExactly("A:2: unused import Map");
    }

    @Test
    void oldJavadocUnfinishedWorkAndMachinePathsAreFound() {
        assertThat(SourceRules.violations("A", "    /** Old. */")).hasSize(1);
        assertThat(SourceRules.violations("A", "// TODO later")).hasSize(1);
        assertThat(SourceRules.violations("A", "Path.of(\"/home/me/x\")")).hasSize(1);
        assertThat(SourceRules.violations("A", "/// `network/home/page`, a / b")).isEmpty();
    }

    private static List<Path> sources() throws IOException {
        var files = new ArrayList<Path>();
        try (var modules = Files.newDirectoryStream(root(), Files::isDirectory)) {
            for (var module : modules) {
                if (Files.exists(module.resolve("pom.xml"))) {
                    try (var walk = Files.walk(module.resolve("src"))) {
                        walk.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
                    }
                }
            }
        }
        return files;
    }

    /// The folder of the parent POM.
    private static Path root() {
        var dir = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(dir.resolve("tensor"))) {
            dir = dir.getParent();
        }
        return dir;
    }
}
