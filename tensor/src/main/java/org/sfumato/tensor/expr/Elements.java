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
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.DType;

/// Writes the instructions that read or write one element of native memory. Addresses need not be aligned.
final class Elements {
    private static final ClassDesc SEGMENT = MemorySegment.class.describeConstable().orElseThrow();
    private static final ClassDesc MEMORY = RawMemory.class.describeConstable().orElseThrow();
    private static final ClassDesc LAYOUTS = ValueLayout.class.describeConstable().orElseThrow();

    /// How one element type is named in Java.
    private record Access(String constant, Class<? extends ValueLayout> layout, ClassDesc element) {
        private ClassDesc layoutDesc() {
            return layout.describeConstable().orElseThrow();
        }
    }

    private Elements() { }

    private static Access access(DType type) {
        return switch (type) {
            case F32 -> new Access("JAVA_FLOAT_UNALIGNED", ValueLayout.OfFloat.class, CD_float);
            case F64 -> new Access("JAVA_DOUBLE_UNALIGNED", ValueLayout.OfDouble.class, CD_double);
            case I64 -> new Access("JAVA_LONG_UNALIGNED", ValueLayout.OfLong.class, CD_long);
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException("loop: " + type + " is a storage type");
        };
    }

    private static void place(CodeBuilder code, Access access, Runnable address) {
        allMemory(code).getstatic(LAYOUTS, access.constant, access.layoutDesc());
        address.run();
    }

    /// -> element.
    static void load(CodeBuilder code, DType type, Runnable address) {
        var access = access(type);
        place(code, access, address);
        code.invokeinterface(SEGMENT, "get", MethodTypeDesc.of(access.element, access.layoutDesc(), CD_long));
    }

    /// Stores the element in local `value`.
    static void store(CodeBuilder code, DType type, int value, Runnable address) {
        var access = access(type);
        place(code, access, address);
        code.loadLocal(TypeKind.from(access.element), value)
            .invokeinterface(SEGMENT, "set", MethodTypeDesc.of(CD_void, access.layoutDesc(), CD_long, access.element));
    }

    /// -> the segment of all memory.
    static CodeBuilder allMemory(CodeBuilder code) {
        return code.getstatic(MEMORY, "ALL", SEGMENT);
    }
}
