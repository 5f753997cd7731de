package org.sfumato.cuda.libcuda;

import org.sfumato.cuda.Products;

/// A product as cuBLASLt sees it, which thinks in columns: our `c = a b` is its `c' = b' a'`, a matrix in our rows
/// one in its columns, turned.
///
/// @param first what it calls A: our `b`
/// @param second what it calls B: our `a`
/// @param result what it calls C and D: our `c`
record ColumnProduct(Columns first, Columns second, Columns result) {
    /// A matrix: column after column, `leading` elements apart; `turned` if its transpose is meant.
    record Columns(long rows, long columns, long leading, long next, boolean turned) { }

    /// The view of a product whose matrices [#isMatrix] takes.
    static ColumnProduct of(Products.Shape shape) {
        return new ColumnProduct(columns(shape.b(), shape.k(), shape.n()), columns(shape.a(), shape.m(), shape.k()),
                new Columns(shape.n(), shape.m(), shape.n(), shape.m() * shape.n(), false));
    }

    /// Our matrix of `rows` and `columns`.
    private static Columns columns(Products.Matrix matrix, long rows, long columns) {
        return isInRows(matrix, columns) ? new Columns(columns, rows, matrix.row(), matrix.next(), false)
                : new Columns(rows, columns, matrix.column(), matrix.next(), true);
    }

    /// True if the rows or the columns of our matrix are dense and do not overlap.
    static boolean isMatrix(Products.Matrix matrix, long rows, long columns) {
        return isInRows(matrix, columns) || matrix.row() == 1 && matrix.column() >= rows;
    }

    private static boolean isInRows(Products.Matrix matrix, long columns) {
        return matrix.column() == 1 && matrix.row() >= columns;
    }
}
