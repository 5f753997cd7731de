package org.sfumato.cli.data;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Printable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/// `sfumato inspect`: what is in a file of tensors.
@Command(name = "inspect", description = "Show the tensors and the metadata of a file or folder.",
        footer = {"", "Read are safetensors with or without index, PyTorch's .pt and .bin, GGUF, llama2.c, NumPy's "
            + ".npz, and the checkpoints of `sfumato train`.",
            "Example: sfumato inspect gpt2 --match 'transformer.h.0.*' --stats"})
public final class InspectCommand implements Callable<Integer> {
    private static final int VALUE = 100;
    private static final List<String> UNITS = List.of("KiB", "MiB", "GiB");

    @Mixin
    Common common;

    @Parameters(paramLabel = "PATH", description = "A file, or a folder with one.")
    Path path;

    @Option(names = "--match", paramLabel = "PATTERN",
            description = "Only tensors whose names match, such as '*.bias'.")
    String match = "*";

    @Option(names = "--stats", description = "Read the tensors: least, largest and mean value, NaN and infinite ones.")
    boolean stats;

    @Option(names = "--metadata", description = "Show what the file says beside its tensors in full.")
    boolean metadata;

    @Override
    public Integer call() throws IOException {
        var matcher = matcher();
        try (var inspected = Inspected.open(path)) {
            var names = inspected.names().stream().filter(matcher).toList();
            var tensors = new ArrayList<Map<String, Object>>();
            long elements = 0;
            long bytes = 0;
            var types = new TreeMap<String, Integer>();
            for (var name : names) {
                var tensor = inspected.tensor(name);
                elements += tensor.shape().count();
                bytes += tensor.bytes();
                types.merge(tensor.type(), 1, Integer::sum);
                tensors.add(shown(inspected, tensor));
            }
            if (!common.json()) {
                print(inspected, names.size(), elements, bytes, types);
            }
            var fields = new LinkedHashMap<String, Object>();
            fields.put("tensors", tensors);
            fields.put("metadata", inspected.metadata());
            fields.put("count", names.size());
            fields.put("elements", elements);
            fields.put("bytes", bytes);
            common.result(fields);
            return ExitCode.OK;
        }
    }

    private Predicate<String> matcher() {
        try {
            var glob = FileSystems.getDefault().getPathMatcher("glob:" + match.replace('/', '.'));
            return name -> glob.matches(Path.of(name.replace('/', '.').replace('\0', '.')));
        } catch (PatternSyntaxException e) {
            throw new ParameterException(common.commandLine(), "--match is no pattern: " + e.getDescription());
        }
    }

    private Map<String, Object> shown(Inspected inspected, Inspected.Listed tensor) throws IOException {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("name", tensor.name());
        fields.put("type", tensor.type());
        fields.put("shape", tensor.shape().sizes());
        fields.put("bytes", tensor.bytes());
        var line = "%-9s %-20s %10s  %s".formatted(Printable.of(tensor.type()), tensor.shape(), size(tensor.bytes()),
                Printable.of(tensor.name()));
        if (stats) {
            var values = inspected.values(tensor.name());
            fields.putAll(values.fields());
            line = "%s  %s".formatted(values, line);
        }
        if (!common.json()) {
            common.out().println(line);
        }
        return fields;
    }

    private void print(Inspected inspected, int count, long elements, long bytes, Map<String, Integer> types) {
        var out = common.out();
        inspected.metadata().forEach((name, value) -> out.printf("%s: %s%n", Printable.of(name),
                metadata ? Printable.of(value) : Printable.of(value, VALUE)));
        var kinds = new ArrayList<String>();
        types.forEach((type, n) -> kinds.add(n + " " + type));
        out.printf(Locale.ROOT, "%,d tensors%s, %,d elements, %s%n", count,
                kinds.isEmpty() ? "" : " (" + Printable.of(String.join(", ", kinds)) + ")", elements, size(bytes));
    }

    private static String size(long bytes) {
        int unit = bytes < 1 << 10 ? 0 : bytes < 1 << 20 ? 1 : bytes < 1 << 30 ? 2 : 3;
        return unit == 0 ? bytes + " B"
                : String.format(Locale.ROOT, "%.1f %s", bytes / Math.pow(1024, unit), UNITS.get(unit - 1));
    }
}
