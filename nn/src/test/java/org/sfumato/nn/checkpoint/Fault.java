package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/// Something that happens to a disk at the `at`-th change, counted from 1.
final class Fault {
    /// What happens.
    enum Kind {
        /// This change fails, later ones do not.
        HICCUP,
        /// This change and all later ones fail, but files can be deleted.
        FULL_DISK,
        /// The process is gone: this change and all later ones do not happen.
        KILL,
        /// The machine is gone: as `KILL`, and what was not forced to the disk is lost.
        POWER_LOSS
    }

    /// Thrown in place of all that a killed process does not do; no code may catch it.
    static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    /// Nothing happens.
    static Fault none() {
        return new Fault(Kind.HICCUP, Integer.MAX_VALUE);
    }

    /// An operation on the disk.
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    private final Kind kind;
    private final int at;
    private final Set<Path> unforced = new HashSet<>();
    private final Set<Path> unforcedNames = new HashSet<>();
    private int changes;

    Fault(Kind kind, int at) {
        this.kind = kind;
        this.at = at;
    }

    int changes() {
        return changes;
    }

    boolean struck() {
        return changes >= at;
    }

    /// Called before each change; `half` is what is still done of the one that is struck.
    void change(Action half) throws IOException {
        changes++;
        if (changes == at) {
            half.run();
        }
        strike(changes == at || changes > at && kind != Kind.HICCUP);
    }

    /// As [#change], for what a full disk does not hinder.
    void release(Action half) throws IOException {
        changes++;
        boolean past = changes > at && kind != Kind.HICCUP && kind != Kind.FULL_DISK;
        strike(changes == at && kind != Kind.FULL_DISK || past);
        half.run();
    }

    private void strike(boolean now) throws IOException {
        if (now) {
            switch (kind) {
                case HICCUP, FULL_DISK -> throw new IOException("No space left on device");
                case KILL, POWER_LOSS -> throw new Killed();
            }
        }
    }

    void written(Path file) {
        unforced.add(file);
    }

    void named(Path file) {
        unforcedNames.add(file);
    }

    void forced(Path fileOrFolder) {
        unforced.remove(fileOrFolder);
        unforcedNames.removeIf(name -> fileOrFolder.equals(name.getParent()));
    }

    /// @param replaced true if something had the name `to` before: then the name itself cannot be lost
    void moved(Path from, Path to, boolean replaced) {
        rename(unforced, from, to);
        rename(unforcedNames, from, to);
        if (replaced) {
            unforcedNames.remove(to);
        } else if (Files.isRegularFile(to)) {
            unforcedNames.add(to);
        }
    }

    private static void rename(Set<Path> paths, Path from, Path to) {
        for (var path : Set.copyOf(paths)) {
            if (path.startsWith(from)) {
                paths.remove(path);
                paths.add(to.resolve(from.relativize(path)));
            }
        }
    }

    /// Does to the real disk what a loss of power may do: unforced files are empty, files without a forced name gone.
    void lose() throws IOException {
        if (kind != Kind.POWER_LOSS) {
            return;
        }
        for (var file : unforced) {
            if (Files.exists(file)) {
                FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING).close();
            }
        }
        for (var file : unforcedNames) {
            Files.deleteIfExists(file);
        }
    }
}
