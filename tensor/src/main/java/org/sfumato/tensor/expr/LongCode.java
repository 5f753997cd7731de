package org.sfumato.tensor.expr;

import static java.lang.constant.ConstantDescs.CD_long;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr.BinaryOp;
import org.sfumato.tensor.expr.Expr.CompareOp;
import org.sfumato.tensor.expr.Expr.UnaryOp;

/// Single longs; overflow wraps around.
record LongCode() implements LaneCode {
    private static final ClassDesc MATH = Math.class.describeConstable().orElseThrow();

    @Override public DType type() {
        return DType.I64;
    }

    @Override public int lanes() {
        return 1;
    }

    @Override public TypeKind elementKind() {
        return TypeKind.LONG;
    }

    @Override public TypeKind kind() {
        return TypeKind.LONG;
    }

    @Override public TypeKind conditionKind() {
        return TypeKind.INT;
    }

    @Override public void loadElement(CodeBuilder code, int place) {
        Elements.load(code, type(), () -> code.lload(place));
    }

    @Override public void broadcast(CodeBuilder code) {
        // a value is one element
    }

    @Override public void constant(CodeBuilder code, double c) {
        code.loadConstant((long) c);
    }

    @Override public void load(CodeBuilder code, Runnable address, int mask) {
        Elements.load(code, type(), address);
    }

    @Override public void store(CodeBuilder code, int value, Runnable address, int mask) {
        Elements.store(code, type(), value, address);
    }

    @Override public void tailMask(CodeBuilder code) {
        throw new IllegalStateException("loop: a long is never partial");
    }

    @Override public void unary(CodeBuilder code, UnaryOp op) {
        switch (op) {
            case NEG -> code.lneg();
            case ABS -> code.invokestatic(MATH, "abs", MethodTypeDesc.of(CD_long, CD_long));
            case EXP, EXPM1, LOG, LOG1P, SQRT, RSQRT, TANH, ERF, SIGMOID, SIN, COS, FLOOR, ROUND ->
                throw new IllegalArgumentException("loop: " + op + " has no whole results");
        }
    }

    @Override public void binary(CodeBuilder code, BinaryOp op) {
        switch (op) {
            case ADD -> code.ladd();
            case SUB -> code.lsub();
            case MUL -> code.lmul();
            case MAX -> code.invokestatic(MATH, "max", MethodTypeDesc.of(CD_long, CD_long, CD_long));
            case MIN -> code.invokestatic(MATH, "min", MethodTypeDesc.of(CD_long, CD_long, CD_long));
            case DIV -> throw new IllegalArgumentException("loop: " + op + " has no whole results");
        }
    }

    @Override public void compare(CodeBuilder code, CompareOp op) {
        var holds = switch (op) {
            case LT -> Opcode.IFLT;
            case LE -> Opcode.IFLE;
            case EQ -> Opcode.IFEQ;
            case NE -> Opcode.IFNE;
        };
        code.lcmp().ifThenElse(holds, CodeBuilder::iconst_1, CodeBuilder::iconst_0);
    }

    @Override public void notZero(CodeBuilder code) {
        constant(code, 0);
        compare(code, CompareOp.NE);
    }

    @Override public void toValue(CodeBuilder code) {
        code.i2l();
    }

    @Override public void select(CodeBuilder code) {
        int condition = code.allocateLocal(TypeKind.INT);
        int taken = code.allocateLocal(TypeKind.LONG);
        int other = code.allocateLocal(TypeKind.LONG);
        code.istore(condition).lstore(taken).lstore(other).iload(condition)
            .ifThenElse(then -> then.lload(taken), otherwise -> otherwise.lload(other));
    }
}
