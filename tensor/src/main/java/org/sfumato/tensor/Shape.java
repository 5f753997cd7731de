package org.sfumato.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/// The sizes of a tensor's axes: any rank, zero included (a scalar), any size, zero included (empty). Immutable.
public final class Shape {
    /// The shape of a scalar, `()`.
    public static final Shape SCALAR = new Shape(new long[0]);

    private final long[] sizes;
    private final long count;

    private Shape(long[] sizes) {
        this.sizes = sizes;
        long product = 1;
        for (long size : sizes) {
            product = Math.multiplyExact(product, size);
        }
        this.count = product;
    }

    /// The shape with the given sizes.
    ///
    /// @throws ShapeException if a size is negative or the number of elements overflows a `long`
    public static Shape of(long... sizes) {
        for (long size : sizes) {
            if (size < 0) {
                throw new ShapeException("shape: negative size " + size + " in " + text(sizes));
            }
        }
        try {
            return new Shape(sizes.clone());
        } catch (ArithmeticException e) {
            throw new ShapeException("shape: too many elements in " + text(sizes));
        }
    }

    /// The number of axes.
    public int rank() {
        return sizes.length;
    }

    /// The number of elements: the product of the sizes, 1 for a scalar.
    public long count() {
        return count;
    }

    /// The size of `axis`; negative axes count from the end.
    ///
    /// @throws ShapeException if there is no such axis
    public long size(int axis) {
        return sizes[axis(axis)];
    }

    /// A copy of the sizes.
    public long[] sizes() {
        return sizes.clone();
    }

    /// `axis` as an index in [0, rank); negative axes count from the end.
    ///
    /// @throws ShapeException if there is no such axis
    public int axis(int axis) {
        int result = axis < 0 ? axis + sizes.length : axis;
        if (result < 0 || result >= sizes.length) {
            throw new ShapeException("axis " + axis + " does not exist in shape " + this);
        }
        return result;
    }

    /// `axes` as distinct sorted indices in [0, rank); no axes at all means every axis.
    ///
    /// @throws ShapeException if one does not exist or is given twice
    public int[] axes(int... axes) {
        var result = new int[axes.length == 0 ? rank() : axes.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = axes.length == 0 ? i : axis(axes[i]);
        }
        Arrays.sort(result);
        for (int i = 1; i < result.length; i++) {
            if (result[i] == result[i - 1]) {
                throw new ShapeException("axis " + result[i] + " is given twice for shape " + this);
            }
        }
        return result;
    }

    /// Strides of a dense row-major tensor of this shape, in elements.
    public long[] strides() {
        var strides = new long[sizes.length];
        long step = 1;
        for (int i = sizes.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= Math.max(1, sizes[i]);
        }
        return strides;
    }

    /// This shape with `axis` set to `size`.
    public Shape with(int axis, long size) {
        var result = sizes.clone();
        result[axis(axis)] = size;
        return of(result);
    }

    /// This shape without `axes`, or with size 1 there when `keep` is true. The axes are as [#axes] returns them.
    public Shape reduce(int[] axes, boolean keep) {
        var result = new long[keep ? sizes.length : sizes.length - axes.length];
        int next = 0;
        int n = 0;
        for (int i = 0; i < sizes.length; i++) {
            boolean reduced = next < axes.length && axes[next] == i;
            next += reduced ? 1 : 0;
            if (keep || !reduced) {
                result[n++] = reduced ? 1 : sizes[i];
            }
        }
        return of(result);
    }

    /// The axes from `from` (inclusive) to `to` (exclusive) as a shape.
    public Shape range(int from, int to) {
        return of(Arrays.copyOfRange(sizes, from, to));
    }

    /// This shape followed by `more` sizes.
    public Shape append(long... more) {
        var result = Arrays.copyOf(sizes, sizes.length + more.length);
        System.arraycopy(more, 0, result, sizes.length, more.length);
        return of(result);
    }

    /// The shape to which all of `shapes` broadcast, by NumPy's rule: aligned at the last axis, sizes are equal or 1.
    ///
    /// @param op the name of the operation, for the message
    /// @throws ShapeException if two sizes differ and neither is 1
    public static Shape broadcast(String op, Shape... shapes) {
        int rank = 0;
        for (var shape : shapes) {
            rank = Math.max(rank, shape.rank());
        }
        var result = new long[rank];
        Arrays.fill(result, 1);
        for (var shape : shapes) {
            for (int i = 0, at = rank - shape.rank(); i < shape.rank(); i++, at++) {
                long size = shape.sizes[i];
                if (size != 1 && result[at] != 1 && size != result[at]) {
                    throw new ShapeException(op + ": shapes do not broadcast, " + result[at] + " != " + size
                            + " at axis " + (at - rank) + "\noperands: "
                            + Arrays.stream(shapes).map(Shape::toString).collect(Collectors.joining(", "))
                            + "\nhint: sizes must be equal or 1, aligned at the last axis");
                }
                if (size != 1) {
                    result[at] = size;
                }
            }
        }
        return of(result);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sizes);
    }

    /// As in NumPy: `()`, `(3,)`, `(2, 3)`.
    @Override
    public String toString() {
        return text(sizes);
    }

    private static String text(long[] sizes) {
        return sizes.length == 1 ? "(" + sizes[0] + ",)"
                : Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ")"));
    }
}
