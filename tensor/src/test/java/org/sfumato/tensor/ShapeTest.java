package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeTest {
    @Test
    void shapesAreValues() {
        long[] sizes = {2, 3};
        var shape = Shape.of(sizes);
        sizes[0] = 9;
        shape.sizes()[1] = 9;
        assertThat(shape).isEqualTo(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3)).isNotEqualTo(Shape.of(3, 2));
        assertThat(shape).hasToString("(2, 3)");
        assertThat(Shape.of(3)).hasToString("(3,)");
        assertThat(Shape.SCALAR).hasToString("()").isEqualTo(Shape.of());
        assertThat(Shape.SCALAR.count()).isOne();
        assertThat(Shape.of(4, 0, 2).count()).isZero();
    }

    @Test
    void axesCountFromBothEnds() {
        var shape = Shape.of(2, 3, 4);
        assertThat(shape.size(-1)).isEqualTo(4);
        assertThat(shape.axis(-3)).isZero();
        assertThat(shape.axes(-1, 0)).containsExactly(0, 2);
        assertThat(shape.axes()).containsExactly(0, 1, 2);
        assertThatThrownBy(() -> shape.size(3)).isInstanceOf(ShapeException.class)
                .hasMessage("axis 3 does not exist in shape (2, 3, 4)");
        assertThatThrownBy(() -> shape.axis(-4)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> shape.axes(0, -3)).isInstanceOf(ShapeException.class)
                .hasMessageContaining("given twice");
        assertThatThrownBy(() -> Shape.SCALAR.axis(0)).isInstanceOf(ShapeException.class);
    }

    @Test
    void derivedShapes() {
        var shape = Shape.of(2, 3, 4);
        assertThat(shape.strides()).containsExactly(12, 4, 1);
        assertThat(shape.with(-2, 7)).isEqualTo(Shape.of(2, 7, 4));
        assertThat(shape.reduce(new int[] {0, 2}, false)).isEqualTo(Shape.of(3));
        assertThat(shape.reduce(new int[] {0, 2}, true)).isEqualTo(Shape.of(1, 3, 1));
        assertThat(shape.range(1, 3)).isEqualTo(Shape.of(3, 4));
        assertThat(shape.append(5, 6)).isEqualTo(Shape.of(2, 3, 4, 5, 6));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "2 3|3|2 3", "2 1|1 3|2 3", "''|2 3|2 3", "1|0|0", "5 1 4|3 1|5 3 4", "1 1|1|1 1", "0|1|0"})
    void broadcastingIsNumpys(String a, String b, String expected) {
        assertThat(Shape.broadcast("add", shape(a), shape(b))).isEqualTo(shape(expected));
        assertThat(Shape.broadcast("add", shape(b), shape(a))).isEqualTo(shape(expected));
    }

    private static Shape shape(String text) {
        return text.isEmpty() ? Shape.SCALAR
                : Shape.of(java.util.Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray());
    }

    @Test
    void whatDoesNotBroadcastIsSaid() {
        assertThatThrownBy(() -> Shape.broadcast("add", Shape.of(2, 3), Shape.of(2))).isInstanceOf(ShapeException.class)
                .hasMessageStartingWith("add: shapes do not broadcast, 3 != 2 at axis -1")
                .hasMessageContaining("(2, 3), (2,)");
        assertThatThrownBy(() -> Shape.broadcast("add", Shape.of(0), Shape.of(2))).isInstanceOf(ShapeException.class);
    }

    @Test
    void overflowAndNegativeSizesAreRefused() {
        assertThatThrownBy(() -> Shape.of(2, -1)).isInstanceOf(ShapeException.class)
                .hasMessageContaining("negative size -1");
        assertThatThrownBy(() -> Shape.of(1L << 32, 1L << 31)).isInstanceOf(ShapeException.class)
                .hasMessageContaining("too many elements");
        assertThatThrownBy(() -> Shape.broadcast("add", Shape.of(1L << 40, 1), Shape.of(1L << 40)))
                .isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> Shape.of(0, 1L << 62, 1).append(4).range(1, 4)).isInstanceOf(ShapeException.class);
    }
}
