package org.sfumato.tensor.quantised;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;

/// Codes and scales against those that other programs made of the same matrix (make_quantised.py), bit for bit.
class WeightFormatTest {
    private final Scope scope = Scope.open("test");

    @AfterEach
    void free() {
        scope.close();
    }

    private static TorchFile file() {
        return TorchFile.beside(WeightFormatTest.class, "quantised.safetensors");
    }

    /// The bytes of words as whole numbers, as many as a tensor of u8 has elements.
    private static long[] bytes(Tensor words, Tensor like) {
        try (var arena = Arena.ofConfined()) {
            var memory = words.toSegment(arena);
            var bytes = new long[(int) like.shape().count()];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = memory.get(ValueLayout.JAVA_BYTE, i) & 255;
            }
            return bytes;
        }
    }

    @ParameterizedTest
    @CsvSource({"Q8, q8", "Q4, q4"})
    void codesAndScalesAreThoseOfGguf(WeightFormat format, String name) {
        scope.run(() -> {
            var file = file();
            var parts = format.quantise(file.get("matrix"));
            assertThat(bytes(parts.get(0), file.get(name + ".codes"))).isEqualTo(file.get(name + ".codes").toLongs());
            assertThat(parts.get(1).dtype()).isEqualTo(DType.F16);
            assertThat(parts.get(1).toFloats()).isEqualTo(file.get(name + ".scales").toFloats());
        });
    }

    @Test
    void normalFloatIsThatOfThePaper() {
        scope.run(() -> {
            var file = file();
            assertThat(DynamicMap.values()).isEqualTo(file.get("nf4.map").toFloats());
            var parts = WeightFormat.NF4.quantise(file.get("matrix"));
            assertThat(bytes(parts.get(0), file.get("nf4.codes"))).isEqualTo(file.get("nf4.codes").toLongs());
            assertThat(bytes(parts.get(1), file.get("nf4.scales"))).isEqualTo(file.get("nf4.scales").toLongs());
            assertThat(parts.get(2).toFloats()).isEqualTo(file.get("nf4.groups").toFloats());
            assertThat(parts.get(3).toFloats()).isEqualTo(file.get("nf4.mean").toFloats());
            var values = WeightFormat.NF4.dequantise(2048, parts).slice(0, 7, 9);
            assertThat(values.toFloats()).isEqualTo(file.get("nf4.values").toFloats());
        });
    }

    /// Half a step of each format: of 8 bits of the largest, of 15 steps, of the widest gap between two levels.
    @ParameterizedTest
    @CsvSource({"BF16, .004", "Q8, .0045", "Q4, .13", "NF4, .17"})
    void valuesAreNear(WeightFormat format, double share) {
        scope.run(() -> {
            var matrix = Tensor.normal(Shape.of(5, 70), Rng.of(3));
            var back = format.dequantise(70, format.quantise(matrix));
            double largest = matrix.abs().max().item();
            assertThat(back.sub(matrix).abs().max().item()).isPositive().isLessThan(share * largest);
        });
    }

    @ParameterizedTest
    @EnumSource(WeightFormat.class)
    void whatIsNoMatrixIsRefused(WeightFormat format) {
        scope.run(() -> {
            assertThatThrownBy(() -> format.quantise(Tensor.zeros(3))).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("needs a matrix of a floating type, got f32 (3,)");
            var parts = format.quantise(Tensor.zeros(2, 64));
            assertThatThrownBy(() -> format.dequantise(65, parts)).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("part 0 of a matrix (2, 65) in " + format);
            assertThatThrownBy(() -> format.dequantise(64, List.of())).isInstanceOf(ShapeException.class)
                    .hasMessageContaining(format + " has " + format.partCount() + " parts, got 0");
        });
    }

    @Test
    void whatHasNoScaleIsRefused() {
        scope.run(() -> {
            var infinite = Tensor.of(new float[] {1, 2, Float.NaN, 4}, 2, 2);
            assertThatThrownBy(() -> WeightFormat.NF4.quantise(infinite)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("element (1, 0) is NaN");
            var large = Tensor.of(new float[] {1, 1e8f}, 2, 1);
            assertThatThrownBy(() -> WeightFormat.Q8.quantise(large)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("row 1 has a scale of 787401.56, more than f16 holds");
        });
    }
}
