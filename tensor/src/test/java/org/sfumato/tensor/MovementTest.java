package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Views, pieces and their errors.
class MovementTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /// `0, 1, 2, ...` in the given shape.
    private Tensor iota(long... sizes) {
        return scope.call(() -> Tensor.arange(Shape.of(sizes).count()).reshape(sizes));
    }

    /// `slices.txt` was written by Python (make_slices.py).
    @Test
    void slicesSelectWhatPythonsSelect() throws IOException {
        var x = iota(4);
        var columns = iota(2, 4);
        try (var in = MovementTest.class.getResourceAsStream("slices.txt")) {
            var lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
            assertThat(lines).hasSize(13 * 13 * 6 + 13 * 3);
            for (var line : lines) {
                var halves = line.split(": ?", 2);
                var numbers = halves[0].split(" ");
                long to = numbers[1].equals("first") ? Long.MIN_VALUE : Long.parseLong(numbers[1]);
                long[] picked = halves[1].isEmpty() ? new long[0]
                        : Arrays.stream(halves[1].split(" ")).mapToLong(Long::parseLong).toArray();
                scope.run(() -> Scope.temporary(() -> {
                    long from = Long.parseLong(numbers[0]);
                    long step = Long.parseLong(numbers[2]);
                    assertThat(x.slice(0, from, to, step).toLongs()).as(line).containsExactly(picked);
                    assertThat(columns.slice(1, from, to, step).select(0, 1).toLongs()).as(line)
                            .containsExactly(Arrays.stream(picked).map(i -> i + 4).toArray());
                }));
            }
        }
    }

    @Test
    void aSliceIsAViewAndAStepOfZeroAnError() {
        var x = iota(5);
        scope.run(() -> {
            x.slice(0, 1, 5, 2).assign(Tensor.of(10L, 30L));
            assertThat(x.toLongs()).containsExactly(0, 10, 2, 30, 4);
            assertThat(x.slice(0, 0, 5)).isSameAs(x);
        });
        assertThatThrownBy(() -> x.slice(0, 0, 5, 0)).isInstanceOf(ShapeException.class)
                .hasMessageContaining("step is 0");
        assertThatThrownBy(() -> x.slice(1, 0, 5)).isInstanceOf(ShapeException.class).hasMessageContaining("axis 1");
    }

    @Test
    void reshapingCopiesOnlyWhereItMust() {
        var x = iota(2, 3);
        scope.run(() -> {
            assertThat(x.reshape(3, 2).storage()).isSameAs(x.storage());
            assertThat(x.t().reshape(3, 2)).isNotNull().satisfies(y -> assertThat(y.storage()).isSameAs(x.storage()));
            assertThat(x.t().reshape(6).storage()).isNotSameAs(x.storage());
            assertThat(x.t().reshape(6).toLongs()).containsExactly(0, 3, 1, 4, 2, 5);
            assertThat(x.reshape(-1, 2).shape()).isEqualTo(Shape.of(3, 2));
            assertThat(iota(0, 3).reshape(-1, 5).shape()).isEqualTo(Shape.of(0, 5));
            assertThat(x.select(0, 1).select(0, 2).reshape().item()).isEqualTo(5);
        });
        assertThatThrownBy(() -> x.reshape(4)).isInstanceOf(ShapeException.class)
                .hasMessageContaining("(2, 3) has 6 elements");
        assertThatThrownBy(() -> x.reshape(-1, 4)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> x.reshape(-1, -1)).isInstanceOf(ShapeException.class);
    }

    @Test
    void axesMove() {
        var x = iota(2, 3, 4);
        scope.run(() -> {
            var y = x.permute(2, 0, 1);
            for (int i = 0; i < 24; i++) {
                assertThat(y.toLongs()[i]).isEqualTo(i % 6 / 3 * 12 + i % 3 * 4 + i / 6);
            }
            assertThat(x.transpose(0, -1).shape()).isEqualTo(Shape.of(4, 3, 2));
            assertThat(x.unsqueeze(-1).shape()).isEqualTo(Shape.of(2, 3, 4, 1));
            assertThat(x.unsqueeze(0).squeeze(0).toLongs()).isEqualTo(x.toLongs());
            assertThat(x.flatten(0, 1).shape()).isEqualTo(Shape.of(6, 4));
            assertThat(x.flatten(-2, -1).shape()).isEqualTo(Shape.of(2, 12));
        });
        assertThatThrownBy(() -> x.permute(0, 1)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> x.permute(0, 1, -2)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> x.squeeze(0)).isInstanceOf(ShapeException.class).hasMessageContaining("not of size 1");
        assertThatThrownBy(() -> x.unsqueeze(5)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> x.flatten(2, 1)).isInstanceOf(ShapeException.class)
                .hasMessageContaining("comes after");
    }

    @Test
    void expandingRepeatsWithoutMemory() {
        scope.run(() -> {
            var x = Tensor.of(new long[] {1, 2}, 2, 1);
            assertThat(x.expand(Shape.of(3, 2, 2)).toLongs()).containsExactly(1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2);
            assertThat(x.expand(Shape.of(3, 2, 2)).storage()).isSameAs(x.storage());
            assertThat(Tensor.of(7L).reshape().expand(Shape.of(1L << 40)).select(0, -1).item()).isEqualTo(7);
            assertThatThrownBy(() -> x.expand(Shape.of(3, 2))).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> x.expand(Shape.of(2))).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("(2, 1) does not broadcast to (2,)");
        });
    }

    @Test
    void piecesComeApartAndTogether() {
        var x = iota(4, 3);
        scope.run(() -> {
            var pieces = x.split(0, 1, 0, 3);
            assertThat(pieces[0].toLongs()).containsExactly(0, 1, 2);
            assertThat(pieces[1].shape()).isEqualTo(Shape.of(0, 3));
            assertThat(pieces[2].storage()).isSameAs(x.storage());
            assertThat(Tensor.concat(0, pieces).toLongs()).isEqualTo(x.toLongs());
            var columns = x.split(-1, 1, 2);
            assertThat(columns[1].toLongs()).containsExactly(1, 2, 4, 5, 7, 8, 10, 11);
            assertThat(Tensor.concat(-1, columns).toLongs()).isEqualTo(x.toLongs());
            assertThat(Tensor.concat(1, x.flip(1), x).select(0, 0).toLongs()).containsExactly(2, 1, 0, 0, 1, 2);
            assertThat(Tensor.stack(1, x.select(0, 0), x.select(0, -1)).toLongs()).containsExactly(0, 9, 1, 10, 2, 11);
        });
        assertThatThrownBy(() -> x.split(0, 1, 2)).isInstanceOf(ShapeException.class)
                .hasMessageContaining("do not add up");
        assertThatThrownBy(() -> x.split(0, 5, -1)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> Tensor.concat(0)).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> Tensor.concat(0, x, iota(4, 2))).isInstanceOf(ShapeException.class);
        assertThatThrownBy(() -> x.select(0, 4)).isInstanceOf(ShapeException.class).hasMessageContaining("index 4");
        assertThatThrownBy(() -> x.select(0, -5)).isInstanceOf(ShapeException.class);
    }

    @Test
    void flippingReverses() {
        scope.run(() -> {
            assertThat(iota(2, 3).flip(1).toLongs()).containsExactly(2, 1, 0, 5, 4, 3);
            assertThat(iota(2, 3).flip(0).flip(1).toLongs()).containsExactly(5, 4, 3, 2, 1, 0);
            assertThat(iota(0, 3).flip(0).shape()).isEqualTo(Shape.of(0, 3));
        });
    }

    @Test
    void aTensorMayBeAssignedFromItself() {
        var x = iota(6);
        scope.run(() -> {
            x.assign(x.flip(0));
            assertThat(x.toLongs()).containsExactly(5, 4, 3, 2, 1, 0);
            x.slice(0, 1, 6).assign(x.slice(0, 0, 5));
            assertThat(x.toLongs()).containsExactly(5, 5, 4, 3, 2, 1);
            var square = iota(3, 3);
            square.assign(square.t());
            assertThat(square.toLongs()).containsExactly(0, 3, 6, 1, 4, 7, 2, 5, 8);
            assertThatThrownBy(() -> Tensor.of(1L).expand(Shape.of(3)).assign(Tensor.of(1L, 2L, 3L)))
                    .isInstanceOf(ShapeException.class).hasMessageContaining("repeated axis");
        });
    }
}
