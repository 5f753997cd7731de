package org.sfumato.tensor.cpu;

import org.sfumato.tensor.spi.Operand;

/// An operand (B, H, T, D) of attention: its rows of D floats lie where they lie, by strides in bytes from an address.
record Heads(Rows rows, int b, int h, int t, int d, long base, long bStep, long hStep,
        long tStep) implements AutoCloseable {
    static Heads of(Operand x) {
        x.address(); // proves that all of it lies in its buffer
        var rows = Rows.of(x);
        var shape = x.shape();
        var strides = rows.layout.strides();
        return new Heads(rows, (int) shape.size(0), (int) shape.size(1), Math.toIntExact(shape.size(2)), rows.width,
                rows.segment.address() + 4 * rows.layout.offset(), 4 * strides[0], 4 * strides[1], 4 * strides[2]);
    }

    /// The address of row `i` of a head.
    long at(int batch, int head, int i) {
        return base + batch * bStep + head * hStep + i * tStep;
    }

    /// True if its rows are whole vectors, so that they can be read in place as rows of a panel.
    boolean isWholeVectors() {
        return d % Simd.F32_LANES == 0;
    }

    @Override
    public void close() {
        rows.close();
    }
}
