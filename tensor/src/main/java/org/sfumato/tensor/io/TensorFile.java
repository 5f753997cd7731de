package org.sfumato.tensor.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Named tensors in a file or a folder, whatever its format: safetensors, shards with an index, PyTorch, GGUF,
/// llama2.c.
///
/// ```java
/// try (var file = TensorFile.open(Path.of("llama"))) {
///     var embed = file.tensor("model.embed_tokens.weight", DType.F32);     // read now; it outlives the file
/// }
/// ```
///
/// Opening reads names, shapes and places only, and checks them; nothing in a file is ever run. A tensor is read when
/// it is asked for, straight into its memory. Types that [DType] lacks are loaded as the narrowest one that holds
/// their values (uint8 as i32), quantised ones as f32; what can only be listed is refused when it is loaded.
public interface TensorFile extends AutoCloseable {
    /// The names of all tensors, in the order of the file.
    List<String> names();

    /// The sizes of the axes of tensor `name`.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    Shape shape(String name);

    /// The shape of tensor `name` and the type as which it is loaded.
    ///
    /// @throws FormatException if its type cannot be loaded
    /// @throws IllegalArgumentException if there is no such tensor
    Spec spec(String name) throws FormatException;

    /// The file's own name of the type of tensor `name`, as `BF16`, `float32`, `Q4_K`.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    String storedAs(String name);

    /// The bytes that tensor `name` takes in the file.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    long bytes(String name);

    /// What the file says beside its tensors, as texts by name. Lists are JSON.
    Map<String, String> metadata();

    /// Reads tensor `name` as `type`, on `device`. Values are converted while they are read.
    ///
    /// @throws FormatException if its type cannot be loaded, or a truth value is neither 0 nor 1
    /// @throws IOException if it cannot be read
    /// @throws IllegalArgumentException if there is no such tensor
    /// @throws IllegalStateException if the file is closed
    Tensor tensor(String name, DType type, Device device) throws IOException;

    /// Reads tensor `name` into `into`, of its shape and dense, as the type of that.
    ///
    /// @throws FormatException if its type cannot be loaded, or a truth value is neither 0 nor 1
    /// @throws IOException if it cannot be read; then `into` holds a part of it
    /// @throws org.sfumato.tensor.ShapeException if `into` is of another shape, or not dense
    /// @throws IllegalArgumentException if there is no such tensor
    /// @throws IllegalStateException if the file is closed
    void read(String name, Tensor into) throws IOException;

    /// The tensors `names`, one below another along their first axis, as `type` on `device`: where they lie in the
    /// file, if they lie there so, as that type, aligned, and are not small; otherwise read as [#tensor] and [#read]
    /// do.
    ///
    /// What stays in the file costs no copy; its pages come in when they are first used, and the system may drop and
    /// bring them back. Like any tensor it outlives this object. Writes in place stay in memory and never reach the
    /// file. Whoever replaces the file by renaming another to its place, as this library does, changes nothing here,
    /// for the old one lives on until the tensor is freed. But bytes overwritten in the file itself may be seen in the
    /// tensor, and of a file that was cut short no byte beyond its end can be read again: the JVM throws an
    /// [InternalError] there, or ends. Read, do not map, what others write to. Windows lets nobody delete or replace
    /// the file meanwhile.
    ///
    /// A file that may not be opened for writing is read: a private mapping needs that in Java.
    ///
    /// @throws FormatException as [#tensor(String, DType, Device)]
    /// @throws IOException if it cannot be read
    /// @throws IllegalArgumentException if there is no such tensor, or no name
    /// @throws org.sfumato.tensor.ShapeException if the tensors differ in an axis other than the first
    /// @throws IllegalStateException if the file is closed
    default Tensor mapped(List<String> names, DType type, Device device) throws IOException {
        return Stacked.read(this, names, type, device);
    }

    /// As [#tensor(String, DType, Device)], in the type of [#spec].
    default Tensor tensor(String name, Device device) throws IOException {
        return tensor(name, spec(name).dtype(), device);
    }

    /// As [#tensor(String, DType, Device)], on the default device.
    default Tensor tensor(String name, DType type) throws IOException {
        return tensor(name, type, Settings.current().device());
    }

    /// As [#tensor(String, DType, Device)], in the type of [#spec] and on the default device.
    default Tensor tensor(String name) throws IOException {
        return tensor(name, Settings.current().device());
    }

    /// Reads all tensors, on the default device.
    ///
    /// @throws FormatException if one cannot be loaded; then the others are freed
    /// @throws IOException if one cannot be read; then the others are freed
    /// @throws IllegalStateException if the file is closed
    default SequencedMap<String, Tensor> tensors() throws IOException {
        for (var name : names()) {
            spec(name);                                         // refused before any work
        }
        var tensors = new LinkedHashMap<String, Tensor>();
        try {
            for (var name : names()) {
                tensors.put(name, tensor(name));
            }
            return tensors;
        } catch (IOException | RuntimeException | Error e) {
            tensors.values().forEach(Tensor::close);
            throw e;
        }
    }

    /// Closes the file. Tensors read from it stay.
    @Override
    void close();

    /// Opens what lies at `path`, recognised by its content: a safetensors file, an index of shards, a PyTorch
    /// archive, a GGUF file, one of llama2.c, or a folder with one of these under the name that the Hugging Face hub
    /// gives it.
    ///
    /// @throws FormatException if it is none of them, saying what it looks like, or breaks a rule of its format
    /// @throws IOException if it cannot be read
    static TensorFile open(Path path) throws IOException {
        return Recognised.open(path);
    }
}
