package org.sfumato.tensor.expr;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr.BinaryOp;
import org.sfumato.tensor.expr.Expr.CompareOp;
import org.sfumato.tensor.expr.Expr.UnaryOp;

/// Writes the instructions that a loop over one compute type is made of. Operands are on the stack, and so is the
/// result.
///
/// A "value" is what the loop computes at a time: a vector, or one long. A "condition" is a mask, or a boolean.
sealed interface LaneCode permits VectorCode, LongCode {
    /// The code for `compute`, which is f32, f64 or i64.
    static LaneCode of(DType compute) {
        return switch (compute) {
            case F32, F64 -> new VectorCode(compute, true);
            case I64 -> new LongCode();
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException("loop: " + compute + " is a storage type");
        };
    }

    /// The compute type.
    DType type();

    /// Elements per value.
    int lanes();

    /// The kind of local variable that holds one element.
    TypeKind elementKind();

    /// The kind of local variable that holds a value.
    TypeKind kind();

    /// The kind of local variable that holds a condition.
    TypeKind conditionKind();

    /// -> the element at the address in local `place`.
    void loadElement(CodeBuilder code, int place);

    /// one element -> value.
    void broadcast(CodeBuilder code);

    /// -> value.
    void constant(CodeBuilder code, double c);

    /// -> value. `mask` is the local that holds the mask of a partial value, or -1.
    void load(CodeBuilder code, Runnable address, int mask);

    /// Stores the value in local `value`.
    void store(CodeBuilder code, int value, Runnable address, int mask);

    /// number of elements left (long) -> the mask of a last, partial value.
    void tailMask(CodeBuilder code);

    /// value -> value.
    void unary(CodeBuilder code, UnaryOp op);

    /// value, value -> value.
    void binary(CodeBuilder code, BinaryOp op);

    /// value, value -> condition.
    void compare(CodeBuilder code, CompareOp op);

    /// value -> condition: is not 0.
    void notZero(CodeBuilder code);

    /// condition -> value, 1 or 0.
    void toValue(CodeBuilder code);

    /// value if not, value if so, condition -> value.
    void select(CodeBuilder code);
}
