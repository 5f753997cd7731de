package org.sfumato.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/// Text that every full JDK carries: the comments and code of its own libraries, in `lib/src.zip`.
final class JdkSources {
    private static final String FOLDER = "java.base/java/util/";
    private static final int LIMIT = 1_500_000;

    private JdkSources() { }

    /// The sources of `java.util`, without licence headers, tabs, carriage returns and what is not ASCII.
    ///
    /// @param home the folder of the JDK
    /// @throws IllegalArgumentException if this JDK comes without sources
    static String read(Path home) throws IOException {
        var archive = home.resolve("lib").resolve("src.zip");
        if (!Files.isRegularFile(archive)) {
            throw new IllegalArgumentException("this JDK comes without its sources: " + archive + " is missing"
                    + "\nhint: sfumato demo --data FILE with any text, or install a full JDK 25");
        }
        var text = new StringBuilder();
        try (var zip = new ZipFile(archive.toFile())) {
            var entries = zip.stream().filter(e -> e.getName().startsWith(FOLDER) && e.getName().endsWith(".java"))
                    .sorted(Comparator.comparing(ZipEntry::getName)).toList();
            for (var entry : entries) {
                if (text.length() < LIMIT) {
                    text.append(clean(new String(zip.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8)));
                }
            }
        } catch (ZipException e) {
            throw new IllegalArgumentException("cannot read " + archive + ": " + e.getMessage()
                    + "\nhint: sfumato demo --data FILE with any text", e);
        }
        if (text.isEmpty()) {
            throw new IllegalArgumentException("no sources of java.util in " + archive
                    + "\nhint: sfumato demo --data FILE with any text");
        }
        return text.toString();
    }

    private static String clean(String source) {
        int start = source.startsWith("/*") ? source.indexOf("*/") + 2 : 0;
        return source.substring(start).strip().replace("\t", "    ").replace("\r", "").replaceAll("[^\\n -~]", "")
                + "\n\n";
    }
}
