package org.sfumato.cuda.libcuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.sfumato.cuda.Products.Matrix;
import org.sfumato.cuda.Products.Shape;
import org.sfumato.tensor.DType;

/// What cuBLASLt is told means our product, when it is read as cuBLASLt's documentation says.
class ColumnProductTest {
    private static final int LENGTH = 4000;

    @Test
    void theLibrarysProductIsOurs() {
        var random = new Random(2);
        var a = random.ints(LENGTH, -4, 5).toArray();
        var b = random.ints(LENGTH, -4, 5).toArray();
        for (int round = 0; round < 2000; round++) {
            int m = random.nextInt(1, 5);
            int n = random.nextInt(1, 5);
            int k = random.nextInt(1, 5);
            int batch = random.nextInt(1, 4);
            var shape = new Shape(DType.F32, m, n, k, matrix(random, m, k), matrix(random, k, n), false, batch);
            assertThat(ColumnProduct.isMatrix(shape.a(), m, k) && ColumnProduct.isMatrix(shape.b(), k, n)).isTrue();
            assertThat(theirs(ColumnProduct.of(shape), a, b, k, batch)).as(shape.toString())
                    .isEqualTo(ours(shape, a, b));
        }
    }

    /// In rows or in columns, dense or with gaps; the step of an axis of one element is 1, as our layouts have it.
    private static Matrix matrix(Random random, int rows, int columns) {
        int gap = random.nextInt(3);
        boolean inRows = random.nextBoolean();
        long row = rows == 1 ? 1 : inRows ? columns + gap : 1;
        long column = columns == 1 ? 1 : inRows ? 1 : rows + gap;
        return new Matrix(row, column, random.nextInt(2) * 60);
    }

    private static int[] ours(Shape shape, int[] a, int[] b) {
        var c = new int[(int) (shape.batch() * shape.m() * shape.n())];
        for (int z = 0, at = 0; z < shape.batch(); z++) {
            for (int i = 0; i < shape.m(); i++) {
                for (int j = 0; j < shape.n(); j++, at++) {
                    for (int l = 0; l < shape.k(); l++) {
                        c[at] += a[at(shape.a(), z, i, l)] * b[at(shape.b(), z, l, j)];
                    }
                }
            }
        }
        return c;
    }

    private static int at(Matrix matrix, int z, int row, int column) {
        return (int) (z * matrix.next() + row * matrix.row() + column * matrix.column());
    }

    private static int[] theirs(ColumnProduct product, int[] a, int[] b, int k, int batch) {
        var d = product.result();
        var c = new int[(int) (batch * d.rows() * d.columns())];
        for (int z = 0; z < batch; z++) {
            for (int i = 0; i < d.rows(); i++) {
                for (int j = 0; j < d.columns(); j++) {
                    for (int l = 0; l < k; l++) {
                        c[(int) (z * d.next() + i + j * d.leading())] +=
                                b[at(product.first(), z, i, l)] * a[at(product.second(), z, l, j)];
                    }
                }
            }
        }
        return c;
    }

    /// An element of `op(matrix)`; the leading dimension must not be less than the rows.
    private static int at(ColumnProduct.Columns matrix, int z, int row, int column) {
        assertThat(matrix.leading()).isGreaterThanOrEqualTo(matrix.rows());
        int i = matrix.turned() ? column : row;
        int j = matrix.turned() ? row : column;
        return (int) (z * matrix.next() + i + j * matrix.leading());
    }
}
