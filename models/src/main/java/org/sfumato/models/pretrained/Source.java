package org.sfumato.models.pretrained;

import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.TensorFile;

/// Where a parameter comes from: tensors of a file, and what is done to them.
///
/// @param names stacked along their first axis if there are several
/// @param turned true if the matrix is stored with inputs before outputs
record Source(List<String> names, boolean turned) {
    static Source of(String... names) {
        return new Source(List.of(names), false);
    }

    static Source turned(String name) {
        return new Source(List.of(name), true);
    }

    Source rename(UnaryOperator<String> change) {
        return new Source(names.stream().map(change).toList(), turned);
    }

    /// The shape of what [#read] makes.
    Shape shape(TensorFile file) {
        var first = file.shape(names.getFirst());
        if (first.rank() == 0) {
            return first;
        }
        if (turned) {
            return first.rank() == 2 ? Shape.of(first.size(1), first.size(0)) : first;
        }
        long rows = 0;
        for (var name : names) {
            var shape = file.shape(name);
            if (shape.rank() != first.rank() || !shape.range(1, shape.rank()).equals(first.range(1, first.rank()))) {
                return shape;                                           // cannot be stacked: shown as it is
            }
            rows += shape.size(0);
        }
        return first.with(0, rows);
    }

    /// The parameter as `type`, in the current scope: where it lies in the file if nothing has to be done to it.
    Tensor read(TensorFile file, DType type) throws IOException {
        if (turned) {
            return turned(file, type);
        }
        return file.mapped(names, type, Settings.current().device());
    }

    private Tensor turned(TensorFile file, DType type) throws IOException {
        var stored = file.tensor(names.getFirst(), type);
        if (stored.shape().rank() != 2) {
            return stored;
        }
        var turned = Scope.result(() -> stored.t().contiguous());
        stored.close();
        return turned;
    }
}
