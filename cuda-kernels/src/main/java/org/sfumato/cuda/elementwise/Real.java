package org.sfumato.cuda.elementwise;

import org.sfumato.cuda.elementwise.Code.Kind;

/// Arithmetic of one floating type, one instruction a method, each rounded to nearest and none contracted with another:
/// what the same sequence gives on a processor, bit for bit. Values and truth values are registers or constants.
record Real(Code code, boolean wide) {
    private Kind kind() {
        return wide ? Kind.F64 : Kind.F32;
    }

    private Kind bits() {
        return wide ? Kind.B64 : Kind.B32;
    }

    private String type() {
        return wide ? ".f64" : ".f32";
    }

    private String width() {
        return wide ? "64" : "32";
    }

    String of(double value) {
        return wide ? Code.f64(value) : Code.f32((float) value);
    }

    String add(String a, String b) {
        return code.op(kind(), "add.rn" + type(), a, b);
    }

    String sub(String a, String b) {
        return code.op(kind(), "sub.rn" + type(), a, b);
    }

    String mul(String a, String b) {
        return code.op(kind(), "mul.rn" + type(), a, b);
    }

    String div(String a, String b) {
        return code.op(kind(), "div.rn" + type(), a, b);
    }

    /// `a b + c`, rounded once.
    String fma(String a, String b, String c) {
        return code.op(kind(), "fma.rn" + type(), a, b, c);
    }

    String sqrt(String a) {
        return code.op(kind(), "sqrt.rn" + type(), a);
    }

    String neg(String a) {
        return code.op(kind(), "neg" + type(), a);
    }

    String abs(String a) {
        return code.op(kind(), "abs" + type(), a);
    }

    /// The larger, NaN if either is NaN, which the instruction itself gives from compute capability 8.0 on only.
    String max(String a, String b) {
        return select(compare("nan", a, b), of(Double.NaN), code.op(kind(), "max" + type(), a, b));
    }

    String min(String a, String b) {
        return select(compare("nan", a, b), of(Double.NaN), code.op(kind(), "min" + type(), a, b));
    }

    /// To a whole number: `rni` to nearest, ties to even; `rmi` down.
    String whole(String mode, String a) {
        return code.op(kind(), "cvt." + mode + type() + type(), a);
    }

    /// A truth value: `lt`, `le`, `eq`, `gt`, `ge`; `neu` also if either is NaN; `nan` if either is NaN.
    String compare(String how, String a, String b) {
        return code.op(Kind.PRED, "setp." + how + type(), a, b);
    }

    String select(String condition, String yes, String no) {
        return code.op(kind(), "selp" + type(), yes, no, condition);
    }

    String toBits(String a) {
        return code.op(bits(), "mov.b" + width(), a);
    }

    String fromBits(String a) {
        return code.op(kind(), "mov.b" + width(), a);
    }

    /// An instruction on bits: `add.s`, `sub.s`, `max.s`, `and.b`, `or.b`, `xor.b`, `neg.s`.
    String integer(String instruction, String... operands) {
        return code.op(bits(), instruction + width(), operands);
    }

    /// `a << by`.
    String shiftLeft(String a, int by) {
        return code.op(bits(), "shl.b" + width(), a, Integer.toString(by));
    }

    /// `a >> by`, the sign kept.
    String shiftRight(String a, int by) {
        return code.op(bits(), "shr.s" + width(), a, Integer.toString(by));
    }

    /// `c0 x^n + c1 x^(n-1) + ...`.
    String polynomial(String x, double... coefficients) {
        var sum = of(coefficients[0]);
        for (int i = 1; i < coefficients.length; i++) {
            sum = fma(sum, x, of(coefficients[i]));
        }
        return sum;
    }
}
