package org.sfumato.tensor.io;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Tensors spread over several files of one folder, with an index that says which file holds which.
///
/// Checked on opening: that every file of the index is there and lies inside the folder, that each tensor is in the
/// file that the index names and in no other, and that no file holds a tensor that the index does not name.
final class Shards implements TensorFile {
    private final Path index;
    private final Map<String, String> metadata;
    private final List<TensorFile> shards = new ArrayList<>();
    private final SequencedMap<String, TensorFile> home = new LinkedHashMap<>();

    private Shards(Path index, Map<String, String> metadata) {
        this.index = index;
        this.metadata = Map.copyOf(metadata);
    }

    /// Opens the shards that the file `index` names.
    ///
    /// @throws FormatException if the index or a shard breaks a rule, or they do not fit each other
    static TensorFile open(Path index) throws IOException {
        var read = ShardIndex.read(index);
        var shards = new Shards(index, read.metadata());
        try {
            for (var file : new TreeSet<>(read.files().values())) {
                shards.add(file, read.files());
            }
            for (var e : read.files().entrySet()) {
                if (!shards.home.containsKey(e.getKey())) {
                    throw shards.wrong("tensor " + SafetensorsHeader.quoted(e.getKey()) + " is not in "
                            + SafetensorsHeader.quoted(e.getValue()) + ", where it should be");
                }
            }
            return shards;
        } catch (IOException | RuntimeException | Error e) {
            shards.close();
            throw e;
        }
    }

    private void add(String file, Map<String, String> files) throws IOException {
        var path = index.resolveSibling(file);
        if (!Files.exists(path)) {
            throw wrong("the shard " + SafetensorsHeader.quoted(file) + " is missing"
                    + "\nhint: download the whole folder, or this file again");
        }
        var shard = Recognised.openFile(path);
        shards.add(shard);
        for (var name : shard.names()) {
            var named = files.get(name);
            if (named == null) {
                throw wrong(SafetensorsHeader.quoted(file) + " holds a tensor " + SafetensorsHeader.quoted(name)
                        + " that the index does not name");
            }
            if (!named.equals(file)) {
                throw wrong("tensor " + SafetensorsHeader.quoted(name) + " is in " + SafetensorsHeader.quoted(file)
                        + "; the index says that it is in " + SafetensorsHeader.quoted(named));
            }
            home.put(name, shard);
        }
    }

    private FormatException wrong(String what) {
        return new FormatException(ShardIndex.FORMAT, index, what);
    }

    @Override
    public List<String> names() {
        return List.copyOf(home.keySet());
    }

    private TensorFile shard(String name) {
        var shard = home.get(name);
        if (shard == null) {
            throw new IllegalArgumentException(ShardIndex.FORMAT + ": " + index + ": there is no tensor "
                    + SafetensorsHeader.quoted(name) + "\nhint: it has " + home.size() + " tensors, see names()");
        }
        return shard;
    }

    @Override
    public Shape shape(String name) {
        return shard(name).shape(name);
    }

    @Override
    public Spec spec(String name) throws FormatException {
        return shard(name).spec(name);
    }

    @Override
    public String storedAs(String name) {
        return shard(name).storedAs(name);
    }

    @Override
    public long bytes(String name) {
        return shard(name).bytes(name);
    }

    @Override
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public Tensor tensor(String name, DType type, Device device) throws IOException {
        return shard(name).tensor(name, type, device);
    }

    /// Tensors of one shard may lie side by side in it; those of several do not.
    @Override
    public Tensor mapped(List<String> names, DType type, Device device) throws IOException {
        var homes = names.stream().map(this::shard).distinct().toList();
        return homes.size() == 1 ? homes.getFirst().mapped(names, type, device)
                : Stacked.read(this, names, type, device);
    }

    @Override
    public void read(String name, Tensor into) throws IOException {
        shard(name).read(name, into);
    }

    @Override
    public void close() {
        shards.forEach(TensorFile::close);
    }

    /// See [Safetensors#writeFolder].
    static void write(Path folder, Map<String, Tensor> tensors, Map<String, String> metadata, long most)
            throws IOException {
        if (most < 1) {
            throw new IllegalArgumentException("safetensors: shards of at most " + most + " bytes cannot be");
        }
        requireNoModel(folder);
        var shards = cut(tensors, most);
        if (shards.size() == 1) {
            Safetensors.write(folder.resolve(Recognised.SAFETENSORS), tensors, metadata);
            return;
        }
        var files = new LinkedHashMap<String, String>();
        long total = 0;
        for (int i = 0; i < shards.size(); i++) {
            var file = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            Safetensors.write(folder.resolve(file), shards.get(i), metadata);
            for (var e : shards.get(i).entrySet()) {
                files.put(e.getKey(), file);
                total += e.getValue().spec().bytes();
            }
        }
        var text = new StringWriter();
        new ShardIndex(files, Map.of("total_size", Long.toString(total))).write(text);
        AtomicFile.write(ShardIndex.FORMAT, folder.resolve(Recognised.SAFETENSORS_INDEX), text.toString());
    }

    /// Several files cannot be replaced at once, and a mixture of two models must not be read as one.
    private static void requireNoModel(Path folder) throws IOException {
        try (var files = Files.newDirectoryStream(folder, "model*.safetensors*")) {
            for (var file : files) {
                throw new java.nio.file.FileAlreadyExistsException(file.toString(), null,
                        "safetensors: a folder of shards is written only where no model lies"
                        + "\nhint: write to another folder, or delete the old model first");
            }
        }
    }

    private static List<Map<String, Tensor>> cut(Map<String, Tensor> tensors, long most) {
        var shards = new ArrayList<Map<String, Tensor>>();
        shards.add(new LinkedHashMap<>());
        long bytes = 0;
        for (var e : tensors.entrySet()) {
            long more = e.getValue().spec().bytes();
            if (bytes + more > most && !shards.getLast().isEmpty()) {
                shards.add(new LinkedHashMap<>());
                bytes = 0;
            }
            shards.getLast().put(e.getKey(), e.getValue());
            bytes += more;
        }
        return shards;
    }
}
