package org.sfumato.tensor.io;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// A file whose tensors were listed when it was opened.
final class ListedTensors implements TensorFile {
    private final FileBytes file;
    private final SequencedMap<String, StoredTensor> tensors;
    private final Map<String, String> metadata;

    ListedTensors(FileBytes file, SequencedMap<String, StoredTensor> tensors, Map<String, String> metadata) {
        this.file = file;
        this.tensors = tensors;
        this.metadata = Collections.unmodifiableMap(metadata);
    }

    @Override
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    private StoredTensor stored(String name) {
        var stored = tensors.get(name);
        if (stored == null) {
            throw new IllegalArgumentException(file.format() + ": " + file.path() + ": there is no tensor "
                    + SafetensorsHeader.quoted(name) + "\nhint: it has " + tensors.size() + " tensors, see names()");
        }
        return stored;
    }

    @Override
    public Shape shape(String name) {
        return stored(name).shape();
    }

    @Override
    public Spec spec(String name) throws FormatException {
        return stored(name).spec(file, name);
    }

    @Override
    public String storedAs(String name) {
        return stored(name).label();
    }

    @Override
    public long bytes(String name) {
        return stored(name).bytes();
    }

    @Override
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public Tensor tensor(String name, DType type, Device device) throws IOException {
        return stored(name).read(file, name, type, device);
    }

    @Override
    public Tensor mapped(List<String> names, DType type, Device device) throws IOException {
        var mapped = StoredTensor.mapped(names.stream().map(this::stored).toList(), file, names, type, device);
        return mapped.isPresent() ? mapped.get() : Stacked.read(this, names, type, device);
    }

    @Override
    public void read(String name, Tensor into) throws IOException {
        stored(name).read(file, name, into);
    }

    @Override
    public void close() {
        file.close();
    }
}
