package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

class CopyCpuTest {
    /// Sizes about the squares of eight and sixteen and the tiles of 64 in which transposes are done; with a part of a
    /// larger tensor as the source, whose rows lie further apart and are not aligned.
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 40", "40, 1", "7, 9", "8, 8", "15, 17", "16, 16", "17, 15", "31, 33", "63, 65", "64, 64",
        "65, 130", "208, 77"})
    void transposePutsEachElementWhereItBelongs(int rows, int columns) {
        try (var _ = Scope.open("transpose")) {
            int wide = columns + 5;
            var values = new float[rows * wide];
            for (int i = 0; i < values.length; i++) {
                values[i] = i;                              // whole numbers, exact in f32
            }
            var x = Tensor.of(values, rows, wide).slice(1, 3, 3 + columns);
            var turned = x.transpose(0, 1).contiguous().toFloats();
            for (int i = 0; i < columns; i++) {
                for (int j = 0; j < rows; j++) {
                    assertThat(turned[i * rows + j]).isEqualTo(j * wide + 3 + i);
                }
            }
        }
    }
}
