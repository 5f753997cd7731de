package org.sfumato.tensor.quantised;

import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.DequantiseOp;

/// How a matrix (O, I) is stored in fewer bits than f32 has. It lies in one or more tensors, its parts, which are saved
/// and moved like any others.
///
/// Blocks are runs of a row; the last one of a row is filled up with zeros. Codes smaller than a type of this library
/// are packed into i32, whose bytes, from the lowest on, are those of the format.
public enum WeightFormat {
    /// bfloat16. Parts: (O, I) bf16. 16 bits an element.
    BF16(1),
    /// `w = d q`, q in -127 .. 127, blocks of 32. Parts: q, four in a word, (O, 8B) i32; d (O, B) f16. 8.5 bits an
    /// element. Source: Q8_0 of ggml-org/ggml, `ggml-common.h`.
    Q8(32),
    /// `w = d (q - 8)`, q in 0 .. 15, blocks of 32. Byte i of a block has element i in its lower half and element
    /// 16 + i in its upper one. Parts: q (O, 4B) i32; d (O, B) f16. 4.5 bits an element. Source: Q4_0 of
    /// ggml-org/ggml, `ggml-common.h`.
    Q4(32),
    /// 4-bit NormalFloat with double quantisation: `w = a l_q`, blocks of 64, l the 16 levels of [NormalFloat]; and `a
    /// = c m_p + o`, blocks of 256 of all a in row-major order, m the 256 values of [DynamicMap]. Byte i of a block has
    /// element 2i in its upper half and 2i + 1 in its lower one. Parts: q (O, 8B) i32; p, four in a word, i32; c f32; o
    /// (1) f32. 4.13 bits an element. Sources: Dettmers et al. 2023, arXiv 2305.14314, section 3; the layout is that of
    /// bitsandbytes.
    NF4(64);

    /// Blocks of one scale of the scales of [#NF4].
    public static final int GROUP = 256;

    private final int block;

    WeightFormat(int block) {
        this.block = block;
    }

    /// Elements of a block.
    public int block() {
        return block;
    }

    /// Blocks of a row of `columns` elements.
    public long blocks(long columns) {
        return Math.ceilDiv(columns, (long) block);
    }

    /// Shapes and types of the parts of a matrix.
    public List<Spec> parts(long rows, long columns) {
        long blocks = blocks(columns);
        return switch (this) {
            case BF16 -> List.of(new Spec(Shape.of(rows, columns), DType.BF16));
            case Q8 -> List.of(words(rows, 8 * blocks), new Spec(Shape.of(rows, blocks), DType.F16));
            case Q4 -> List.of(words(rows, 4 * blocks), new Spec(Shape.of(rows, blocks), DType.F16));
            case NF4 -> List.of(words(rows, 8 * blocks), words(Math.ceilDiv(rows * blocks, 4L)),
                    new Spec(Shape.of(Math.ceilDiv(rows * blocks, (long) GROUP)), DType.F32),
                    new Spec(Shape.of(1), DType.F32));
        };
    }

    private static Spec words(long... sizes) {
        return new Spec(Shape.of(sizes), DType.I32);
    }

    /// How many parts a matrix has.
    public int partCount() {
        return switch (this) {
            case BF16 -> 1;
            case Q8, Q4 -> 2;
            case NF4 -> 4;
        };
    }

    /// The parts of `matrix` (O, I), of a floating type, on its device.
    ///
    /// @throws org.sfumato.tensor.ShapeException if it is no matrix, or not of a floating type
    /// @throws IllegalArgumentException if an element is not finite
    public List<Tensor> quantise(Tensor matrix) {
        return Quantiser.parts(this, matrix);
    }

    /// The matrix (O, I) of which these are the parts, f32.
    ///
    /// @throws org.sfumato.tensor.ShapeException if they are not the parts of a matrix of `columns` columns
    public Tensor dequantise(long columns, List<Tensor> parts) {
        return Dispatch.one(new DequantiseOp(this, columns), parts.toArray(Tensor[]::new));
    }
}
