package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.models.gist.GistFolder;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato latent-llm export`: a gist autoencoder as the original lays it out.
@Command(name = "export", description = {"Write a gist autoencoder as latent-llm lays it out, for hub push: language "
    + "models under the names of their family,", "latent_tokens.safetensors and latent_config.json."})
final class LatentLlmExport implements Callable<Integer> {
    @Mixin
    Common common;

    @Option(names = "--autoencoder", required = true, paramLabel = "DIR", description = "What train gist has made.")
    Path autoencoder;

    @Option(names = "--like", required = true, paramLabel = "DIR",
            description = "The folder of the hub that its language model was loaded from.")
    Path like;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Where the folders go.")
    Path out;

    @Override
    public Integer call() throws IOException {
        try (var scope = Scope.open("latent-llm export")) {
            Scoped.call(scope, () -> {
                GistFolder.save(Gists.load(autoencoder, common).autoencoder(), like, out);
                return 0;
            });
        }
        common.out().println(out);
        var fields = new LinkedHashMap<String, Object>();
        fields.put("folder", out.toString());
        common.result(fields);
        return ExitCode.OK;
    }
}
