package org.sfumato.cuda.elementwise;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/// The text of one kernel while it is written, each value in a register of its own. An instruction that was written
/// before with the same operands is not written again: its register is given back.
///
/// Source: NVIDIA, "Parallel Thread Execution ISA", version 7.0.
public final class Code {
    /// Kinds of registers, with the prefix of their names.
    public enum Kind {
        /// A truth value.
        PRED("%p", "pred"),
        /// 16 bits.
        B16("%h", "b16"),
        /// 32 bits.
        B32("%r", "b32"),
        /// 64 bits.
        B64("%q", "b64"),
        /// Single precision.
        F32("%f", "f32"),
        /// Double precision.
        F64("%d", "f64");

        private final String prefix;
        private final String type;

        Kind(String prefix, String type) {
            this.prefix = prefix;
            this.type = type;
        }
    }

    private final String name;
    private final StringBuilder parameters = new StringBuilder();
    private final StringBuilder body = new StringBuilder();
    private final Map<Kind, Integer> used = new EnumMap<>(Kind.class);
    private final Map<String, String> known = new HashMap<>();
    private int parameterCount;
    private int labels;

    /// A kernel called `name`.
    public Code(String name) {
        this.name = name;
    }

    /// A register that nothing is in yet.
    public String register(Kind kind) {
        return kind.prefix + used.merge(kind, 1, Integer::sum);
    }

    /// A label that stands nowhere yet.
    public String label() {
        return "L" + ++labels;
    }

    /// The register that `instruction` of `operands` leaves its result in.
    public String op(Kind kind, String instruction, String... operands) {
        var text = instruction + " \0, " + String.join(", ", operands);
        var found = known.get(text);
        if (found != null) {
            return found;
        }
        var result = register(kind);
        line(text.replace("\0", result));
        known.put(text, result);
        return result;
    }

    /// An instruction that is written every time: a load, a store, a branch.
    public void line(String instruction) {
        body.append('\t').append(instruction).append(";\n");
    }

    /// Puts `label` here.
    public void place(String label) {
        body.append(label).append(":\n");
    }

    /// Writes what is run only sometimes: its values are forgotten afterwards.
    public void aside(Runnable part) {
        var before = Map.copyOf(known);
        part.run();
        known.clear();
        known.putAll(before);
    }

    /// The next parameter of the kernel, loaded: `type` is `u32`, `s32`, `u64`, `f32` or `f64`.
    public String parameter(String type) {
        var kind = switch (type) {
            case "u32", "s32" -> Kind.B32;
            case "u64", "s64" -> Kind.B64;
            case "f32" -> Kind.F32;
            case "f64" -> Kind.F64;
            default -> throw new IllegalArgumentException("ptx: no parameter of type " + type);
        };
        int number = parameterCount++;
        parameters.append(number == 0 ? "" : ",\n").append("\t.param .").append(type).append(" a").append(number);
        return op(kind, "ld.param." + type, "[a" + number + "]");
    }

    /// The text of the module: any device of compute capability 7.5 or higher and any driver of CUDA 11 or later takes
    /// it.
    public String module() {
        var text = new StringBuilder(".version 7.0\n.target sm_75\n.address_size 64\n\n.visible .entry ").append(name)
                .append("(\n").append(parameters).append("\n)\n{\n");
        for (var kind : Kind.values()) {
            int count = used.getOrDefault(kind, 0);
            if (count > 0) {
                text.append("\t.reg .").append(kind.type).append(' ').append(kind.prefix).append('<').append(count + 1)
                        .append(">;\n");
            }
        }
        return text.append(body).append("}\n").toString();
    }

    /// Single precision as PTX writes it.
    static String f32(float value) {
        return "0f%08X".formatted(Float.floatToRawIntBits(value));
    }

    /// Double precision as PTX writes it.
    static String f64(double value) {
        return "0d%016X".formatted(Double.doubleToRawLongBits(value));
    }

    /// `{a, b, c, d}`.
    static String vector(String... elements) {
        return Arrays.stream(elements).reduce((a, b) -> a + ", " + b).map(list -> "{" + list + "}").orElseThrow();
    }
}
