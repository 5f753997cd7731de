package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.sfumato.nn.Parameters;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;
import tools.jackson.databind.node.ObjectNode;

/// A checkpoint on the disk whose every byte was checked when it was opened. The tensors are read when asked for.
public final class Stored {
    static final String WEIGHTS = "weights.safetensors";
    static final String OPTIMIZER = "optimizer.safetensors";
    static final String AVERAGE = "average.safetensors";
    static final String CONFIG = "config.json";
    static final String PROGRESS = "progress.json";

    private final Path path;
    private final Manifest manifest;
    private final ObjectNode config;
    private final Progress progress;
    private final List<String> warnings;

    /// The file [#PROGRESS]. The step is in it, and not in the name of the folder alone, which a user may change.
    record Progress(long step, ObjectNode progress) { }

    Stored(Path path, List<String> warnings) throws IOException {
        this.path = path;
        this.manifest = Manifest.verified(path);
        for (var name : List.of(CONFIG, PROGRESS)) {
            if (!manifest.has(name)) {
                throw Manifest.damaged(path.resolve(Manifest.NAME), "it does not list " + name);
            }
        }
        var tree = Manifest.json(path.resolve(CONFIG), "it is missing");
        if (!(tree instanceof ObjectNode object)) {
            throw Manifest.damaged(path.resolve(CONFIG), "it is no JSON object");
        }
        this.config = object;
        try {
            this.progress = RecordJson.read(Progress.class, Manifest.json(path.resolve(PROGRESS), "it is missing"));
        } catch (IllegalArgumentException e) {
            throw Manifest.damaged(path.resolve(PROGRESS), e.getMessage());
        }
        this.warnings = List.copyOf(warnings);
    }

    /// The folder.
    public Path path() {
        return path;
    }

    /// Optimiser steps done.
    public long step() {
        return progress.step;
    }

    /// See [Snapshot]; a copy of its own.
    public ObjectNode config() {
        return config.deepCopy();
    }

    /// See [Snapshot]; a copy of its own.
    public ObjectNode progress() {
        return progress.progress.deepCopy();
    }

    /// Damaged checkpoints that were passed over on the way to this one, a sentence each.
    public List<String> warnings() {
        return warnings;
    }

    /// The parameters by name, in the current scope, on the default device.
    ///
    /// @throws IOException if they cannot be read
    public Map<String, Tensor> weights() throws IOException {
        return tensors(WEIGHTS);
    }

    /// The optimiser's state by name, in the current scope, on the default device; empty if none was saved.
    ///
    /// @throws IOException if it cannot be read
    public Map<String, Tensor> optimizer() throws IOException {
        return tensors(OPTIMIZER);
    }

    /// The moving average of the parameters by name, in the current scope, on the default device; empty if none was
    /// saved.
    ///
    /// @throws IOException if it cannot be read
    public Map<String, Tensor> average() throws IOException {
        return tensors(AVERAGE);
    }

    private Map<String, Tensor> tensors(String file) throws IOException {
        return manifest.has(file) ? Safetensors.read(path.resolve(file)) : Map.of();
    }

    /// Copies what was saved into the live tensors of a run, in place; the memory needed for it is freed again.
    ///
    /// @throws IOException if a file cannot be read
    /// @throws FormatException if names, shapes or types differ from what was saved
    public void restore(Map<String, Tensor> weights, Map<String, Tensor> optimizer, Map<String, Tensor> average)
            throws IOException {
        restore(WEIGHTS, weights);
        restore(OPTIMIZER, optimizer);
        restore(AVERAGE, average);
    }

    private void restore(String file, Map<String, Tensor> live) throws IOException {
        try (var scope = Scope.open("restore")) {
            var failure = scope.call(() -> {
                try {
                    Parameters.load(live, tensors(file));
                    return null;
                } catch (IOException e) {
                    return e;
                }
            });
            if (failure != null) {
                throw failure;
            }
        } catch (IllegalArgumentException e) {
            throw new FormatException("checkpoint", path.resolve(file), e.getMessage()
                    + "\nhint: build the model from config.json of the checkpoint");
        }
    }
}
