package org.sfumato.models.hub;

import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// A file to get.
///
/// @param name its place in a folder, with `/` between the parts
/// @param address where it is
/// @param size in bytes, or -1 if nobody says
/// @param checksum what its content must hash to, if that is known
public record RemoteFile(String name, URI address, long size, Optional<Checksum> checksum) {

    /// Throws [IllegalArgumentException] if `name` leads out of the folder.
    public RemoteFile {
        if (!staysInside(name)) {
            throw new IllegalArgumentException("remote file: \"" + name + "\" is no name of a file within a folder");
        }
    }

    /// Whether `name` is a relative path without `..`, empty parts, backslashes and control characters.
    static boolean staysInside(String name) {
        for (var part : name.split("/", -1)) {
            if (part.isBlank() || part.equals(".") || part.equals("..")) {
                return false;
            }
        }
        if (name.chars().anyMatch(c -> c == '\\' || Character.isISOControl(c))) {
            return false;
        }
        try {
            var root = Path.of("").toAbsolutePath();
            var file = root.resolve(name);
            return file.startsWith(root) && file.equals(file.normalize());
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /// Its place in `folder`.
    public Path under(Path folder) {
        return folder.resolve(name);
    }
}
