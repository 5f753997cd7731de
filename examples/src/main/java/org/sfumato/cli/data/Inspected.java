package org.sfumato.cli.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Npz;
import org.sfumato.tensor.io.TensorFile;

/// Tensors by name, of one file or of the several of a checkpoint.
final class Inspected implements AutoCloseable {
    /// A tensor that was not read.
    record Listed(String name, String type, Shape shape, long bytes) { }

    private interface Reading {
        Tensor read() throws IOException;
    }

    private final SequencedMap<String, Listed> listed = new LinkedHashMap<>();
    private final Map<String, Reading> readings = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final List<TensorFile> open = new ArrayList<>();

    private Inspected() { }

    static Inspected open(Path path) throws IOException {
        var inspected = new Inspected();
        try {
            if (Files.isDirectory(path) && (Files.isDirectory(path.resolve("checkpoints"))
                    || Files.exists(path.resolve("manifest.json")))) {
                inspected.checkpoint(path);
            } else if (path.toString().endsWith(".npz")) {
                inspected.arrays(path);
            } else {
                inspected.file(path, "");
            }
            return inspected;
        } catch (IOException | RuntimeException e) {
            inspected.close();
            throw e;
        }
    }

    /// Weights, average and state of the optimiser, each under its name.
    private void checkpoint(Path folder) throws IOException {
        var checkpoints = folder.resolve("checkpoints");
        var stored = Checkpoints.open(Files.isDirectory(checkpoints) ? checkpoints : folder);
        try (var files = Files.newDirectoryStream(stored.path(), "*.safetensors")) {
            var sorted = new TreeSet<Path>();
            files.forEach(sorted::add);
            for (var file : sorted) {
                file(file, file.getFileName().toString().replace(".safetensors", "") + "/");
            }
        }
        metadata.put("step", String.valueOf(stored.step()));
    }

    private void file(Path path, String prefix) throws IOException {
        var file = TensorFile.open(path);
        open.add(file);
        for (var name : file.names()) {
            var full = prefix + name;
            listed.put(full, new Listed(full, file.storedAs(name), file.shape(name), file.bytes(name)));
            readings.put(full, () -> file.tensor(name));
        }
        file.metadata().forEach((name, value) -> metadata.put(prefix + name, value));
    }

    /// Arrays of NumPy are read one by one, to see what they are.
    private void arrays(Path path) throws IOException {
        try (var file = Npz.open(path); var scope = Scope.open("inspect")) {
            for (var name : file.names()) {
                var tensor = Scoped.call(scope, () -> file.tensor(name));
                listed.put(name, new Listed(name, tensor.dtype().name(), tensor.shape(),
                        tensor.shape().count() * tensor.dtype().bytes()));
                readings.put(name, () -> {
                    try (var again = Npz.open(path)) {
                        return again.tensor(name);
                    }
                });
                tensor.close();
            }
        }
    }

    List<String> names() {
        return List.copyOf(listed.keySet());
    }

    Listed tensor(String name) {
        return listed.get(name);
    }

    Map<String, String> metadata() {
        return metadata;
    }

    /// What values tensor `name` has.
    ValueRange values(String name) throws IOException {
        try (var scope = Scope.open("inspect")) {
            return Scoped.call(scope, () -> ValueRange.of(readings.get(name).read()));
        }
    }

    @Override
    public void close() {
        open.forEach(TensorFile::close);
    }
}
