package org.sfumato.cuda.elementwise;

import org.sfumato.cuda.elementwise.Code.Kind;
import org.sfumato.tensor.spi.BoxMuller;

/// Writes standard normal numbers: the steps of [BoxMuller], one instruction for each operation.
final class NormalCode {
    private static final double[] LOG_F32 = {1f / 9f, 1f / 7f, 1f / 5f, 1f / 3f, 1};
    private static final double[] SINE_F32 = {1f / 362880f, -1f / 5040f, 1f / 120f, -1f / 6f};
    private static final double[] COSINE_F32 = {1f / 40320f, -1f / 720f, 1f / 24f, -1f / 2f, 1};
    private static final double[] LOG_F64 = {1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9,
        1.0 / 7, 1.0 / 5, 1.0 / 3, 1};
    private static final double[] SINE_F64 = {1 / 355687428096000.0, -1 / 1307674368000.0, 1 / 6227020800.0,
        -1 / 39916800.0, 1 / 362880.0, -1 / 5040.0, 1 / 120.0, -1 / 6.0};
    private static final double[] COSINE_F64 = {1 / 20922789888000.0, -1 / 87178291200.0, 1 / 479001600.0,
        -1 / 3628800.0, 1 / 40320.0, -1 / 720.0, 1 / 24.0, -1 / 2.0, 1};

    private final Code code;
    private final Real r;

    NormalCode(Code code, boolean wide) {
        this.code = code;
        this.r = new Real(code, wide);
    }

    /// `sqrt(-2 ln u)` from 32 or 64 random bits.
    String radius(String bits) {
        var u = r.wide() ? unit64(bits) : unit32(bits);
        int mantissa = r.wide() ? 52 : 23;
        var raw = r.toBits(u);
        var half = Long.toString(r.wide() ? BoxMuller.SQRT_HALF_F64 : BoxMuller.SQRT_HALF_F32);
        var e = r.shiftRight(r.integer("sub.s", raw, half), mantissa);
        var m = r.fromBits(r.integer("sub.s", raw, r.shiftLeft(e, mantissa)));
        var s = r.div(r.sub(m, r.of(1)), r.add(m, r.of(1)));
        var p = r.polynomial(r.mul(s, s), r.wide() ? LOG_F64 : LOG_F32);
        return r.sqrt(r.fma(toReal(e), r.of(BoxMuller.MINUS_TWO_LN2), r.mul(r.mul(s, r.of(-4)), p)));
    }

    private String unit32(String bits) {
        var whole = code.op(Kind.B32, "or.b32", code.op(Kind.B32, "shr.u32", bits, "1"), "1");
        return r.mul(toReal(whole), r.of(0x1p-31));
    }

    private String unit64(String bits) {
        var mantissa = code.op(Kind.B64, "or.b64", code.op(Kind.B64, "shr.u64", bits, "12"),
                Long.toString(BoxMuller.TWO_52));
        return r.mul(r.add(r.sub(r.fromBits(mantissa), r.of(0x1p52)), r.of(.5)), r.of(0x1p-52));
    }

    private String toReal(String whole) {
        return r.wide() ? code.op(Kind.F64, "cvt.rn.f64.s64", whole) : code.op(Kind.F32, "cvt.rn.f32.s32", whole);
    }

    /// The cosine of the turn that 32 or 64 random bits are.
    String cosTurn(String bits) {
        var quarter = quarter(bits);
        var x = rest(bits, quarter);
        return flip(r.select(odd(quarter), sin(x), cos(x)), r.integer("add.s", quarter, "1"));
    }

    /// The sine of the turn that 32 or 64 random bits are.
    String sinTurn(String bits) {
        var quarter = quarter(bits);
        var x = rest(bits, quarter);
        return flip(r.select(odd(quarter), cos(x), sin(x)), quarter);
    }

    private String quarter(String bits) {
        var eighth = Long.toString(r.wide() ? 0x2000_0000_0000_0000L : 0x2000_0000);
        return r.shiftRight(r.integer("add.s", bits, eighth), r.wide() ? 62 : 30);
    }

    /// What is left of the turn after its nearest quarter, in radians.
    private String rest(String bits, String quarter) {
        var left = r.integer("sub.s", bits, r.shiftLeft(quarter, r.wide() ? 62 : 30));
        if (!r.wide()) {
            return r.mul(toReal(left), r.of((float) (Math.PI / 2 * 0x1p-30)));
        }
        var whole = r.integer("add.s", r.shiftRight(left, 10), Long.toString(BoxMuller.THREE_HALVES_52));
        return r.mul(r.sub(r.fromBits(whole), r.of(0x1.8p52)), r.of(Math.PI / 2 * 0x1p-52));
    }

    private String odd(String quarter) {
        var bit = r.integer("and.b", quarter, "1");
        return code.op(Kind.PRED, r.wide() ? "setp.ne.s64" : "setp.ne.s32", bit, "0");
    }

    private String flip(String value, String quarter) {
        var sign = r.shiftLeft(r.integer("and.b", quarter, "2"), r.wide() ? 62 : 30);
        return r.fromBits(r.integer("xor.b", r.toBits(value), sign));
    }

    private String sin(String x) {
        var z = r.mul(x, x);
        return r.fma(r.mul(x, z), r.polynomial(z, r.wide() ? SINE_F64 : SINE_F32), x);
    }

    private String cos(String x) {
        return r.polynomial(r.mul(x, x), r.wide() ? COSINE_F64 : COSINE_F32);
    }

    String times(String a, String b) {
        return r.mul(a, b);
    }

    String select(String condition, String yes, String no) {
        return r.select(condition, yes, no);
    }
}
