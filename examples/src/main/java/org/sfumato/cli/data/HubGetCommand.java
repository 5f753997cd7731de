package org.sfumato.cli.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.models.hub.Download;
import org.sfumato.models.hub.Hub;
import org.sfumato.models.hub.Repository;
import org.sfumato.models.hub.Snapshot;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato hub get openai-community/gpt2`: a folder of the hub, each file checked.
@Command(name = "get",
        description = "Load the folder of a model, or of a data set. What is there already is not loaded again, and "
                + "what was stopped goes on.",
        footer = {"", "A token for what is private or gated is read from HF_TOKEN.",
            "Example: sfumato hub get openai-community/gpt2 --include '*.json' '*.txt' '*.safetensors'"})
final class HubGetCommand implements Callable<Integer> {

    @Mixin
    Common common;

    @Mixin
    NetworkOptions network;

    @Parameters(paramLabel = "REPO", description = "owner/name, or datasets/owner/name.")
    private String repository;

    @Option(names = "--revision", defaultValue = "main", paramLabel = "NAME",
            description = "A branch, a tag or a commit. Default: ${DEFAULT-VALUE}.")
    private String revision;

    @Option(names = "--to", paramLabel = "FOLDER", description = "Where to. Default: a folder of the model's name.")
    private Path to;

    @Option(names = "--include", arity = "1..*", paramLabel = "PATTERN",
            description = "Only files whose path matches, such as '*.safetensors'.")
    private List<String> include = List.of();

    @Option(names = "--exclude", arity = "1..*", paramLabel = "PATTERN", description = "No file whose path matches.")
    private List<String> exclude = List.of();

    @Override
    public Integer call() throws IOException {
        var asked = Repository.parse(repository);
        var folder = to == null ? Path.of(asked.shortName()) : to;
        try (var web = network.web()) {
            var all = new Hub(web, network.endpoint()).snapshot(asked, revision);
            var snapshot = all.only(include, exclude);
            if (snapshot.files().isEmpty()) {
                throw new IOException("hub: " + asked + " has no such files, of " + all.files().size()
                        + "\nhint: --include and --exclude take patterns of whole paths, such as '*.json'");
            }
            var count = new EnumMap<Download.Outcome, Integer>(Download.Outcome.class);
            try (var bar = new DownloadBar(common, snapshot.bytes())) {
                var download = new Download(web, network.replace, bar);
                for (var file : snapshot.files()) {
                    count.merge(download.get(file, folder), 1, Integer::sum);
                }
            }
            report(snapshot, folder, count.getOrDefault(Download.Outcome.PRESENT, 0));
        }
        return ExitCode.OK;
    }

    private void report(Snapshot snapshot, Path folder, int present) {
        common.out().printf("%s: %d files, %d bytes, %d of them there already; all have the digests that the hub "
                + "names%ncommit %s%n", folder, snapshot.files().size(), snapshot.bytes(), present, snapshot.commit());
        var fields = new LinkedHashMap<String, Object>(Map.of("folder", folder.toString()));
        fields.put("repository", snapshot.repository().toString());
        fields.put("commit", snapshot.commit());
        fields.put("files", snapshot.files().size());
        fields.put("present", present);
        fields.put("bytes", snapshot.bytes());
        common.result(fields);
    }
}
