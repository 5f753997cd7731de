package org.sfumato.cuda.interpreter;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The type by which an instruction reads or writes an operand.
enum Type {
    PRED(1, Kind.BITS),
    B8(8, Kind.BITS), B16(16, Kind.BITS), B32(32, Kind.BITS), B64(64, Kind.BITS),
    U8(8, Kind.UNSIGNED), U16(16, Kind.UNSIGNED), U32(32, Kind.UNSIGNED), U64(64, Kind.UNSIGNED),
    S8(8, Kind.SIGNED), S16(16, Kind.SIGNED), S32(32, Kind.SIGNED), S64(64, Kind.SIGNED),
    F16(16, Kind.FLOAT), BF16(16, Kind.FLOAT), F32(32, Kind.FLOAT), TF32(32, Kind.FLOAT), F64(64, Kind.FLOAT),
    F16X2(32, Kind.PACKED), BF16X2(32, Kind.PACKED);

    private enum Kind { BITS, UNSIGNED, SIGNED, FLOAT, PACKED }

    private static final Map<String, Type> BY_NAME = byName();

    final int bits;
    private final Kind kind;

    Type(int bits, Kind kind) {
        this.bits = bits;
        this.kind = kind;
    }

    private static Map<String, Type> byName() {
        var types = new HashMap<String, Type>();
        for (var type : values()) {
            types.put(type.name().toLowerCase(java.util.Locale.ROOT), type);
        }
        return types;
    }

    /// The type that PTX calls `name`, without the point.
    static Optional<Type> of(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    int bytes() {
        return Math.max(bits / 8, 1);
    }

    boolean signed() {
        return kind == Kind.SIGNED;
    }

    boolean floating() {
        return kind == Kind.FLOAT;
    }

    boolean packed() {
        return kind == Kind.PACKED;
    }

    boolean integer() {
        return kind == Kind.BITS || kind == Kind.UNSIGNED || kind == Kind.SIGNED;
    }
}
