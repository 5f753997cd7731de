package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Layouts against the plain list of the places of their elements.
class LayoutTest {
    private static final int ROUNDS = 20_000;

    /// Where each element lies, in row-major order.
    private static long[] places(Layout layout) {
        var places = new long[Math.toIntExact(layout.shape().count())];
        var sizes = layout.shape().sizes();
        for (int i = 0; i < places.length; i++) {
            long rest = i;
            places[i] = layout.offset();
            for (int axis = sizes.length - 1; axis >= 0; axis--) {
                places[i] += rest % sizes[axis] * layout.strides()[axis];
                rest /= sizes[axis];
            }
        }
        return places;
    }

    /// A layout as views make them: permuted, sliced with steps of either sign, expanded.
    private static Layout random(Random random) {
        var sizes = new long[random.nextInt(5)];
        Arrays.setAll(sizes, _ -> 1 + random.nextInt(random.nextInt(8) == 0 ? 1 : 4));
        var layout = Layout.dense(Shape.of(sizes));
        for (int i = random.nextInt(4); i > 0 && sizes.length > 0; i--) {
            int axis = random.nextInt(layout.shape().rank());
            long size = layout.shape().size(axis);
            switch (random.nextInt(4)) {
                case 0 -> layout = layout.permute(order(layout.shape().rank(), random));
                case 1 -> layout = layout.slice(axis, size - 1, size, -1);
                case 2 -> {
                    long start = random.nextLong(size);
                    layout = layout.slice(axis, start, (size - start + 1) / 2, 2);
                }
                default -> layout = size == 1 ? layout.expand(layout.shape().with(axis, 3)) : layout;
            }
        }
        return layout;
    }

    private static int[] order(int rank, Random random) {
        var axes = new ArrayList<Integer>();
        for (int i = 0; i < rank; i++) {
            axes.add(random.nextInt(i + 1), i);
        }
        return axes.stream().mapToInt(Integer::intValue).toArray();
    }

    /// A random shape with `count` elements, ones among its sizes.
    private static Shape factors(long count, Random random) {
        var sizes = new ArrayList<Long>();
        long rest = count;
        while (rest > 1) {
            long size = 1 + random.nextLong(rest);
            if (rest % size == 0) {
                sizes.add(size);
                rest /= size;
            }
        }
        if (random.nextInt(3) == 0) {
            sizes.add(random.nextInt(sizes.size() + 1), 1L);
        }
        return Shape.of(sizes.stream().mapToLong(Long::longValue).toArray());
    }

    /// True if strides can walk `places` as elements of `shape`.
    private static boolean isAffine(long[] places, Shape shape) {
        var strides = new long[shape.rank()];
        long step = 1;
        for (int axis = shape.rank() - 1; axis >= 0; axis--) {
            strides[axis] = shape.size(axis) > 1 ? places[(int) step] - places[0] : 0;
            step *= shape.size(axis);
        }
        return Arrays.equals(places, places(new Layout(shape, strides, places[0])));
    }

    @Test
    void aReshapeIsAViewExactlyWhereStridesCanExpressIt() {
        var random = new Random(1);
        int views = 0;
        for (int i = 0; i < ROUNDS; i++) {
            var layout = random(random);
            var places = places(layout);
            var target = factors(places.length, random);
            var view = layout.reshape(target);
            assertThat(view.isPresent()).as("%s as %s", layout, target).isEqualTo(isAffine(places, target));
            view.ifPresent(v -> assertThat(places(v)).as("%s as %s", layout, target).containsExactly(places));
            views += view.isPresent() ? 1 : 0;
        }
        assertThat(views).isBetween(ROUNDS / 4, ROUNDS * 19 / 20);
    }

    @Test
    void denseIsWhatLiesInTheOrderOfItsShape() {
        var random = new Random(2);
        for (int i = 0; i < ROUNDS; i++) {
            var layout = random(random);
            var dense = new Layout(layout.shape(), layout.shape().strides(), layout.offset());
            assertThat(layout.isDense()).as("%s", layout).isEqualTo(Arrays.equals(places(layout), places(dense)));
        }
    }

    @Test
    void permutingExpandingAndSlicingPickTheRightPlaces() {
        var layout = Layout.dense(Shape.of(2, 3));
        assertThat(places(layout)).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(places(layout.permute(1, 0))).containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(places(layout.slice(1, 2, 2, -2))).containsExactly(2, 0, 5, 3);
        assertThat(places(layout.slice(0, 1, 1, 1))).containsExactly(3, 4, 5);
        assertThat(places(layout.slice(0, 1, 1, 1).expand(Shape.of(2, 2, 3))))
                .containsExactly(3, 4, 5, 3, 4, 5, 3, 4, 5, 3, 4, 5);
    }

    @Test
    void emptyLayoutsReshapeToAnyEmptyShape() {
        var empty = Layout.dense(Shape.of(2, 0, 3)).permute(2, 0, 1);
        assertThat(empty.isDense()).isTrue();
        assertThat(empty.reshape(Shape.of(7, 0))).isPresent();
        assertThat(Layout.dense(Shape.SCALAR).reshape(Shape.of(1, 1)))
                .contains(new Layout(Shape.of(1, 1), new long[] {1, 1}, 0));
        assertThat(Layout.dense(Shape.of(1, 1)).reshape(Shape.SCALAR)).contains(Layout.dense(Shape.SCALAR));
    }

    @Test
    void layoutsAreComparedByContent() {
        assertThat(Layout.dense(Shape.of(2, 3))).isEqualTo(Layout.dense(Shape.of(2, 3)))
                .hasSameHashCodeAs(Layout.dense(Shape.of(2, 3))).isNotEqualTo(Layout.dense(Shape.of(3, 2)))
                .hasToString("(2, 3) strides [3, 1] offset 0");
    }
}
