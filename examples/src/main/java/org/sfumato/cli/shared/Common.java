package org.sfumato.cli.shared;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/// What every command shares: `@Mixin Common common;`. (`--debug` is inherited from `sfumato`.)
///
/// With `--json`, the last line of standard output is one JSON object: the result or, after an error,
/// `{"error": ..., "hints": [...]}`. Progress goes to standard error, see [Progress].
public final class Common {

    @Option(names = "--json", description = "End the output with one line of JSON: the result.")
    boolean json;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Show this help.")
    boolean help;

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    /// True if the user asked for a line of JSON.
    public boolean json() {
        return json;
    }

    /// The command line as it was parsed.
    public CommandLine commandLine() {
        return spec.commandLine();
    }

    /// Standard output. A write throws, and so ends the command quietly, when nobody reads it any more.
    public PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /// Standard error.
    public PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /// Prints `fields` as a line of JSON if the user asked for it; call it last.
    public void result(Map<String, ?> fields) {
        if (json) {
            out().println(toJson(fields));
        }
    }

    /// One line. JSON has no NaN and no infinity: such a value is `null`.
    public static String toJson(Map<String, ?> fields) {
        var finite = new LinkedHashMap<String, Object>(fields);
        finite.replaceAll((_, value) -> value instanceof Double d && !Double.isFinite(d) ? null : value);
        return JsonMapper.shared().writeValueAsString(finite);
    }

    /// What was given, or what is usual.
    public static <T> T or(T given, T usual) {
        return given == null ? usual : given;
    }

    /// A wrong command line unless `value` is `least` or more, or not given.
    public void atLeast(long least, String option, Number value) {
        require(value == null || value.longValue() >= least, option, "at least " + least, value);
    }

    /// A wrong command line unless `value` is a number above 0, or not given.
    public void positive(String option, Double value) {
        require(value == null || value > 0 && Double.isFinite(value), option, "above 0", value);
    }

    /// A wrong command line unless `value` is a number from 0 on.
    public void notNegative(String option, double value) {
        require(value >= 0 && Double.isFinite(value), option, "at least 0", value);
    }

    /// The files of an option that takes many, and with them takes a mistyped option too.
    public Path[] files(List<Path> given) {
        for (var file : given) {
            if (file.toString().startsWith("-") && !Files.exists(file)) {
                throw new ParameterException(spec.commandLine(), "Unknown option: '" + file + "'");
            }
        }
        return given.toArray(Path[]::new);
    }

    private void require(boolean right, String option, String range, Number value) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), option + " must be " + range + ", got " + value);
        }
    }
}
