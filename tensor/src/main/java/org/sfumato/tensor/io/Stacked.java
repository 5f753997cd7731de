package org.sfumato.tensor.io;

import java.io.IOException;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Tensors of a file one below another.
final class Stacked {
    private Stacked() { }

    /// The shape of `shapes`, those of `names`, along their first axis.
    static Shape shape(List<String> names, List<Shape> shapes) {
        if (shapes.isEmpty()) {
            throw new IllegalArgumentException("mapped: no names");
        }
        var first = shapes.getFirst();
        if (shapes.size() == 1) {
            return first;
        }
        long rows = 0;
        for (int i = 0; i < shapes.size(); i++) {
            var shape = shapes.get(i);
            if (shape.rank() == 0 || shape.rank() != first.rank()
                    || !shape.range(1, shape.rank()).equals(first.range(1, first.rank()))) {
                throw new ShapeException("mapped: " + names.get(i) + " " + shape + " cannot lie below "
                        + names.getFirst() + " " + first);
            }
            rows += shape.size(0);
        }
        return first.with(0, rows);
    }

    /// All of `names` in new memory, each read to its place.
    static Tensor read(TensorFile file, List<String> names, DType type, Device device) throws IOException {
        var shape = shape(names, names.stream().map(file::shape).toList());
        if (names.size() == 1) {
            return file.tensor(names.getFirst(), type, device);
        }
        var whole = Tensor.uninitialised(new Spec(shape, type), device);
        try {
            long row = 0;
            for (var name : names) {
                long rows = file.shape(name).size(0);
                file.read(name, whole.slice(0, row, row + rows));
                row += rows;
            }
            return whole;
        } catch (IOException | RuntimeException | Error e) {
            whole.close();
            throw e;
        }
    }
}
