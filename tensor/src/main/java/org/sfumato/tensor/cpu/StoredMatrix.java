package org.sfumato.tensor.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tensor.spi.Operand;

/// A matrix in a [WeightFormat] as kernels read it: rows of codes at equal distances, and their scales.
final class StoredMatrix implements AutoCloseable {
    final WeightFormat format;
    final int rows;
    final int columns;
    final int blocks;

    private final List<Rows> parts = new ArrayList<>();
    private final long codes;
    private final long codesOfRow;
    private final long scales;

    StoredMatrix(WeightFormat format, long columns, Operand... parts) {
        this.format = format;
        this.rows = Math.toIntExact(parts[0].shape().size(0));
        this.columns = Math.toIntExact(columns);
        this.blocks = Math.toIntExact(format.blocks(columns));
        for (var part : parts) {
            this.parts.add(Rows.flat(part));
        }
        this.codes = part(0);
        this.codesOfRow = parts[0].shape().size(1) * parts[0].dtype().bytes();
        this.scales = parts.length == 1 ? 0 : part(1);
    }

    private long part(int i) {
        return parts.get(i).address(0);
    }

    /// Floats of a row with its last block filled up.
    int width() {
        return blocks * format.block();
    }

    /// The address of the codes of a row.
    long codes(long row) {
        return codes + row * codesOfRow;
    }

    /// The address of the f16 scales of a row, or of the 8-bit ones of NF4.
    long scales(long row) {
        return scales + row * blocks * (format == WeightFormat.NF4 ? 1 : Short.BYTES);
    }

    /// Writes rows `[r0, r1)` as f32, `step` bytes apart, with zeros to [#width].
    void decode(long r0, long r1, long to, long step) {
        for (long r = r0; r < r1; r++) {
            long y = to + (r - r0) * step;
            switch (format) {
                case BF16 -> DotBf16.decode(columns, codes(r), y);
                case Q8 -> DotQ8.decode(blocks, codes(r), scales(r), y);
                case Q4 -> DotQ4.decode(blocks, codes(r), scales(r), y);
                case NF4 -> DotNf4.decode(blocks, codes(r), scales(r), r * blocks, part(2), part(3), y);
            }
        }
    }

    /// Whether [#dots] reads the codes; else rows are decoded before.
    boolean hasDots() {
        return switch (format) {
            case BF16 -> Convert.WIDE;
            case Q8, Q4 -> DotQ8.FITS;
            case NF4 -> DotNf4.FITS;
        };
    }

    /// Copies a row of [#columns] floats to one of [#width], in the order in which [#dots] reads it.
    void arrange(long x, long to) {
        for (int i = 0; i < width(); i++) {
            long place = format == WeightFormat.NF4 ? DotNf4.place(i) : i;
            Simd.setF32(to + 4 * place, i < columns ? Simd.getF32(x + 4L * i) : 0);
        }
    }

    /// `y[r] = x . W[r] + f[r]` for rows `[r0, r1)`; no f if its address is 0. x as [#arrange] leaves it.
    ///
    /// The loops of the kernels get their vectors from nothing but what the JDK has C2 inline wherever it is. With
    /// methods of their own C2 left some of these as calls, in every second process, and each made an object of its
    /// vector: five times slower and more. Addresses are [Simd#bounded]; those of Q8, Q4 and NF4 end by `!=`, which C2
    /// does not take for a counted loop: it would unroll it and run out of registers.
    void dots(long r0, long r1, long x, long f, long y) {
        for (long r = r0; r < r1; r++) {
            float sum = switch (format) {
                case BF16 -> DotBf16.dot(columns, x, codes(r));
                case Q8 -> DotQ8.dot(blocks, x, codes(r), scales(r));
                case Q4 -> DotQ4.dot(blocks, x, codes(r), scales(r));
                case NF4 -> DotNf4.dot(blocks, x, codes(r), scales(r), r * blocks, part(2), part(3));
            };
            Simd.setF32(y + 4 * r, f == 0 ? sum : sum + Simd.getF32(f + 4 * r));
        }
    }

    static StoredMatrix of(WeightFormat format, long columns, Operand[] in, int first) {
        return new StoredMatrix(format, columns, Arrays.copyOfRange(in, first, first + format.partCount()));
    }

    @Override
    public void close() {
        parts.forEach(Rows::close);
    }
}
