package org.sfumato.tensor.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;

/// What `torch.save` writes since PyTorch 1.6: a zip file, nothing in it compressed, with a pickle `NAME/data.pkl` that
/// describes tensors ([Pickle]) and their memory in `NAME/data/KEY`.
///
/// Dictionaries and lists in one another are given by path: `model.layers.0.weight`; a lone tensor is called `tensor`.
/// Texts, numbers and truth values among them are metadata by path. Views, strides and shared storages are read as what
/// they show. Source: pytorch/pytorch, `torch/serialization.py`, `torch/_utils.py`.
final class TorchArchive {
    private static final String PICKLE = "/data.pkl";
    private static final int DEEPEST = 64;
    private static final int MOST_AXES = 64;
    /// How often a view may show the bytes of the whole file, repeating what it has: a bound for hostile ones.
    private static final int MOST_REPEATED = 16;

    private final FileBytes file;
    private final Map<String, StoredZip.Entry> entries;
    private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private String root;
    private long visitsLeft;
    private long lettersLeft;

    private TorchArchive(FileBytes file) throws IOException {
        this.file = file;
        this.entries = StoredZip.read(file);
    }

    /// Opens the archive at `path`.
    ///
    /// @throws FormatException if it is damaged, or holds anything but tensors, dictionaries, lists, texts and numbers
    static TensorFile open(Path path) throws IOException {
        var file = FileBytes.open("pytorch", path);
        try {
            var archive = new TorchArchive(file);
            archive.read();
            return new ListedTensors(file, archive.tensors, archive.metadata);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private void read() throws IOException {
        root = root();
        var order = entries.get(root + "/byteorder");
        if (order != null && !text(order, 16).strip().equals("little")) {
            throw file.wrong("its byte order is not little\nhint: save it again on a little-endian machine");
        }
        var pickle = entries.get(root + PICKLE);
        visitsLeft = pickle.bytes() + 1024;
        lettersLeft = 16 * pickle.bytes() + 65_536;
        Object value;
        try (var arena = Arena.ofConfined()) {
            value = Pickle.read(file, new Cursor(file, file.map(pickle.at(), pickle.bytes(), arena)));
        }
        visit("", value, 0);
    }

    private String root() throws FormatException {
        var pickles = entries.keySet().stream().filter(name -> name.endsWith(PICKLE)
                && name.indexOf('/') == name.length() - PICKLE.length()).toList();
        if (pickles.size() != 1) {
            throw file.wrong(entries.keySet().stream().anyMatch(name -> name.endsWith(".npy"))
                    ? "it is an archive of NumPy\nhint: Npz.read"
                    : "it is a zip file without one data.pkl, not one of PyTorch");
        }
        var found = pickles.getFirst().substring(0, pickles.getFirst().length() - PICKLE.length());
        if (entries.containsKey(found + "/constants.pkl")) {
            throw file.wrong("it is a program of TorchScript\nhint: in PyTorch, "
                    + "torch.save(torch.jit.load(path).state_dict(), path)");
        }
        return found;
    }

    private String text(StoredZip.Entry entry, long most) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var bytes = arena.allocate(Math.max(1, Math.min(most, entry.bytes())));
            if (entry.bytes() > 0) {
                file.read(entry.at(), bytes);
            }
            return new String(bytes.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
        }
    }

    private void visit(String path, Object value, int depth) throws FormatException {
        if (depth > DEEPEST || visitsLeft-- <= 0) {
            throw file.wrong("at " + SafetensorsHeader.quoted(path) + ": " + (depth > DEEPEST
                    ? "more than " + DEEPEST + " dictionaries and lists in one another, or one that holds itself"
                    : "its parts are shared more often than a file of tensors needs"));
        }
        switch (value) {
            case Map<?, ?> map -> {
                for (var e : map.entrySet()) {
                    visit(join(path, e.getKey().toString()), e.getValue(), depth + 1);
                }
            }
            case List<?> list -> visit(path, list, depth);
            case Pickle.Tuple(var items) -> visit(path, items, depth);
            case Pickle.Strided tensor -> {
                var name = path.isEmpty() ? "tensor" : path;
                if (tensors.put(name, stored(SafetensorsHeader.quoted(name), tensor)) != null) {
                    throw file.wrong("two tensors have the path " + SafetensorsHeader.quoted(name));
                }
            }
            case String text -> metadata.put(path, text);
            case Long number -> metadata.put(path, number.toString());
            case Double number -> metadata.put(path, number.toString());
            case Boolean truth -> metadata.put(path, truth.toString());
            case Pickle.None _ -> { }
            default -> throw file.wrong("at " + SafetensorsHeader.quoted(path) + ": a "
                    + value.getClass().getSimpleName() + " where a tensor or a number should be");
        }
    }

    private void visit(String path, List<?> items, int depth) throws FormatException {
        for (int i = 0; i < items.size(); i++) {
            visit(join(path, Integer.toString(i)), items.get(i), depth + 1);
        }
    }

    private String join(String path, String key) throws FormatException {
        lettersLeft -= path.length() + 1 + key.length();
        if (lettersLeft < 0) {
            throw file.wrong("at " + SafetensorsHeader.quoted(path) + ": the names of its parts are longer than the "
                    + "file allows");
        }
        return path.isEmpty() ? key : path + "." + key;
    }

    private StoredTensor stored(String quoted, Pickle.Strided tensor) throws FormatException {
        var type = tensor.storage().type();
        int size = type.encoding().blockBytes();
        var key = root + "/data/" + tensor.storage().key();
        var entry = entries.get(key);
        if (entry == null) {
            throw file.wrong(quoted + ": there is no entry " + SafetensorsHeader.quoted(key));
        }
        if (tensor.storage().count() > entry.bytes() / size) {
            throw file.wrong(quoted + ": " + tensor.storage().count() + " elements of " + type.label()
                    + " do not fit the " + entry.bytes() + " bytes of " + SafetensorsHeader.quoted(key));
        }
        var sizes = numbers(quoted, tensor.sizes());
        var strides = numbers(quoted, tensor.strides());
        if (sizes.length != strides.length || sizes.length > MOST_AXES) {
            throw file.wrong(quoted + ": " + sizes.length + " sizes and " + strides.length + " strides");
        }
        try {
            var shape = Shape.of(sizes);
            if (shape.count() == 0) {
                return StoredTensor.dense(type.label(), Optional.of(type.encoding()), shape, entry.at(), 0);
            }
            if (Math.multiplyExact(shape.count(), (long) size) / MOST_REPEATED > file.size()) {
                throw file.wrong(quoted + ": " + shape + " shows more than " + MOST_REPEATED
                        + " times the bytes of the file\nhint: save a copy of it, .contiguous()");
            }
            long covered = covered(quoted, tensor, shape, strides);
            return new StoredTensor(type.label(), Optional.of(type.encoding()), shape, shape, strides,
                    entry.at() + tensor.offset() * size, covered * size);
        } catch (ShapeException | ArithmeticException e) {
            throw file.wrong(quoted + ": its shape overflows: " + e.getMessage(), e);
        }
    }

    /// The elements from the first to the last of a view. The strides of axes of size 1, which mean nothing, become
    /// those of a dense tensor.
    private long covered(String quoted, Pickle.Strided tensor, Shape shape, long[] strides) throws FormatException {
        long last = 0;
        var dense = shape.strides();
        for (int i = 0; i < strides.length; i++) {
            last = Math.addExact(last, Math.multiplyExact(shape.size(i) - 1, strides[i]));
            strides[i] = shape.size(i) == 1 ? dense[i] : strides[i];
        }
        if (tensor.offset() < 0 || last > tensor.storage().count() - 1 - tensor.offset()) {
            throw file.wrong(quoted + ": elements " + tensor.offset() + " to "
                    + (tensor.offset() + last) + " are not in its storage of " + tensor.storage().count());
        }
        return last + 1;
    }

    private long[] numbers(String quoted, List<Object> values) throws FormatException {
        var numbers = new long[values.size()];
        for (int i = 0; i < numbers.length; i++) {
            if (!(values.get(i) instanceof Long number && number >= 0)) {
                throw file.wrong(quoted + ": a size or stride that is no whole number from 0 on");
            }
            numbers[i] = number;
        }
        return numbers;
    }
}
