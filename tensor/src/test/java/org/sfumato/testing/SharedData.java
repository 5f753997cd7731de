package org.sfumato.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/// Reference files too large for the repository: the folder `shared/data` in, or beside, a folder above the working
/// directory. A test that needs one skips, with a message, where it is absent.
public final class SharedData {

    private SharedData() {
    }

    /// The file or folder `name` below `shared/data`. Empty where this checkout has none.
    public static Optional<Path> find(String name) {
        for (var dir = Path.of("").toAbsolutePath(); dir != null; dir = dir.getParent()) {
            var file = dir.resolve("shared/data").resolve(name);
            if (Files.exists(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    /// The file or folder `name` below `shared/data`; skips the calling test where it is absent.
    public static Path require(String name) {
        var file = find(name);
        Assumptions.assumeTrue(file.isPresent(), () -> "skipped: no shared/data/" + name + " above this checkout");
        return file.orElseThrow();
    }
}
