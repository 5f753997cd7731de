package org.sfumato.cuda.elementwise;

import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.cuda.elementwise.Code.Kind;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.Expr;

/// What element by element kernels compute.
public final class Bodies {
    private Bodies() { }

    /// Formulas in the arithmetic of `compute`.
    ///
    /// @param truth if the results are truth values
    public static Elements.Body formulas(List<Expr> formulas, DType compute, List<DType> in, DType out) {
        return code -> {
            var lane = Lane.of(code, compute);
            return (raw, _) -> {
                var arguments = IntStream.range(0, raw.length)
                        .mapToObj(k -> Conversion.load(code, in.get(k), raw[k], compute)).toArray(String[]::new);
                var writer = new FormulaCode(lane, arguments);
                return formulas.stream().map(formula -> inRegister(code, writer.value(formula), compute))
                        .map(value -> Conversion.store(code, compute, value, out)).toArray(String[]::new);
            };
        };
    }

    /// A constant result cannot be converted or stored as it is.
    private static String inRegister(Code code, String value, DType compute) {
        return value.startsWith("%") ? value : switch (compute) {
            case F32, BF16, F16 -> code.op(Kind.F32, "mov.f32", value);
            case F64 -> code.op(Kind.F64, "mov.f64", value);
            case I64, I32, BOOL -> code.op(Kind.B64, "mov.b64", value);
        };
    }

    /// The same value in another type.
    public static Elements.Body cast(DType from, DType to) {
        return code -> (raw, _) -> new String[] {
            Conversion.store(code, from.compute(), Conversion.load(code, from, raw[0], from.compute()), to)};
    }

    /// The same bits.
    public static Elements.Body copy() {
        return _ -> (raw, _) -> raw;
    }

    /// A constant, given as bits: one parameter of 64 bits.
    public static Elements.Body fill(DType type) {
        return code -> {
            var bits = code.parameter("u64");
            var value = switch (type) {
                case F32 -> code.op(Kind.F32, "mov.b32", code.op(Kind.B32, "cvt.u32.u64", bits));
                case F64 -> code.op(Kind.F64, "mov.b64", bits);
                case BF16, F16, BOOL -> code.op(Kind.B16, "cvt.u16.u64", bits);
                case I64 -> bits;
                case I32 -> code.op(Kind.B32, "cvt.u32.u64", bits);
            };
            return (_, _) -> new String[] {value};
        };
    }

    /// `start + i step` in 64-bit integers (two parameters s64) or in float64 (two parameters f64).
    public static Elements.Body arange(boolean whole, DType type) {
        return code -> {
            var start = code.parameter(whole ? "s64" : "f64");
            var step = code.parameter(whole ? "s64" : "f64");
            return (_, place) -> {
                var i = place.number(code);
                var value = whole ? code.op(Kind.B64, "mad.lo.s64", i, step, start)
                        : code.op(Kind.F64, "add.rn.f64", start,
                                code.op(Kind.F64, "mul.rn.f64", code.op(Kind.F64, "cvt.rn.f64.s64", i), step));
                return new String[] {Conversion.store(code, whole ? DType.I64 : DType.F64, value, type)};
            };
        };
    }

    /// The same bits on one side of a diagonal of the last two axes and 0 on the other: `column - row` is at most
    /// (`lower`) or at least `diagonal`. Parameters: rows and columns (u64), the diagonal (s64).
    public static Elements.Body triangle(boolean lower, DType type) {
        return code -> {
            var rows = code.parameter("u64");
            var columns = code.parameter("u64");
            var diagonal = code.parameter("s64");
            return (raw, place) -> {
                var i = place.number(code);
                var row = code.op(Kind.B64, "div.u64", i, columns);
                var column = code.op(Kind.B64, "rem.u64", i, columns);
                var above = code.op(Kind.B64, "sub.s64", column, code.op(Kind.B64, "rem.u64", row, rows));
                var kept = code.op(Kind.PRED, lower ? "setp.le.s64" : "setp.ge.s64", above, diagonal);
                var kind = Conversion.kind(type);
                return new String[] {switch (kind) {
                    case F32 -> code.op(kind, "selp.f32", raw[0], Code.f32(0), kept);
                    case F64 -> code.op(kind, "selp.f64", raw[0], Code.f64(0), kept);
                    case B16 -> code.op(kind, "selp.b16", raw[0], "0", kept);
                    case B32 -> code.op(kind, "selp.b32", raw[0], "0", kept);
                    case B64 -> code.op(kind, "selp.b64", raw[0], "0", kept);
                    case PRED -> throw new IllegalStateException("triangle: no element is a truth register");
                }};
            };
        };
    }
}
