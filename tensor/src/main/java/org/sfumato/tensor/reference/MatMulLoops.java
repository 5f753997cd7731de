package org.sfumato.tensor.reference;

import org.sfumato.tensor.spi.Operand;

/// The matrix product, three loops for each matrix of the batch.
final class MatMulLoops {
    private MatMulLoops() { }

    static void run(Operand[] in, Operand out) {
        var shape = out.shape();
        var batch = shape.range(0, shape.rank() - 2);
        int rows = Math.toIntExact(shape.size(-2));
        int columns = Math.toIntExact(shape.size(-1));
        int inner = Math.toIntExact(in[0].shape().size(-1));
        var a = Elements.expanded(in[0], batch.append(rows, inner)).reals();
        var b = Elements.expanded(in[1], batch.append(inner, columns)).reals();
        var c = new Elements(out);
        for (int n = 0; n < batch.count(); n++) {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    double sum = 0;
                    for (int k = 0; k < inner; k++) {
                        sum += a[(n * rows + i) * inner + k] * b[(n * inner + k) * columns + j];
                    }
                    c.put(((long) n * rows + i) * columns + j, sum);
                }
            }
        }
    }
}
