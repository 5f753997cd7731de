package org.sfumato.models.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Gets files. What has come is kept in `NAME.part`, whatever happens, and the next run asks for the rest; a whole file
/// is checked and only then given its name.
///
/// ```java
/// try (var web = new Web(Web.Patience.USUAL, Optional.empty())) {
///     var download = new Download(web, false, (file, bytes) -> { });
///     for (var file : Dataset.TINY_SHAKESPEARE.files()) {
///         download.get(file, Path.of("data"));
///     }
/// }
/// ```
public final class Download {
    private final Web web;
    private final boolean replace;
    private final Listener listener;

    /// Hears how far a file is.
    @FunctionalInterface
    public interface Listener {
        /// `bytes` of `file` are there.
        void at(RemoteFile file, long bytes);
    }

    /// What came of it.
    public enum Outcome {
        /// The same file was there already.
        PRESENT,
        /// It came as a whole.
        LOADED,
        /// Its beginning was there.
        RESUMED
    }

    /// @param replace whether a file that is there and differs is replaced, or an error
    public Download(Web web, boolean replace, Listener listener) {
        this.web = web;
        this.replace = replace;
        this.listener = listener;
    }

    /// Gets `file` into `folder`.
    ///
    /// @throws IOException if the network or the disk fails, the server refuses, or the content is not what it must be;
    ///     whatever was at the place of the file is as before
    public Outcome get(RemoteFile file, Path folder) throws IOException {
        var target = file.under(folder);
        if (Files.exists(target)) {
            if (isSame(file, target)) {
                listener.at(file, Files.size(target));
                return Outcome.PRESENT;
            }
            if (!replace) {
                throw new IOException("download: " + target + " is there and differs from what " + file.address()
                        .getHost() + " has\nhint: --replace, or another folder");
            }
        }
        try (var part = PartFile.open(target)) {
            requireRoom(file, part);
            var begun = new Begun(part.size());
            var linked = load(file, part, begun);
            part.finish(file.checksum().or(() -> linked));
            return begun.resumed ? Outcome.RESUMED : Outcome.LOADED;
        }
    }

    private Optional<Checksum> load(RemoteFile file, PartFile part, Begun begun) throws IOException {
        try {
            return web.patiently(part::size, () -> rest(file, part, begun));
        } catch (NetworkException e) {
            var lines = e.getMessage().split("\n", 2);
            var kept = part.size() > 0 ? "; " + part.size() + " bytes are kept" : "";
            var hint = lines.length > 1 ? lines[1] : "hint: run it again, it goes on from there";
            throw new IOException("download: " + file.name() + ": " + lines[0] + kept + "\n" + hint, e);
        }
    }

    private static boolean isSame(RemoteFile file, Path there) throws IOException {
        return Files.isRegularFile(there) && (file.size() < 0 || Files.size(there) == file.size())
                && (file.checksum().isEmpty() || file.checksum().get().of(there).equals(file.checksum().get()));
    }

    private static void requireRoom(RemoteFile file, PartFile part) throws IOException {
        FileStore disk = Files.getFileStore(part.path());
        long needed = file.size() - part.size();
        if (needed > disk.getUsableSpace()) {
            throw new IOException("download: " + file.name() + " needs " + needed + " bytes more, the disk has "
                    + disk.getUsableSpace() + "\nhint: make room, or name a folder on another disk");
        }
    }

    /// Whether what was there at the beginning is still part of the file.
    private static final class Begun {
        private boolean resumed;

        Begun(long bytes) {
            resumed = bytes > 0;
        }
    }

    /// Loads what is missing; gives the digest that the server knows.
    private Optional<Checksum> rest(RemoteFile file, PartFile part, Begun begun) throws IOException {
        if (file.size() > 0 && part.size() == file.size()) {
            return Optional.empty();
        }
        var tag = part.tag().filter(_ -> file.size() < 0 || part.size() < file.size());
        var headers = tag.isEmpty() ? Map.<String, String>of()
                : Map.of("Range", "bytes=" + part.size() + "-", "If-Range", tag.get());
        try (var answer = web.get(file.address(), headers)) {
            boolean goesOn = answer.status() == 206 && continues(answer, part, file.size());
            if (answer.status() == 416 || answer.status() == 206 && !goesOn) {
                part.restart(Optional.empty());
                begun.resumed = false;
                throw new NetworkException(file.name() + " has changed since its beginning was loaded", null);
            }
            if (answer.status() != 200 && !goesOn) {
                throw answer.refusal(file.name());
            }
            if (!goesOn) {
                requireSize(file, answer);
                part.restart(answer.strongTag());
                begun.resumed = false;
            }
            append(file, part, answer);
            return answer.linkedChecksum();
        }
    }

    /// Whether the answer begins where the part ends.
    private static boolean continues(Answer answer, PartFile part, long size) {
        var range = answer.header("Content-Range").orElse("");
        return range.startsWith("bytes " + part.size() + "-") && (size < 0 || range.endsWith("/" + size));
    }

    private static void requireSize(RemoteFile file, Answer answer) throws IOException {
        long offered = answer.headers().firstValueAsLong("Content-Length").orElse(file.size());
        if (file.size() >= 0 && offered != file.size()) {
            throw new IOException("download: " + file.name() + ": " + host(file.address()) + " offers " + offered
                    + " bytes, expected are " + file.size() + "\nhint: the file was changed there, or a proxy answers");
        }
    }

    private void append(RemoteFile file, PartFile part, Answer answer) throws IOException {
        for (List<ByteBuffer> pieces; !(pieces = answer.body().next()).isEmpty();) {
            part.append(pieces);
            if (file.size() >= 0 && part.size() > file.size()) {
                part.restart(Optional.empty());
                throw new IOException("download: " + file.name() + ": " + host(file.address()) + " sends more than the "
                        + file.size() + " bytes of it");
            }
            listener.at(file, part.size());
        }
        if (file.size() >= 0 && part.size() < file.size()) {
            throw new NetworkException(host(file.address()) + " sent " + part.size() + " of " + file.size() + " bytes",
                    null);
        }
    }

    private static String host(URI address) {
        return address.getHost();
    }
}
