package org.sfumato.tensor.expr;

import java.util.List;

import org.sfumato.tensor.DType;

/// Formulas compiled to one loop over native memory: `out[j][e] = formula_j(in[0][e], in[1][e], ...)` for every
/// element `e`.
///
/// Equal subexpressions are computed once for all formulas. In f32 and f64 the loop runs over vectors of the
/// preferred width; in i64 it is a loop over longs, with two's complement wrap-around. An element's result depends on
/// its operands alone, never on its place: the last, partial vector is computed with the same instructions under a
/// mask. Every primitive rounds by itself: a product and a sum are not contracted to a fused multiply-add, as in the
/// oracle. The functions are those of [VectorMath] and [VectorMath64].
///
/// A loop is a hidden class of its own, hence has its own profile in the just-in-time compiler. Making one takes a few
/// milliseconds, and it is slow until that compiler has seen some thousand vectors. It is kept for good. A
/// number that changes at run time, such as a learning rate, must therefore be passed as a scalar operand: as a
/// constant it would make a class for each value.
public interface ExprLoop {
    /// Computes the elements `[from, to)`.
    ///
    /// Operand `k` lies at the address `in[k]`: contiguous elements, of which that is number 0, or one if it is a
    /// scalar operand.
    /// Addresses of operands that no formula uses are not looked at. An output may be an operand at the same address;
    /// overlap otherwise is undefined. Nothing is checked: the caller knows that the operands lie in memory that is
    /// its own ([org.sfumato.tensor.spi.Operand#address]) and keeps it reachable.
    void run(long[] in, long[] out, long from, long to);

    /// The loop for `formulas` in the type `compute`: f32, f64, or, if all formulas are integral, i64.
    ///
    /// Bit `k` of `scalars` says that operand `k` is one element, read once and given to all.
    ///
    /// @throws IllegalArgumentException if `compute` is a storage type, if there is no formula, if there are more
    /// than 64 operands, if i64 is asked of a formula that is not integral, or if the formulas are too long for one
    /// loop (hundreds of primitives)
    static ExprLoop of(List<Expr> formulas, DType compute, long scalars) {
        return LoopKey.loop(formulas, compute, scalars);
    }
}
