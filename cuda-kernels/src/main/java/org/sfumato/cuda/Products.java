package org.sfumato.cuda;

import org.sfumato.tensor.DType;

/// Matrix products by a library of the vendor, where there is one.
public interface Products {
    /// Addresses that are multiples of this are taken.
    int ALIGNMENT = 16;

    /// `c = a b + bias` for each of `batch` pairs; a is (m, k), b is (k, n), c is dense (m, n).
    ///
    /// @param type of all three matrices: sums are in f32, or in f64 for f64
    /// @param bias (n), of the same type, added to each row
    record Shape(DType type, long m, long n, long k, Matrix a, Matrix b, boolean bias, long batch) { }

    /// Where elements lie: steps in elements from row to row, from column to column, and from matrix to matrix.
    record Matrix(long row, long column, long next) { }

    /// True if [#multiply] can do products of such a shape.
    boolean supports(Shape shape);

    /// Starts the product. Addresses are the device's; `bias` is 0 if the shape has none.
    void multiply(Shape shape, long a, long b, long bias, long c);
}
