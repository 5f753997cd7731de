package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.databind.node.ObjectNode;

/// A folder of checkpoints of one run, and the right to write there.
///
/// ```java
/// try (var checkpoints = new Checkpoints(folder, 3)) {
///     checkpoints.save(snapshot);
///     checkpoints.markBest(snapshot.step(), loss);
/// }
/// var stored = Checkpoints.open(folder);                     // elsewhere, also while the run goes on
/// ```
///
/// A checkpoint is a folder `step-000001234` of safetensors and JSON files, and of a manifest with the length and the
/// CRC-32C of each. It is written under another name, forced to the disk file by file, and renamed at last; so
/// whatever happens in between, to the process or to the machine, the checkpoints before it stay as they were, and one
/// that was cut off is never taken for a whole one.
///
/// The folder is locked from construction to [#close], against other processes and other objects of this one; reading
/// needs no lock. An object may be used by several threads, which take turns.
public final class Checkpoints implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("org.sfumato.checkpoint");

    private final CheckpointFolder folder;
    private final int keepLast;
    private final FileChannel lockFile;

    /// What a folder holds.
    ///
    /// @param latest the newest checkpoint that is whole
    /// @param best the one named by [#markBest], if it is whole
    /// @param warnings what was passed over and why, a sentence each
    public record Found(Optional<Path> latest, Optional<Path> best, List<String> warnings) { }

    /// Opens `path` for writing, making the folder if there is none.
    ///
    /// @param keepLast how many of the newest checkpoints stay, at least 1; the best one stays besides
    /// @throws IOException if the folder cannot be made or written, or somebody else writes there
    public Checkpoints(Path path, int keepLast) throws IOException {
        if (keepLast < 1) {
            throw new IllegalArgumentException("checkpoint: keepLast " + keepLast + " < 1");
        }
        this.folder = new CheckpointFolder(path.toAbsolutePath().normalize());
        this.keepLast = keepLast;
        try {
            Files.createDirectories(folder.path());
            this.lockFile = FileChannel.open(folder.path().resolve(CheckpointFolder.LOCK), StandardOpenOption.CREATE,
                    StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw failed("cannot write in " + folder.path(), e, "name another folder");
        }
        lock();
    }

    private void lock() throws IOException {
        FileLock lock = null;
        try {
            lock = lockFile.tryLock();
            if (lock != null) {
                lockFile.truncate(0);
                lockFile.write(ByteBuffer.wrap(("process " + ProcessHandle.current().pid())
                        .getBytes(StandardCharsets.UTF_8)), 0);
                return;
            }
            throw inUse();
        } catch (OverlappingFileLockException _) {
            throw inUse();
        } finally {
            if (lock == null) {
                lockFile.close();
            }
        }
    }

    private IOException inUse() throws IOException {
        var holder = ByteBuffer.allocate(64);
        lockFile.read(holder, 0);
        var who = new String(holder.array(), 0, holder.position(), StandardCharsets.UTF_8);
        return new IOException("checkpoint: " + folder.path() + " is in use by " + (who.isEmpty() ? "another run" : who)
                + "\nhint: end that run, or name another folder");
    }

    /// Saves `snapshot` and forgets what is older than the last few.
    ///
    /// @return the checkpoint's folder
    /// @throws IOException if that fails, saying why; all earlier checkpoints are as before
    /// @throws IllegalStateException if a tensor was freed, or this object was closed
    public synchronized Path save(Snapshot snapshot) throws IOException {
        requireOpen();
        var target = folder.checkpoint(snapshot.step());
        try {
            sweep();
            var fresh = folder.path().resolve(CheckpointFolder.NEW + target.getFileName());
            try {
                Files.createDirectory(fresh);
                fill(fresh, snapshot);
                take(fresh, target);
            } finally {
                deleteQuietly(fresh);
            }
        } catch (IOException e) {
            throw failed("cannot save step " + snapshot.step() + " in " + folder.path(), e,
                    "the checkpoints before it are whole; make room or mend the disk, then resume");
        }
        prune(snapshot.step());
        return target;
    }

    private static void fill(Path fresh, Snapshot snapshot) throws IOException {
        var names = new ArrayList<String>();
        var groups = Map.of(Stored.WEIGHTS, snapshot.weights(), Stored.OPTIMIZER, snapshot.optimizer(),
                Stored.AVERAGE, snapshot.average());
        for (var name : List.of(Stored.WEIGHTS, Stored.OPTIMIZER, Stored.AVERAGE)) {
            Map<String, Tensor> tensors = groups.get(name);
            if (!tensors.isEmpty()) {
                Safetensors.write(fresh.resolve(name), tensors, Map.of());
                names.add(name);
            }
        }
        writeJson(fresh.resolve(Stored.CONFIG), snapshot.config());
        writeJson(fresh.resolve(Stored.PROGRESS),
                RecordJson.write(new Stored.Progress(snapshot.step(), snapshot.progress())));
        names.add(Stored.CONFIG);
        names.add(Stored.PROGRESS);
        Disk.write(fresh.resolve(Manifest.NAME), Manifest.of(fresh, names).toBytes());
        Disk.force(fresh);
    }

    private static void writeJson(Path file, ObjectNode tree) throws IOException {
        Disk.write(file, RecordJson.text(tree).getBytes(StandardCharsets.UTF_8));
    }

    /// Renames `fresh` to `target`. A folder cannot be replaced in one step, so one of the same step is set aside
    /// first.
    private void take(Path fresh, Path target) throws IOException {
        var aside = folder.path().resolve(CheckpointFolder.OLD + target.getFileName());
        boolean replaces = Files.exists(target);
        if (replaces) {
            Disk.move(target, aside);
        }
        try {
            Disk.move(fresh, target);
        } catch (IOException e) {
            if (replaces && !Files.exists(target)) {
                Files.move(aside, target);
            }
            throw e;
        }
        if (replaces) {
            discard(aside);
        }
    }

    /// Clears away what a killed process has left, and gives back its place to a checkpoint that was set aside.
    private void sweep() throws IOException {
        for (var entry : folder.entries()) {
            var name = entry.getFileName().toString();
            if (name.startsWith(CheckpointFolder.OLD)) {
                var place = folder.path().resolve(name.substring(CheckpointFolder.OLD.length()));
                if (Files.exists(place)) {
                    discard(entry);
                } else {
                    Disk.move(entry, place);
                }
            } else if (name.startsWith(CheckpointFolder.NEW) || name.startsWith(CheckpointFolder.GONE)) {
                deleteQuietly(entry);
            }
        }
    }

    /// Names the checkpoint of `step` as the best one: it stays until another is named.
    ///
    /// @param value by which it is the best, for the record
    /// @throws IllegalArgumentException if it was not saved, or `value` is not finite
    /// @throws IOException if the note cannot be written; then the best one is still the one before
    public synchronized void markBest(long step, double value) throws IOException {
        requireOpen();
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("checkpoint: a best value of " + value);
        }
        if (!Manifest.looksWhole(folder.checkpoint(step))) {
            throw new IllegalArgumentException("checkpoint: there is no checkpoint of step " + step + " in "
                    + folder.path() + "\nhint: save it first");
        }
        var note = RecordJson.text(RecordJson.write(new CheckpointFolder.Best(step, value)));
        try {
            Disk.replace(folder.path().resolve(CheckpointFolder.BEST), note.getBytes(StandardCharsets.UTF_8),
                    folder.path().resolve(CheckpointFolder.NEW + CheckpointFolder.BEST));
        } catch (IOException e) {
            throw failed("cannot name step " + step + " as best in " + folder.path(), e, "make room or mend the disk");
        }
    }

    /// Forgets all checkpoints after `step`, of which a run that goes on from there will make its own.
    ///
    /// @throws IOException if that fails
    public synchronized void forgetAfter(long step) throws IOException {
        requireOpen();
        sweep();
        if (protectedStep().filter(best -> best > step).isPresent()) {
            Files.delete(folder.path().resolve(CheckpointFolder.BEST));
        }
        for (var candidate : folder.candidates()) {
            if (candidate.step() > step) {
                discard(candidate.path());
            }
        }
    }

    /// Deletes what is older than the last `keepLast` whole checkpoints, but neither the best nor the one just saved.
    private void prune(long saved) {
        try {
            var best = protectedStep();
            int whole = 0;
            for (var candidate : folder.candidates()) {
                if (whole >= keepLast && candidate.step() != saved && candidate.step() != best.orElse(saved)) {
                    discard(candidate.path());
                } else if (Manifest.looksWhole(candidate.path())) {
                    whole++;
                }
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "old checkpoints in {0} were not deleted: {1}", folder.path(), e);
        }
    }

    private Optional<Long> protectedStep() throws IOException {
        return folder.readBest().map(CheckpointFolder.Best::step);
    }

    /// Deletes a checkpoint so that no half of it is ever seen under its name.
    private void discard(Path checkpoint) throws IOException {
        var gone = folder.path().resolve(CheckpointFolder.GONE + checkpoint.getFileName());
        deleteQuietly(gone);
        Files.move(checkpoint, gone);
        deleteQuietly(gone);
    }

    private static void deleteQuietly(Path path) {
        try {
            if (Files.exists(path)) {
                Disk.deleteTree(path);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot delete {0}: {1}", path, e);
        }
    }

    /// Looks at what the folder holds; every byte of the checkpoints named in the answer was checked.
    ///
    /// @throws IOException if the folder cannot be read
    public Found look() throws IOException {
        var warnings = new ArrayList<String>();
        var latest = folder.latest(warnings);
        var best = folder.best(warnings);
        return new Found(latest, best, warnings.stream().distinct().toList());
    }

    /// The newest checkpoint that is whole. What was passed over is told by [#look].
    ///
    /// @throws IOException if the folder cannot be read
    public Optional<Path> latest() throws IOException {
        return folder.latest(new ArrayList<>());
    }

    /// The checkpoint named by [#markBest], if it is whole.
    ///
    /// @throws IOException if the folder cannot be read
    public Optional<Path> best() throws IOException {
        return folder.best(new ArrayList<>());
    }

    /// Checks and opens the checkpoint in the folder `checkpoint`.
    ///
    /// @throws FormatException if it is not whole, naming the file and what to do
    /// @throws IOException if it cannot be read
    public static Stored read(Path checkpoint) throws IOException {
        return new Stored(checkpoint, List.of());
    }

    /// Checks and opens the checkpoint that `path` means: a checkpoint's folder is itself, a folder of checkpoints
    /// stands for the best of them, or for the newest if none is named best. Damaged ones are passed over, see
    /// [Stored#warnings].
    ///
    /// @throws FormatException if there is none
    /// @throws IOException if it cannot be read
    public static Stored open(Path path) throws IOException {
        return CheckpointFolder.open(path);
    }

    private void requireOpen() {
        if (!lockFile.isOpen()) {
            throw new IllegalStateException("checkpoint: " + folder.path() + ": used after it was closed");
        }
    }

    /// Gives up the right to write.
    @Override
    public synchronized void close() throws IOException {
        lockFile.close();
    }

    private static IOException failed(String what, IOException e, String hint) {
        var reason = switch (e) {
            case NoSuchFileException _ -> "there is no " + e.getMessage();
            case AccessDeniedException _ -> "permission denied, " + e.getMessage();
            case FileAlreadyExistsException _ -> e.getMessage() + " is in the way";
            default -> e.getMessage();
        };
        return new IOException("checkpoint: " + what + ": " + reason + "\nhint: " + hint, e);
    }
}
