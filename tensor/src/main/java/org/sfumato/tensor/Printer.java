package org.sfumato.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.Locale;

/// Tensors as text, in NumPy's layout: `numpy.array2string(x, precision=4, separator=", ")` and then type and shape.
///
/// Of a floating number the shortest digits are shown that identify it in its type, at most four after the point; all
/// numbers are shown with an exponent where the largest or the ratio of the largest to the smallest would make the
/// columns too wide. Beyond 1000 elements the first and last three along each axis are shown. Lines break at column
/// 75.
final class Printer {
    private static final int EDGE = 3;
    private static final int FULL = 1000;
    private static final int WIDTH = 75;
    private static final int DIGITS = 4;

    private Printer() { }

    static String text(Tensor tensor) {
        if (tensor.isClosed()) {
            return "Tensor[" + tensor.spec() + ", freed]";
        }
        if (tensor.shape().count() == 0) {
            return "[] " + tensor.spec();
        }
        boolean cut = tensor.shape().count() > FULL;
        var shown = cut ? Dispatch.unrecorded(() -> Scope.result(() -> edges(tensor))) : tensor;
        var cells = cells(shown);
        var shape = shown.shape();
        if (cut) {
            shown.close();
        }
        return new Grid(cells, tensor.shape(), shape).text(" ") + " " + tensor.spec();
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

    private static String[] cells(Tensor tensor) {
        return switch (tensor.dtype().category()) {
            case BOOLEAN -> right(Arrays.stream(Transfer.longs(tensor)).mapToObj(v -> v != 0 ? " True" : "False"));
            case INTEGER -> right(Arrays.stream(Transfer.longs(tensor)).mapToObj(Long::toString));
            case FLOATING -> numbers(Transfer.doubles(tensor), tensor.dtype());
        };
    }

    private static String[] right(java.util.stream.Stream<String> texts) {
        var cells = texts.toArray(String[]::new);
        int width = Arrays.stream(cells).mapToInt(String::length).max().orElse(0);
        return Arrays.stream(cells).map(cell -> " ".repeat(width - cell.length()) + cell).toArray(String[]::new);
    }

    /// Points below points; what is not finite stands at the right.
    private static String[] numbers(double[] values, DType type) {
        boolean scientific = scientific(values, type);
        var cells = new String[values.length];
        int left = 0;
        int right = 0;
        for (int i = 0; i < cells.length; i++) {
            if (Double.isFinite(values[i])) {
                cells[i] = scientific ? mantissa(values[i], type) : fixed(values[i], type);
                int point = cells[i].indexOf('.');
                left = Math.max(left, point);
                right = Math.max(right, cells[i].length() - point - 1);
            }
        }
        int exponent = scientific ? exponentDigits(values, type) : 0;
        for (int i = 0; i < cells.length; i++) {
            if (cells[i] != null) {
                int after = cells[i].length() - cells[i].indexOf('.') - 1;
                cells[i] += (scientific ? "0" : " ").repeat(right - after)
                        + (scientific ? exponent(values[i], type, exponent) : "");
                cells[i] = " ".repeat(left - cells[i].indexOf('.')) + cells[i];
            } else {
                cells[i] = Double.isNaN(values[i]) ? "nan" : values[i] < 0 ? "-inf" : "inf";
            }
        }
        return right(Arrays.stream(cells));
    }

    private static boolean scientific(double[] values, DType type) {
        double least = Double.POSITIVE_INFINITY;
        double largest = 0;
        for (double value : values) {
            if (Double.isFinite(value) && value != 0) {
                least = Math.min(least, Math.abs(value));
                largest = Math.max(largest, Math.abs(value));
            }
        }
        double wide = switch (type) {                   // 10 to the decimal digits that the type holds, at most 8
            case F64 -> 1e8;
            case F32 -> 1e6;
            case F16, BF16 -> 1e3;
            case I64, I32, BOOL -> throw new AssertionError(type);
        };
        return largest > 0 && (largest >= wide || least < 1e-4 || largest / least > 1000);
    }

    /// `12.3457`, `2.`: at most four digits after the point, no zeros at the end.
    private static String fixed(double value, DType type) {
        var exact = new BigDecimal(value);
        var shortest = shortest(value, type);
        var rounded = shortest.scale() <= DIGITS ? shortest : exact.setScale(DIGITS, RoundingMode.HALF_EVEN);
        return signed(value, trimmed(rounded));
    }

    /// `1.2346` of `1.2346e+05`.
    private static String mantissa(double value, DType type) {
        var rounded = significant(value, type);
        return signed(value, trimmed(rounded.scaleByPowerOfTen(-power(rounded))));
    }

    private static String exponent(double value, DType type, int digits) {
        int power = power(significant(value, type));
        return "e" + (power < 0 ? "-" : "+") + ("%0" + digits + "d").formatted(Math.abs(power));
    }

    private static int exponentDigits(double[] values, DType type) {
        int digits = 2;
        for (double value : values) {
            if (Double.isFinite(value) && Math.abs(power(significant(value, type))) >= 100) {
                digits = 3;
            }
        }
        return digits;
    }

    private static BigDecimal significant(double value, DType type) {
        var shortest = shortest(value, type);
        return shortest.precision() <= DIGITS + 1 ? shortest
                : new BigDecimal(value).abs().round(new MathContext(DIGITS + 1, RoundingMode.HALF_EVEN));
    }

    private static int power(BigDecimal value) {
        return value.signum() == 0 ? 0 : value.precision() - value.scale() - 1;
    }

    private static String trimmed(BigDecimal value) {
        var text = value.abs().toPlainString();
        return text.indexOf('.') < 0 ? text + "." : text.replaceAll("0+$", "");
    }

    private static String signed(double value, String text) {
        return Double.doubleToRawLongBits(value) < 0 ? "-" + text : text;
    }

    /// The shortest decimal number, without sign and zeros at the end, that is read back as `value` in `type`.
    private static BigDecimal shortest(double value, DType type) {
        if (value == 0) {
            return BigDecimal.ZERO;
        }
        var exact = new BigDecimal(value).abs();
        for (int digits = 1; digits < 17; digits++) {
            var rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
            if (rounded(rounded, type) == Math.abs(value)) {
                return rounded.stripTrailingZeros();
            }
        }
        return exact.round(new MathContext(17, RoundingMode.HALF_EVEN)).stripTrailingZeros();
    }

    private static double rounded(BigDecimal value, DType type) {
        return switch (type) {
            case F64 -> value.doubleValue();
            case F32 -> value.floatValue();
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value.floatValue()));
            case BF16 -> bfloat(value.floatValue());
            case I64, I32, BOOL -> throw new AssertionError(type);
        };
    }

    private static float bfloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff_0000);     // ties to even
    }

    /// Cells of one width, row by row in brackets.
    private record Grid(String[] cells, Shape full, Shape shown) {
        /// The text, its lines after the first beginning with `indent`.
        String text(String indent) {
            return shown.rank() == 0 ? cells[0].strip() : block(0, 0, indent, WIDTH);
        }

        /// The entries of `axis` from cell `from` on, in brackets.
        private String block(int axis, int from, String indent, int width) {
            if (axis == shown.rank() - 1) {
                return row(from, indent, width);
            }
            int step = Math.toIntExact(shown.range(axis + 1, shown.rank()).count());
            var separator = "," + "\n".repeat(shown.rank() - axis - 1) + indent;
            var text = new StringBuilder("[");
            for (int i = 0; i < shown.size(axis); i++) {
                text.append(i > 0 ? separator : "").append(isCut(axis, i) ? "..." + separator : "");
                text.append(block(axis + 1, from + i * step, indent + " ", width - 1));
            }
            return text.append(']').toString();
        }

        private boolean isCut(int axis, int i) {
            return i == EDGE && full.size(axis) != shown.size(axis);
        }

        private String row(int from, String indent, int width) {
            var text = new StringBuilder();
            var line = new StringBuilder(indent);
            int axis = shown.rank() - 1;
            for (int i = 0; i < shown.size(axis); i++) {
                if (isCut(axis, i)) {
                    line = extend(text, line, "...", indent, width).append(", ");
                }
                line = extend(text, line, cells[from + i], indent, width).append(i + 1 < shown.size(axis) ? ", " : "");
            }
            return "[" + text.append(line).substring(indent.length()) + "]";
        }

        /// The line with `word`, or a further one if it does not fit; one place is left for the comma or the bracket.
        private static StringBuilder extend(StringBuilder text, StringBuilder line, String word, String indent,
                                            int width) {
            if (line.length() + word.length() > width - 1 && line.length() > indent.length()) {
                text.append(line.toString().stripTrailing()).append('\n');
                line = new StringBuilder(indent);
            }
            return line.append(word);
        }
    }

    static String describe(Tensor tensor) {
        var head = String.format(Locale.ROOT, "%s on %s, %,d bytes, strides %s", tensor.spec(), tensor.device(),
                tensor.spec().bytes(), Arrays.toString(tensor.layout().strides()));
        if (tensor.isClosed()) {
            return head + ", freed";
        }
        if (tensor.shape().count() == 0) {
            return head;
        }
        try (var arena = Arena.ofConfined()) {
            return head + "\n" + summary(Transfer.raw(tensor, arena), tensor.dtype(), tensor.shape().count());
        }
    }

    private static String summary(MemorySegment raw, DType type, long count) {
        double least = Double.POSITIVE_INFINITY;
        double largest = Double.NEGATIVE_INFINITY;
        double sum = 0;
        long nan = 0;
        for (long i = 0; i < count; i++) {
            double value = Transfer.get(raw, type, i);
            if (Double.isNaN(value)) {
                nan++;
            } else {
                least = Math.min(least, value);
                largest = Math.max(largest, value);
                sum += value;
            }
        }
        return nan == count ? "NaN " + nan : String.format(Locale.ROOT,
                "min %.6g, max %.6g, mean %.6g, NaN %d", least, largest, sum / (count - nan), nan);
    }
}
