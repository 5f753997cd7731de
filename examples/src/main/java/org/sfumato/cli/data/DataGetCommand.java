package org.sfumato.cli.data;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sfumato.cli.shared.Common;
import org.sfumato.models.hub.Dataset;
import org.sfumato.models.hub.Download;
import org.sfumato.models.hub.RemoteFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato data get tiny-shakespeare`: a public data set, each file checked by its SHA-256.
@Command(name = "get", description = "Load a public data set. What is there already is not loaded again, and what was "
        + "stopped goes on.")
final class DataGetCommand implements Callable<Integer> {

    @Mixin
    Common common;

    @Mixin
    NetworkOptions network;

    @Parameters(paramLabel = "NAME", arity = "0..1", description = "Which one; without a name, all are listed.")
    private String name;

    @Option(names = "--to", paramLabel = "FOLDER", description = "Where to. Default: data/NAME.")
    private Path to;

    @Option(names = "--mirror", paramLabel = "URL",
            description = "A place that has files of the same names and content.")
    private URI mirror;

    @Override
    public Integer call() throws IOException {
        if (name == null) {
            list();
            return ExitCode.OK;
        }
        var dataset = Stream.of(Dataset.values()).filter(known -> known.label().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("data: no data set is named \"" + name + "\"\nhint: "
                        + Stream.of(Dataset.values()).map(Dataset::label).collect(Collectors.joining(", "))));
        var folder = to == null ? Path.of("data", name) : to;
        List<Path> files;
        try (var web = network.web(); var bar = new DownloadBar(common, bytes(dataset))) {
            files = dataset.get(new Download(web, network.replace, bar), folder, network.endpoint(),
                    Optional.ofNullable(mirror));
        }
        report(dataset, files);
        return ExitCode.OK;
    }

    private static long bytes(Dataset dataset) {
        return dataset.files().stream().mapToLong(RemoteFile::size).sum();
    }

    private void list() {
        for (var dataset : Dataset.values()) {
            common.out().printf("%-18s%6d MB  %s (%s)%n", dataset.label(),
                    Math.ceilDiv(bytes(dataset), 1_000_000L), dataset.description(), dataset.licence());
        }
        common.result(Map.of("datasets", Stream.of(Dataset.values()).map(Dataset::label).toList()));
    }

    private void report(Dataset dataset, List<Path> files) throws IOException {
        for (var file : files) {
            common.out().printf("%s: %d bytes, SHA-256 as it must be%n", file, Files.size(file));
        }
        common.out().printf("licence: %s%n", dataset.licence());
        var fields = new LinkedHashMap<String, Object>(Map.of("name", dataset.label()));
        fields.put("files", files.stream().map(Path::toString).toList());
        fields.put("licence", dataset.licence());
        common.result(fields);
    }
}
