package org.sfumato.cli;

import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// What every command shares: `@Mixin Common common;`. (`--debug` is inherited from [Sfumato].)
///
/// With `--json`, the last line of standard output is one JSON object: the result or, after an error,
/// `{"error": ..., "hints": [...]}`. Progress goes to standard error, see [Progress].
final class Common {

    @Option(names = "--json", description = "End the output with one line of JSON: the result.")
    boolean json;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    /// Standard output. Throws [ClosedPipe] from a write when nobody reads it any more.
    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /// Standard error.
    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /// Prints `fields` as a line of JSON if the user asked for it; call it last.
    void result(Map<String, ?> fields) {
        if (json) {
            out().println(toJson(fields));
        }
    }

    static String toJson(Map<String, ?> fields) {
        return JsonMapper.builder().build().writeValueAsString(fields);
    }
}
