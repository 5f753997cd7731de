package org.sfumato.cuda.elementwise;

import org.sfumato.cuda.elementwise.Code.Kind;
import org.sfumato.tensor.DType;

/// Elements as they lie in memory, to and from the types in which is computed: f32, f64, i64. What is lost is lost as
/// on the processor: to a half type the exact value is rounded once, to nearest, ties to even; from floating to integer
/// toward zero, as Java's casts do; to bool, what is not 0 is true, NaN included.
final class Conversion {
    private Conversion() { }

    /// The kind of register that holds an element as it lies in memory.
    static Kind kind(DType type) {
        return switch (type) {
            case F32 -> Kind.F32;
            case F64 -> Kind.F64;
            case BF16, F16, BOOL -> Kind.B16;
            case I64 -> Kind.B64;
            case I32 -> Kind.B32;
        };
    }

    /// The type of loads and stores of an element.
    static String memory(DType type) {
        return switch (type) {
            case F32 -> "f32";
            case F64 -> "f64";
            case BF16, F16 -> "b16";
            case I64 -> "b64";
            case I32 -> "b32";
            case BOOL -> "u8";
        };
    }

    /// The element `raw` of `type` as a value of `compute`.
    static String load(Code code, DType type, String raw, DType compute) {
        return switch (type) {
            case F32 -> fromF32(code, raw, compute);
            case F64 -> raw;
            case BF16 -> {
                var bits = code.op(Kind.B32, "shl.b32", code.op(Kind.B32, "cvt.u32.u16", raw), "16");
                yield fromF32(code, code.op(Kind.F32, "mov.b32", bits), compute);
            }
            case F16 -> fromF32(code, code.op(Kind.F32, "cvt.f32.f16", raw), compute);
            case I64 -> whole(code, raw, "s64", compute);
            case I32 -> whole(code, raw, "s32", compute);
            case BOOL -> whole(code, raw, "u16", compute);
        };
    }

    private static String fromF32(Code code, String value, DType compute) {
        return compute == DType.F64 ? code.op(Kind.F64, "cvt.f64.f32", value) : value;
    }

    private static String whole(Code code, String raw, String type, DType compute) {
        return switch (compute) {
            case F32, BF16, F16 -> code.op(Kind.F32, "cvt.rn.f32." + type, raw);
            case F64 -> code.op(Kind.F64, "cvt.rn.f64." + type, raw);
            case I64, I32, BOOL -> type.equals("s64") ? raw : code.op(Kind.B64, "cvt." + type.charAt(0) + "64." + type,
                    raw);
        };
    }

    /// The value of `compute` as an element of `type`.
    static String store(Code code, DType compute, String value, DType type) {
        return switch (compute) {
            case F32, BF16, F16 -> storeF32(code, value, type);
            case F64 -> storeF64(code, value, type);
            case I64, I32, BOOL -> storeI64(code, value, type);
        };
    }

    private static String storeF32(Code code, String value, DType type) {
        return switch (type) {
            case F32 -> value;
            case F64 -> code.op(Kind.F64, "cvt.f64.f32", value);
            case BF16 -> bf16(code, value);
            case F16 -> code.op(Kind.B16, "cvt.rn.f16.f32", value);
            case I64 -> nanToZero(code, value, "f32", Kind.B64, "64");
            case I32 -> nanToZero(code, value, "f32", Kind.B32, "32");
            case BOOL -> truth(code, code.op(Kind.PRED, "setp.neu.f32", value, Code.f32(0)));
        };
    }

    private static String storeF64(Code code, String value, DType type) {
        return switch (type) {
            case F32 -> code.op(Kind.F32, "cvt.rn.f32.f64", value);
            case F64 -> value;
            case BF16 -> bf16(code, odd(code, value));
            case F16 -> code.op(Kind.B16, "cvt.rn.f16.f32", odd(code, value));
            case I64 -> nanToZero(code, value, "f64", Kind.B64, "64");
            case I32 -> nanToZero(code, value, "f64", Kind.B32, "32");
            case BOOL -> truth(code, code.op(Kind.PRED, "setp.neu.f64", value, Code.f64(0)));
        };
    }

    private static String storeI64(Code code, String value, DType type) {
        return switch (type) {
            case F32 -> code.op(Kind.F32, "cvt.rn.f32.s64", value);
            case F64 -> code.op(Kind.F64, "cvt.rn.f64.s64", value);
            case BF16, F16 -> storeF64(code, code.op(Kind.F64, "cvt.rn.f64.s64", value), type);
            case I64 -> value;
            case I32 -> code.op(Kind.B32, "cvt.u32.u64", value);
            case BOOL -> truth(code, code.op(Kind.PRED, "setp.ne.s64", value, "0"));
        };
    }

    private static String truth(Code code, String condition) {
        return code.op(Kind.B16, "selp.b16", "1", "0", condition);
    }

    /// Toward zero; what is out of range becomes the largest or smallest integer, as in Java; NaN must be looked for.
    private static String nanToZero(Code code, String value, String from, Kind kind, String width) {
        var cut = code.op(kind, "cvt.rzi.s" + width + "." + from, value);
        return code.op(kind, "selp.b" + width, "0", cut, code.op(Kind.PRED, "setp.nan." + from, value, value));
    }

    /// To nearest, ties to even, in integers: devices before compute capability 8.0 have no instruction for it.
    private static String bf16(Code code, String value) {
        var bits = code.op(Kind.B32, "mov.b32", value);
        var high = code.op(Kind.B32, "shr.u32", bits, "16");
        var tie = code.op(Kind.B32, "add.s32", code.op(Kind.B32, "and.b32", high, "1"), "32767");
        var rounded = code.op(Kind.B32, "shr.u32", code.op(Kind.B32, "add.s32", bits, tie), "16");
        var quiet = code.op(Kind.B32, "or.b32", high, "64");
        var isNan = code.op(Kind.PRED, "setp.nan.f32", value, value);
        return code.op(Kind.B16, "cvt.u16.u32", code.op(Kind.B32, "selp.b32", quiet, rounded, isNan));
    }

    /// A float that rounds to a half type as the double itself does: cut off, and with the last bit set if anything was
    /// lost. Source: Boldo and Melquiond 2008, doi 10.1109/TC.2007.70819.
    private static String odd(Code code, String value) {
        var near = code.op(Kind.F32, "cvt.rn.f32.f64", value);
        var back = code.op(Kind.F64, "cvt.f64.f32", near);
        var beyond = code.op(Kind.PRED, "setp.gt.f64", code.op(Kind.F64, "abs.f64", back),
                code.op(Kind.F64, "abs.f64", value));
        var bits = code.op(Kind.B32, "mov.b32", near);
        var cut = code.op(Kind.B32, "selp.b32", code.op(Kind.B32, "add.s32", bits, "-1"), bits, beyond);
        var odd = code.op(Kind.F32, "mov.b32", code.op(Kind.B32, "or.b32", cut, "1"));
        var kept = code.op(Kind.PRED, "setp.equ.f64", back, value);             // equal, or NaN
        return code.op(Kind.F32, "selp.f32", near, odd, kept);
    }
}
