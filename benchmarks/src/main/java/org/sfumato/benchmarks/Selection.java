package org.sfumato.benchmarks;

import java.util.List;
import org.sfumato.cli.shared.Common;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Which kernels are measured: those that are named, or all.
final class Selection {
    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @Option(names = "--list", description = "Print the names and measure nothing.")
    boolean list;

    @Parameters(paramLabel = "NAME", arity = "0..*",
            description = "What to measure, as --list prints it (default: all).")
    List<String> names = List.of();

    /// The kernels of `all` that are wanted; prints their names and returns none with `--list`.
    <K extends Kernel> List<K> of(List<K> all, Common common) {
        for (var name : names) {
            if (all.stream().noneMatch(kernel -> kernel.name().equals(name))) {
                throw new ParameterException(spec.commandLine(), "there is no '" + name + "', see --list");
            }
        }
        var wanted = all.stream().filter(kernel -> names.isEmpty() || names.contains(kernel.name())).toList();
        if (list) {
            wanted.forEach(kernel -> common.out().println(kernel.name()));
            return List.of();
        }
        return wanted;
    }
}
