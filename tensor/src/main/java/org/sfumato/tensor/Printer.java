package org.sfumato.tensor;

import java.util.Locale;

/// Tensors as text, in NumPy's layout.
final class Printer {
    private static final int EDGE = 3;
    private static final int FULL = 1000;

    private Printer() { }

    static String text(Tensor tensor) {
        if (tensor.isClosed()) {
            return "Tensor[" + tensor.spec() + ", freed]";
        }
        if (tensor.shape().count() == 0) {
            return "[] " + tensor.spec();
        }
        var shown = tensor.shape().count() > FULL ? Dispatch.unrecorded(() -> Scope.result(() -> edges(tensor))) : tensor;
        var values = Transfer.doubles(shown);
        if (shown != tensor) {
            shown.close();
        }
        var cells = cells(values, tensor.dtype());
        var text = new StringBuilder();
        append(text, cells, tensor.shape(), shown.shape(), 0, 0);
        return text.append(' ').append(tensor.spec()).toString();
    }

    /// The first and last entries of every long axis.
    private static Tensor edges(Tensor tensor) {
        var shown = tensor;
        for (int axis = 0; axis < tensor.shape().rank(); axis++) {
            long size = shown.size(axis);
            if (size > 2 * EDGE) {
                shown = Tensor.concat(axis, shown.slice(axis, 0, EDGE), shown.slice(axis, size - EDGE, size));
            }
        }
        return shown.copy();
    }

    private static String[] cells(double[] values, DType type) {
        var cells = new String[values.length];
        boolean scientific = false;
        for (double v : values) {
            scientific |= Double.isFinite(v) && v != 0 && (Math.abs(v) >= 1e8 || Math.abs(v) < 1e-4);
        }
        int width = 0;
        for (int i = 0; i < cells.length; i++) {
            cells[i] = cell(values[i], type, scientific);
            width = Math.max(width, cells[i].length());
        }
        for (int i = 0; i < cells.length; i++) {
            cells[i] = " ".repeat(width - cells[i].length()) + cells[i];
        }
        return cells;
    }

    private static String cell(double value, DType type, boolean scientific) {
        return switch (type.category()) {
            case BOOLEAN -> value != 0 ? "true" : "false";
            case INTEGER -> Long.toString((long) value);
            case FLOATING -> !Double.isFinite(value) ? Double.toString(value).toLowerCase(Locale.ROOT).replace("infinity", "inf")
                    : String.format(Locale.ROOT, scientific ? "%.4e" : "%.4f", value);
        };
    }

    private static int append(StringBuilder text, String[] cells, Shape full, Shape shown, int axis, int next) {
        if (axis == shown.rank()) {
            text.append(cells[next]);
            return next + 1;
        }
        boolean cut = full.size(axis) != shown.size(axis);
        var separator = axis == shown.rank() - 1 ? ", " : ",\n" + " ".repeat(axis + 1);
        text.append('[');
        for (long i = 0; i < shown.size(axis); i++) {
            text.append(i > 0 ? separator : "").append(cut && i == EDGE ? "..." + separator : "");
            next = append(text, cells, full, shown, axis + 1, next);
        }
        text.append(']');
        return next;
    }

    static String describe(Tensor tensor) {
        var head = "%s on %s, %,d bytes, strides %s".formatted(tensor.spec(), tensor.device(), tensor.spec().bytes(),
                java.util.Arrays.toString(tensor.layout().strides()));
        if (tensor.isClosed()) {
            return head + ", freed";
        }
        double least = Double.POSITIVE_INFINITY;
        double largest = Double.NEGATIVE_INFINITY;
        double sum = 0;
        long nan = 0;
        var values = Transfer.doubles(tensor);
        for (double v : values) {
            nan += Double.isNaN(v) ? 1 : 0;
            if (!Double.isNaN(v)) {
                least = Math.min(least, v);
                largest = Math.max(largest, v);
                sum += v;
            }
        }
        return values.length == 0 ? head : head + String.format(Locale.ROOT, "%nmin %.6g, max %.6g, mean %.6g, NaN %d", least, largest,
                sum / (values.length - nan), nan);
    }
}
