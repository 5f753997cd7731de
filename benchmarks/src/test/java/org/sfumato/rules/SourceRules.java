package org.sfumato.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// The rules that only the text of a Java file can break.
final class SourceRules {

    static final int MAX_LINE = 120;
    static final int MAX_LINES = 400;

    private static final Pattern IMPORT = Pattern.compile("import (?:static )?(?!module )[\\w.]+\\.(\\w+);");
    private static final Pattern MACHINE_PATH = Pattern.compile("[\" (](/(home|root|work|Users)/\\w|[A-Z]:\\\\\\\\)");
    private static final Pattern UNFINISHED = Pattern.compile("\\b(TO[D]O|FIX[M]E)\\b");

    private SourceRules() {
    }

    /// What is wrong with the file `name`, one line each: `name:line: what`. Empty if nothing is.
    static List<String> violations(String name, String text) {
        var found = new ArrayList<String>();
        var lines = text.lines().toList();
        if (lines.size() > MAX_LINES) {
            found.add("%s:%d: %d lines, at most %d".formatted(name, MAX_LINES, lines.size(), MAX_LINES));
        }
        for (int i = 0; i < lines.size(); i++) {
            for (var what : inLine(lines.get(i), text)) {
                found.add("%s:%d: %s".formatted(name, i + 1, what));
            }
        }
        return found;
    }

    private static List<String> inLine(String line, String text) {
        var found = new ArrayList<String>();
        int length = line.codePointCount(0, line.length());
        if (length > MAX_LINE) {
            found.add(length + " characters, at most " + MAX_LINE);
        }
        if (line.strip().startsWith("/**")) {
            found.add("write Javadoc as /// Markdown");
        }
        if (UNFINISHED.matcher(line).find()) {
            found.add("unfinished work");
        }
        if (MACHINE_PATH.matcher(line).find()) {
            found.add("a path of one machine");
        }
        var imported = IMPORT.matcher(line);
        if (imported.matches() && !isUsed(imported.group(1), text)) {
            found.add("unused import " + imported.group(1));
        }
        return found;
    }

    /// Whether `name` stands in a line that is no import.
    private static boolean isUsed(String name, String text) {
        var word = Pattern.compile("\\b" + Pattern.quote(name) + "\\b");
        return text.lines().filter(line -> !line.startsWith("import ")).anyMatch(line -> word.matcher(line).find());
    }
}
