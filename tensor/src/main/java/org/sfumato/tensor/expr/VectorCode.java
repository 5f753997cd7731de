package org.sfumato.tensor.expr;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr.BinaryOp;
import org.sfumato.tensor.expr.Expr.CompareOp;
import org.sfumato.tensor.expr.Expr.UnaryOp;

/// Vectors of floats or doubles.
///
/// @param type f32 or f64
/// @param inline whether the functions of [VectorMath] are laid into the loop or called
record VectorCode(DType type, boolean inline) implements LaneCode {
    private static final String VECTOR_PACKAGE = "jdk.incubator.vector.";
    private static final ClassDesc VECTOR = ClassDesc.of(VECTOR_PACKAGE + "Vector");
    private static final ClassDesc MASK = ClassDesc.of(VECTOR_PACKAGE + "VectorMask");
    private static final ClassDesc SPECIES = ClassDesc.of(VECTOR_PACKAGE + "VectorSpecies");
    private static final ClassDesc OPERATORS = ClassDesc.of(VECTOR_PACKAGE + "VectorOperators");
    private static final ClassDesc COMPARISON = ClassDesc.of(VECTOR_PACKAGE + "VectorOperators$Comparison");
    private static final ClassDesc SEGMENT = MemorySegment.class.describeConstable().orElseThrow();
    private static final ClassDesc ORDER = ByteOrder.class.describeConstable().orElseThrow();

    private boolean single() {
        return type == DType.F32;
    }

    private ClassDesc vector() {
        return ClassDesc.of(VECTOR_PACKAGE + (single() ? "FloatVector" : "DoubleVector"));
    }

    private ClassDesc element() {
        return single() ? CD_float : CD_double;
    }

    private Class<?> functions() {
        return single() ? VectorMath.class : VectorMath64.class;
    }

    private CodeBuilder species(CodeBuilder code) {
        return code.getstatic(functions().describeConstable().orElseThrow(), "SPECIES", SPECIES);
    }

    private static CodeBuilder order(CodeBuilder code) {
        return code.invokestatic(ORDER, "nativeOrder", MethodTypeDesc.of(ORDER));
    }

    @Override public int lanes() {
        return single() ? VectorMath.SPECIES.length() : VectorMath64.SPECIES.length();
    }

    @Override public TypeKind elementKind() {
        return single() ? TypeKind.FLOAT : TypeKind.DOUBLE;
    }

    @Override public TypeKind kind() {
        return TypeKind.REFERENCE;
    }

    @Override public TypeKind conditionKind() {
        return TypeKind.REFERENCE;
    }

    @Override public void loadElement(CodeBuilder code, int place) {
        Elements.load(code, type, () -> code.lload(place));
    }

    @Override public void broadcast(CodeBuilder code) {
        code.invokestatic(functions().describeConstable().orElseThrow(), "all", MethodTypeDesc.of(vector(), element()));
    }

    @Override public void constant(CodeBuilder code, double c) {
        species(code);
        if (single()) {
            code.loadConstant((float) c);
        } else {
            code.loadConstant(c);
        }
        code.invokestatic(vector(), "broadcast", MethodTypeDesc.of(vector(), SPECIES, element()));
    }

    @Override public void load(CodeBuilder code, Runnable address, int mask) {
        Elements.allMemory(species(code));
        address.run();
        order(code);
        if (mask < 0) {
            code.invokestatic(vector(), "fromMemorySegment",
                MethodTypeDesc.of(vector(), SPECIES, SEGMENT, CD_long, ORDER));
        } else {
            code.aload(mask).invokestatic(vector(), "fromMemorySegment",
                MethodTypeDesc.of(vector(), SPECIES, SEGMENT, CD_long, ORDER, MASK));
        }
    }

    @Override public void store(CodeBuilder code, int value, Runnable address, int mask) {
        Elements.allMemory(code.aload(value));
        address.run();
        order(code);
        if (mask < 0) {
            code.invokevirtual(vector(), "intoMemorySegment", MethodTypeDesc.of(CD_void, SEGMENT, CD_long, ORDER));
        } else {
            code.aload(mask).invokevirtual(vector(), "intoMemorySegment",
                MethodTypeDesc.of(CD_void, SEGMENT, CD_long, ORDER, MASK));
        }
    }

    @Override public void tailMask(CodeBuilder code) {
        code.invokestatic(functions().describeConstable().orElseThrow(), "firstLanes",
            MethodTypeDesc.of(MASK, CD_long));
    }

    @Override public void unary(CodeBuilder code, UnaryOp op) {
        switch (op) {
            case NEG -> method(code, "neg");
            case ABS -> method(code, "abs");
            case SQRT -> method(code, "sqrt");
            case EXP -> function(code, "exp");
            case EXPM1 -> function(code, "expm1");
            case LOG -> function(code, "log");
            case LOG1P -> function(code, "log1p");
            case RSQRT -> function(code, "rsqrt");
            case TANH -> function(code, "tanh");
            case ERF -> function(code, "erf");
            case SIGMOID -> function(code, "sigmoid");
            case SIN -> function(code, "sin");
            case COS -> function(code, "cos");
            case FLOOR -> function(code, "floor");
            case ROUND -> function(code, "round");
        }
    }

    private void method(CodeBuilder code, String name) {
        code.invokevirtual(vector(), name, MethodTypeDesc.of(vector()));
    }

    private void function(CodeBuilder code, String name) {
        var signature = MethodTypeDesc.of(vector(), vector());
        if (inline) {
            InlinedMethods.of(single()).write(code, name, signature);
        } else {
            code.invokestatic(functions().describeConstable().orElseThrow(), name, signature);
        }
    }

    @Override public void binary(CodeBuilder code, BinaryOp op) {
        var name = switch (op) {
            case ADD -> "add";
            case SUB -> "sub";
            case MUL -> "mul";
            case DIV -> "div";
            case MAX -> "max";
            case MIN -> "min";
        };
        code.invokevirtual(vector(), name, MethodTypeDesc.of(vector(), VECTOR));
    }

    @Override public void compare(CodeBuilder code, CompareOp op) {
        var right = code.allocateLocal(TypeKind.REFERENCE);
        code.astore(right).getstatic(OPERATORS, op.name(), COMPARISON).aload(right)
            .invokevirtual(vector(), "compare", MethodTypeDesc.of(MASK, COMPARISON, VECTOR));
    }

    @Override public void notZero(CodeBuilder code) {
        constant(code, 0);
        compare(code, CompareOp.NE);
    }

    @Override public void toValue(CodeBuilder code) {
        var condition = code.allocateLocal(TypeKind.REFERENCE);
        code.astore(condition);
        constant(code, 0);
        constant(code, 1);
        code.aload(condition);
        select(code);
    }

    @Override public void select(CodeBuilder code) {
        code.invokevirtual(vector(), "blend", MethodTypeDesc.of(vector(), VECTOR, MASK));
    }
}
