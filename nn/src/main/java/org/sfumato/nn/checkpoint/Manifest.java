package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.sfumato.tensor.io.FormatException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The list of a checkpoint's files, written last: where it stands and agrees with them, the checkpoint is whole.
///
/// @param format [#FORMAT]
/// @param version [#VERSION]
/// @param files what belongs to the checkpoint; further files in the folder are nobody's business
record Manifest(String format, int version, List<Entry> files) {
    /// The manifest's file.
    static final String NAME = "manifest.json";
    static final String FORMAT = "sfumato-checkpoint";
    static final int VERSION = 1;
    private static final Pattern PLAIN_NAME = Pattern.compile("[a-z][a-z0-9.-]*");
    private static final String CURE = "\nhint: take another checkpoint of the same run; this one can be deleted";

    /// One file.
    ///
    /// @param name without folders
    /// @param bytes its length
    /// @param crc32c eight hexadecimal digits
    record Entry(String name, long bytes, String crc32c) { }

    /// The manifest of the files `names` in `folder`, as they are now.
    static Manifest of(Path folder, List<String> names) throws IOException {
        var entries = new ArrayList<Entry>();
        for (var name : names) {
            var file = folder.resolve(name);
            entries.add(new Entry(name, Files.size(file), Disk.crc32c(file)));
        }
        return new Manifest(FORMAT, VERSION, entries);
    }

    byte[] toBytes() {
        return RecordJson.text(RecordJson.write(this)).getBytes(StandardCharsets.UTF_8);
    }

    /// Reads the manifest in `folder` and holds every file against it.
    ///
    /// @throws FormatException if the checkpoint is not whole, naming the file and what to do
    static Manifest verified(Path folder) throws IOException {
        var manifest = read(folder);
        manifest.requireSizes(folder);
        for (var entry : manifest.files) {
            var file = folder.resolve(entry.name);
            var crc = Disk.crc32c(file);
            if (!crc.equals(entry.crc32c)) {
                throw damaged(file, "its bytes have changed, CRC-32C " + crc + " != " + entry.crc32c);
            }
        }
        return manifest;
    }

    /// Like [#verified], but looks at lengths only: enough to tell what was cut off, and cheap.
    static boolean looksWhole(Path folder) {
        try {
            read(folder).requireSizes(folder);
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private static Manifest read(Path folder) throws IOException {
        var file = folder.resolve(NAME);
        var tree = json(file, "it is missing: writing this checkpoint was cut off");
        try {
            var manifest = RecordJson.read(Manifest.class, tree);
            manifest.requireKnown(file);
            return manifest;
        } catch (IllegalArgumentException e) {
            throw damaged(file, e.getMessage());
        }
    }

    private void requireKnown(Path file) throws FormatException {
        if (!format.equals(FORMAT)) {
            throw new FormatException("checkpoint", file, "it says \"" + format + "\", not \"" + FORMAT + "\"");
        }
        if (version != VERSION) {
            throw new FormatException("checkpoint", file, "version " + version + " != " + VERSION
                    + "\nhint: read it with the version of Sfumato that wrote it");
        }
        for (var entry : files) {
            if (!PLAIN_NAME.matcher(entry.name).matches()) {
                throw damaged(file, "\"" + entry.name + "\" is no name of a file");
            }
        }
    }

    private void requireSizes(Path folder) throws IOException {
        for (var entry : files) {
            var file = folder.resolve(entry.name);
            if (!Files.isRegularFile(file)) {
                throw damaged(file, "it is missing");
            }
            if (Files.size(file) != entry.bytes) {
                throw damaged(file, "its size is wrong, " + Files.size(file) + " != " + entry.bytes + " bytes");
            }
        }
    }

    boolean has(String name) {
        return files.stream().anyMatch(entry -> entry.name.equals(name));
    }

    /// The JSON in `file`.
    ///
    /// @throws FormatException if it is none, or `missing` if there is no such file
    static JsonNode json(Path file, String missing) throws IOException {
        try {
            return JsonMapper.shared().readTree(Files.readAllBytes(file));
        } catch (NoSuchFileException _) {
            throw damaged(file, missing);
        } catch (JacksonException e) {
            throw damaged(file, "it is no JSON: " + e.getOriginalMessage());
        }
    }

    static FormatException damaged(Path file, String what) {
        return new FormatException("checkpoint", file, what + CURE);
    }
}
