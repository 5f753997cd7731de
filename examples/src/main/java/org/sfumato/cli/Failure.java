package org.sfumato.cli;

import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.LinkedHashMap;
import java.util.List;
import org.sfumato.cli.shared.Common;
import org.sfumato.tokenizers.UnknownTokenException;

/// An error as the user sees it: what is wrong, in one line, and up to two hints.
record Failure(String what, List<String> hints) {

    private static final String HINT = "hint:";

    /// The first line of the message of `e`, and its lines that start with `hint:`.
    static Failure of(Throwable e) {
        return switch (e) {
            case NoSuchFileException f when f.getReason() != null ->
                new Failure(f.getFile() + ": " + f.getReason(), List.of("check the path"));
            case NoSuchFileException f -> new Failure("no such file: " + f.getFile(), List.of("check the path"));
            case AccessDeniedException f ->
                new Failure("permission denied: " + f.getFile(), List.of("check the permissions of the file"));
            case FileAlreadyExistsException f ->
                new Failure("the file exists: " + f.getFile(), List.of("name another file or remove this one"));
            case UnknownTokenException u -> new Failure(first(u.getMessage()),
                    List.of("the model knows the characters of the text it was trained on, and no others"));
            case OutOfMemoryError m -> new Failure("out of memory: " + m.getMessage(),
                    List.of("take a smaller batch, or a larger heap: SFUMATO_JAVA_OPTS=-Xmx8g"));
            default -> ofMessage(e);
        };
    }

    private static Failure ofMessage(Throwable e) {
        var message = e.getMessage();
        if (message == null || message.isBlank()) {
            return new Failure(e.getClass().getSimpleName(), List.of("run it with --debug to see where"));
        }
        var hints = message.lines().map(String::strip).filter(line -> line.startsWith(HINT))
                .map(line -> line.substring(HINT.length()).strip()).limit(2).toList();
        return new Failure(first(message), hints.isEmpty() ? List.of("run it with --debug to see where") : hints);
    }

    private static String first(String message) {
        return message.lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst().orElseThrow();
    }

    void print(PrintWriter err) {
        err.println("sfumato: " + what);
        hints.forEach(hint -> err.println(HINT + " " + hint));
    }

    /// `{"error": ..., "hints": [...]}` in one line.
    String json() {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("error", what);
        fields.put("hints", hints);
        return Common.toJson(fields);
    }
}
