package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Text of tensors against NumPy's; `printing.txt` was written by NumPy (make_printing.py).
class PrinterTest {
    private record Case(DType type, long[] sizes, String elements, String text) { }

    static String[] cases() throws IOException {
        try (var in = PrinterTest.class.getResourceAsStream("printing.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n----\n");
        }
    }

    private static Case parse(String text) {
        var head = text.lines().findFirst().orElseThrow().split(";");
        var sizes = head[1].isEmpty() ? new long[0]
                : Arrays.stream(head[1].split(",")).mapToLong(Long::parseLong).toArray();
        return new Case(DType.of(head[0]), sizes, head[2], text.substring(text.indexOf('\n') + 1));
    }

    private static Tensor tensor(Case c) {
        int count = (int) Shape.of(c.sizes).count();
        if (c.elements.startsWith("iota")) {
            double unit = c.elements.equals("iota") ? 1 : 16;
            return Tensor.of(LongStream.range(0, count).mapToDouble(i -> i / unit).toArray(), c.sizes).cast(c.type);
        }
        var cells = c.elements.split(",");
        var x = switch (c.type.category()) {
            case FLOATING -> Tensor.of(Arrays.stream(cells).mapToDouble(PrinterTest::number).toArray(), c.sizes);
            case INTEGER, BOOLEAN -> Tensor.of(Arrays.stream(cells).mapToLong(Long::parseLong).toArray(), c.sizes);
        };
        return x.cast(c.type);
    }

    private static double number(String text) {
        return switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> Double.parseDouble(text);
        };
    }

    @ParameterizedTest
    @MethodSource("cases")
    void tensorsArePrintedAsNumpyPrintsThem(String text) {
        var c = parse(text);
        Scope.temporary(() -> {
            var x = tensor(c);
            assertThat(x.toString()).isEqualTo(c.text + " " + x.spec());
        });
    }

    @Test
    void viewsArePrintedByTheirElements() {
        Scope.temporary(() -> {
            var x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            assertThat(x.t()).hasToString("[[1., 4.],\n [2., 5.],\n [3., 6.]] f32 (3, 2)");
            assertThat(x.flip(1).slice(0, 1, 2)).hasToString("[[6., 5., 4.]] f32 (1, 3)");
            assertThat(Tensor.of(1f).expand(Shape.of(2, 2))).hasToString("[[1., 1.],\n [1., 1.]] f32 (2, 2)");
        });
    }

    @Test
    void shortFloatsShowTheirOwnDigits() {
        Scope.temporary(() -> {
            assertThat(Tensor.of(0.1f, 2.7f).cast(DType.BF16)).hasToString("[0.1, 2.7] bf16 (2,)");
            assertThat(Tensor.of(0.1f, 2.7f).cast(DType.F16)).hasToString("[0.1, 2.7] f16 (2,)");
        });
    }

    @Test
    void emptyAndFreedTensorsAreNamed() {
        Scope.temporary(() -> {
            assertThat(Tensor.zeros(0, 3)).hasToString("[] f32 (0, 3)");
            var x = Tensor.of(1f, 2f);
            x.close();
            assertThat(x).hasToString("Tensor[f32 (2,), freed]");
            assertThat(x.describe()).endsWith(", freed");
        });
    }

    @Test
    void aLongTensorIsPrintedWithoutReadingAllOfIt() {
        Scope.temporary(() -> {
            var x = Tensor.of(MemorySegment.ofArray(new byte[1]), Shape.of(1), DType.BOOL, Settings.current().device());
            assertThat(x.expand(Shape.of(1L << 40))).hasToString(
                    "[False, False, False, ..., False, False, False] bool (1099511627776,)");
        });
    }

    @Test
    void describeGivesExtremesMeanAndNan() {
        Scope.temporary(() -> {
            var device = Settings.current().device();
            assertThat(Tensor.of(new float[] {1, Float.NaN, -3, 4}, 2, 2).describe())
                    .isEqualTo("f32 (2, 2) on " + device
                    + ", 16 bytes, strides [2, 1]\nmin -3.00000, max 4.00000, mean 0.666667, NaN 1");
            assertThat(Tensor.of(Float.NaN).describe()).endsWith("\nNaN 1");
            assertThat(Tensor.zeros(0).describe()).isEqualTo("f32 (0,) on " + device + ", 0 bytes, strides [1]");
        });
    }
}
