package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Version;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.trace.Recorder;
import picocli.CommandLine.Option;

/// `--trace`: a file for every step of a sampler, which `sfumato trace` shows.
final class TraceOption {
    @Option(names = "--trace", paramLabel = "FILE", description = "Keep every step in FILE, for `sfumato trace`.")
    Path file;

    private final Recorder recorder = new Recorder();

    /// Refuses a place where no file can be, before there is anything to lose.
    void check() throws IOException {
        if (file != null && !Files.isDirectory(file.toAbsolutePath().getParent())) {
            throw new NoSuchFileException(file.toString(), null, "there is no such folder");
        }
        if (file != null && Files.isDirectory(file)) {
            throw new IOException("trace: " + file + " is a folder\nhint: name a file");
        }
    }

    /// `diffusion`, recorded if the user asked for it.
    Diffusion around(Diffusion diffusion) {
        return file == null ? diffusion : diffusion.with(recorder.around(diffusion.sampler()));
    }

    /// Writes what was recorded if the user asked for it, with the settings of the command.
    void save(Common common, Diffusion diffusion) throws IOException {
        if (file != null) {
            recorder.trace(settings(common), diffusion.tokenizer(), diffusion::isText).write(file);
        }
    }

    /// The options that were given, and the defaults of the others.
    private static Map<String, String> settings(Common common) {
        var settings = new LinkedHashMap<String, String>();
        settings.put("sfumato", Version.sfumato());
        for (var option : common.commandLine().getCommandSpec().options()) {
            var given = common.commandLine().getParseResult().matchedOption(option.longestName());
            var value = given != null ? String.join(" ", given.stringValues()) : option.defaultValue();
            if (value != null && !option.usageHelp()) {
                settings.put(option.longestName(), value);
            }
        }
        return settings;
    }
}
