package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sfumato.tensor.io.FormatException;

/// The names inside a folder of checkpoints and their meaning; reading needs no lock.
///
/// - `step-000001234`: a checkpoint, made by renaming a finished folder;
/// - `.old-step-000001234`: set aside while its successor of the same step takes its place;
/// - `.new-...`, `.gone-...`: being written, being deleted; of no value without the process that does it;
/// - `best.json`: which one is best;
/// - `.lock`: locked by the process that writes.
record CheckpointFolder(Path path) {
    static final String BEST = "best.json";
    static final String LOCK = ".lock";
    static final String OLD = ".old-";
    static final String NEW = ".new-";
    static final String GONE = ".gone-";
    private static final Pattern STEP = Pattern.compile("step-(\\d{9,18})");
    private static final Pattern SET_ASIDE = Pattern.compile(Pattern.quote(OLD) + STEP.pattern());

    /// One checkpoint, whole or not.
    record Candidate(long step, Path path) { }

    /// The file [#BEST].
    record Best(long step, double value) { }

    static String name(long step) {
        return "step-%09d".formatted(step);
    }

    Path checkpoint(long step) {
        return path.resolve(name(step));
    }

    /// All checkpoints, whole or not, the newest first. One that was set aside counts while its place is empty.
    List<Candidate> candidates() throws IOException {
        var found = new ArrayList<Candidate>();
        for (var entry : entries()) {
            var name = entry.getFileName().toString();
            var step = STEP.matcher(name);
            var aside = SET_ASIDE.matcher(name);
            if (step.matches()) {
                found.add(new Candidate(Long.parseLong(step.group(1)), entry));
            } else if (aside.matches() && !Files.exists(checkpoint(Long.parseLong(aside.group(1))))) {
                found.add(new Candidate(Long.parseLong(aside.group(1)), entry));
            }
        }
        found.sort(Comparator.comparingLong(Candidate::step).reversed());
        return found;
    }

    List<Path> entries() throws IOException {
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(path)) {
            var all = new ArrayList<Path>();
            stream.forEach(all::add);
            all.sort(Comparator.naturalOrder());
            return all;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /// The newest checkpoint that is whole to the last byte.
    Optional<Path> latest(List<String> warnings) throws IOException {
        for (var candidate : candidates()) {
            if (isWhole(candidate.path, warnings)) {
                return Optional.of(candidate.path);
            }
        }
        return Optional.empty();
    }

    /// The best checkpoint, if one was named and it is whole to the last byte.
    Optional<Path> best(List<String> warnings) throws IOException {
        Optional<Best> best;
        try {
            best = readBest();
        } catch (FormatException e) {
            warnings.add(firstLine(e));
            return Optional.empty();
        }
        if (best.isEmpty()) {
            return Optional.empty();
        }
        for (var candidate : candidates()) {
            if (candidate.step == best.get().step) {
                return isWhole(candidate.path, warnings) ? Optional.of(candidate.path) : Optional.empty();
            }
        }
        warnings.add("the best checkpoint, " + name(best.get().step) + ", is missing");
        return Optional.empty();
    }

    /// What [#BEST] says; empty if there is no such file.
    ///
    /// @throws FormatException if it says nothing that can be understood
    Optional<Best> readBest() throws IOException {
        var file = path.resolve(BEST);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(RecordJson.read(Best.class, Manifest.json(file, "it is missing")));
        } catch (IllegalArgumentException e) {
            throw new FormatException("checkpoint", file, e.getMessage());
        }
    }

    private static boolean isWhole(Path checkpoint, List<String> warnings) throws IOException {
        try {
            Manifest.verified(checkpoint);
            return true;
        } catch (FormatException e) {
            warnings.add("skipped " + checkpoint.getFileName() + ": " + firstLine(e));
            return false;
        }
    }

    private static String firstLine(Exception e) {
        return e.getMessage().lines().findFirst().orElse("");
    }

    /// The checkpoint that a user means by `path`: itself, or of a folder the best one, or else the newest.
    static Stored open(Path path) throws IOException {
        var name = path.toAbsolutePath().normalize().getFileName();
        if (!Files.exists(path)) {
            throw new FormatException("checkpoint", path, "there is no such folder");
        }
        if (!Files.isDirectory(path)) {
            throw new FormatException("checkpoint", path, "it is a file\nhint: name the folder that holds it");
        }
        boolean named = name != null && STEP.matcher(name.toString()).matches();
        if (named || Files.exists(path.resolve(Manifest.NAME))) {
            return new Stored(path, List.of());
        }
        var folder = new CheckpointFolder(path);
        var warnings = new ArrayList<String>();
        var best = folder.best(warnings);
        var found = best.isPresent() ? best : folder.latest(warnings);
        if (found.isPresent()) {
            return new Stored(found.get(), warnings);
        }
        throw new FormatException("checkpoint", path, warnings.isEmpty()
                ? "it holds no checkpoint\nhint: name a folder that training has written, with folders step-... inside"
                : "it holds no whole checkpoint\n" + String.join("\n", warnings)
                + "\nhint: train anew, or bring the files back from a copy");
    }
}
