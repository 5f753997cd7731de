package org.sfumato.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;

/// Tensors that PyTorch has written, by name, on the default device in the current scope. The script that wrote them is
/// named in the file.
///
/// @param tensors by name
public record TorchFile(Map<String, Tensor> tensors) {
    /// The file `name` beside the class `test`.
    public static TorchFile beside(Class<?> test, String name) {
        try {
            return new TorchFile(Safetensors.read(Path.of(URI.create(test.getResource(name).toString()))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The tensor `name`.
    public Tensor get(String name) {
        var tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no tensor " + name + " among " + tensors.keySet());
        }
        return tensor;
    }

    /// The tensors whose names begin with `prefix`, by the rest of their names, in the order of names.
    public Map<String, Tensor> under(String prefix) {
        var found = new LinkedHashMap<String, Tensor>();
        for (var name : tensors.keySet().stream().sorted().toList()) {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), tensors.get(name));
            }
        }
        return found;
    }

    /// The cases in the file: what stands before the first slash.
    public List<String> cases() {
        return tensors.keySet().stream().map(name -> name.split("/")[0]).distinct().sorted().toList();
    }

    /// The largest error of `actual`, relative to the largest element of `expected`, or to `floor` if that is larger;
    /// NaN if there is a NaN, infinite if shapes differ.
    public static double error(Tensor actual, Tensor expected, double floor) {
        if (!actual.shape().equals(expected.shape())) {
            return Double.POSITIVE_INFINITY;
        }
        var a = actual.toDoubles();
        var e = expected.toDoubles();
        double worst = 0;
        double largest = floor;
        for (int i = 0; i < a.length; i++) {
            double error = Math.abs(a[i] - e[i]);
            worst = error <= worst ? worst : error;
            largest = Math.max(largest, Math.abs(e[i]));
        }
        return worst == 0 ? 0 : worst / largest;
    }
}
