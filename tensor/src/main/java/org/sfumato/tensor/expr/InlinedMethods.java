package org.sfumato.tensor.expr;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.PseudoInstruction;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// The static methods of a class, to be written into other code in place of a call.
///
/// The compiler stops inlining ordinary methods once a loop holds 8000 bytecodes together with all that the Vector
/// API brings in, and a vector that crosses a call is boxed: tens of times slower. Code that is in the loop to begin
/// with has no such limit. The methods must be free of branches.
final class InlinedMethods {
    private static final InlinedMethods F32 = new InlinedMethods(VectorMath.class);
    private static final InlinedMethods F64 = new InlinedMethods(VectorMath64.class);

    private final ClassModel owner;
    private final Map<String, MethodModel> methods;

    private InlinedMethods(Class<?> owner) {
        this.owner = parse(owner);
        methods = this.owner.methods().stream()
            .collect(Collectors.toMap(m -> key(m.methodName().stringValue(), m.methodTypeSymbol()), m -> m));
    }

    /// The methods of [VectorMath] or of [VectorMath64].
    static InlinedMethods of(boolean single) {
        return single ? F32 : F64;
    }

    private static ClassModel parse(Class<?> type) {
        try (var in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            return ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG, ClassFile.LineNumbersOption.DROP_LINE_NUMBERS)
                .parse(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("loop: cannot read the class file of " + type.getName(), e);
        }
    }

    private static String key(String name, MethodTypeDesc signature) {
        return name + signature.descriptorString();
    }

    /// arguments -> result of the method `name`.
    void write(CodeBuilder code, String name, MethodTypeDesc signature) {
        var slots = new HashMap<Integer, Integer>();
        int[] parameters = new int[signature.parameterCount()];
        int slot = 0;
        for (int i = 0; i < parameters.length; i++) {
            var kind = TypeKind.from(signature.parameterType(i));
            parameters[i] = code.allocateLocal(kind);
            slots.put(slot, parameters[i]);
            slot += kind.slotSize();
        }
        for (int i = parameters.length - 1; i >= 0; i--) {
            code.storeLocal(TypeKind.from(signature.parameterType(i)), parameters[i]);
        }
        CodeModel body = methods.get(key(name, signature)).code().orElseThrow();
        for (var element : body) {
            write(code, element, slots);
        }
    }

    private void write(CodeBuilder code, CodeElement element, Map<Integer, Integer> slots) {
        switch (element) {
            case LoadInstruction load -> code.loadLocal(load.typeKind(), slots.get(load.slot()));
            case StoreInstruction store -> {
                var to = slots.computeIfAbsent(store.slot(), _ -> code.allocateLocal(store.typeKind()));
                code.storeLocal(store.typeKind(), to);
            }
            case InvokeInstruction call when call.owner().equals(owner.thisClass()) ->
                write(code, call.name().stringValue(), call.typeSymbol());
            case ReturnInstruction _ -> { /* the result stays on the stack */ }
            case PseudoInstruction _ -> { /* labels and names of locals */ }
            case BranchInstruction _ ->
                throw new IllegalStateException("loop: a branch in " + owner.thisClass().name());
            default -> code.with(element);
        }
    }
}
