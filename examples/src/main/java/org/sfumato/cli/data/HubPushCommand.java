package org.sfumato.cli.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.models.hub.Hub;
import org.sfumato.models.hub.Repository;
import org.sfumato.models.hub.Upload;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato hub push`: a folder as a commit.
@Command(name = "push", description = "Send a folder to a repository of the hub, in one commit; it is made if there is "
        + "none.", footer = {"", "A token that may write is read from HF_TOKEN.",
            "Example: sfumato hub push models/gist owner/gist"})
public final class HubPushCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Option(names = "--endpoint", paramLabel = "URL", defaultValue = "${env:HF_ENDPOINT:-https://huggingface.co}",
            description = "The hub, or a mirror of it. Default: HF_ENDPOINT, else ${DEFAULT-VALUE}.")
    String endpoint;

    @Parameters(index = "0", paramLabel = "FOLDER", description = "What to send; names with a dot in front stay.")
    Path folder;

    @Parameters(index = "1", paramLabel = "REPO", description = "owner/name, or datasets/owner/name.")
    String repository;

    @Option(names = "--branch", defaultValue = "main", paramLabel = "NAME", description = "Default: ${DEFAULT-VALUE}.")
    String branch;

    @Option(names = "--message", defaultValue = "Upload by sfumato", paramLabel = "TEXT",
            description = "Of the commit. Default: ${DEFAULT-VALUE}.")
    String message;

    @Option(names = "--private", description = "If it is made: only its owner sees it.")
    boolean secret;

    @Override
    public Integer call() throws IOException {
        var to = Repository.parse(repository);
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("hub push: there is no folder " + folder);
        }
        var outcome = push(endpoint, folder, to, branch, message, secret);
        common.out().printf("%s: %d files, %d of them large, %d bytes sent to the storage%ncommit %s%n", to,
                outcome.files(), outcome.large(), outcome.sent(), outcome.commit());
        var fields = new LinkedHashMap<String, Object>();
        fields.put("repository", to.toString());
        fields.put("commit", outcome.commit());
        fields.put("files", outcome.files());
        fields.put("large", outcome.large());
        fields.put("bytes", outcome.sent());
        common.result(fields);
        return ExitCode.OK;
    }

    /// Pushes with the token in HF_TOKEN.
    public static Upload.Outcome push(String endpoint, Path folder, Repository to, String branch, String message,
            boolean secret) throws IOException {
        try (var web = NetworkOptions.web(Hub.endpoint(endpoint))) {
            return new Upload(web, Hub.endpoint(endpoint)).push(folder, to, branch, message,
                    secret);
        }
    }
}
