package org.sfumato.cuda.interpreter;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Loops.DoubleTernary;
import org.sfumato.cuda.interpreter.Loops.FloatBinary;
import org.sfumato.cuda.interpreter.Loops.FloatTernary;
import org.sfumato.cuda.interpreter.Loops.FloatUnary;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// Arithmetic in f32 and f64, exact to the rounding that the opcode names. Source: NVIDIA, PTX ISA 9.0, section 9.7.3.
final class Floats {
    private Floats() { }

    static Lanes decode(Opcode opcode, Operands x) {
        boolean ftz = opcode.take("ftz");
        boolean sat = opcode.take("sat");
        boolean nan = opcode.take("NaN");
        var how = opcode.takeOne("approx", "full").orElse("");
        var rounding = opcode.rounding();
        var type = opcode.type();
        var name = opcode.name();
        int operands = x.count() - 1;
        if (type == Type.F64) {
            return doubles(name, how, nan, rounding, x);
        } else if (operands == 1) {
            return Loops.floats(x.word32(0), x.word(1), kept(unary(name, how, rounding), ftz, sat));
        } else if (operands == 2) {
            int d = x.word32(0);
            int a = x.word(1);
            int b = x.word(2);
            return rounding == Rounding.NEAREST && !ftz && !sat && (name.equals("add") || name.equals("mul"))
                    ? name.equals("add")
                    ? add(d, a, b) : multiply(d, a, b)
                    : Loops.floats(d, a, b, kept(binary(name, how, nan, rounding), ftz, sat));
        }
        return rounding == Rounding.NEAREST && !ftz && !sat ? fma(x.word32(0), x.word(1), x.word(2), x.word(3))
                : Loops.floats(x.word32(0), x.word(1), x.word(2), x.word(3), kept(fma(rounding), ftz, sat));
    }

    // what surrounds a function

    static float flush(float x) {
        return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0f, x) : x;
    }

    private static float last(float x, boolean ftz, boolean sat) {
        float y = ftz ? flush(x) : x;
        return !sat ? y : y > 0 ? Math.min(y, 1) : 0;               // NaN saturates to 0
    }

    private static FloatUnary kept(FloatUnary f, boolean ftz, boolean sat) {
        return !ftz && !sat ? f : a -> last(f.apply(ftz ? flush(a) : a), ftz, sat);
    }

    private static FloatBinary kept(FloatBinary f, boolean ftz, boolean sat) {
        return !ftz && !sat ? f : (a, b) -> last(ftz ? f.apply(flush(a), flush(b)) : f.apply(a, b), ftz, sat);
    }

    private static FloatTernary kept(FloatTernary f, boolean ftz, boolean sat) {
        return (a, b, c) -> last(ftz ? f.apply(flush(a), flush(b), flush(c)) : f.apply(a, b, c), ftz, sat);
    }

    // f32

    private static FloatUnary unary(String name, String how, Rounding rounding) {
        return switch (name) {
            case "neg" -> a -> -a;
            case "abs" -> Math::abs;
            case "rcp" -> a -> divide(1, a, rounding);
            case "sqrt" -> a -> squareRoot(a, rounding);
            case "rsqrt", "ex2", "lg2", "sin", "cos", "tanh" -> {
                if (!how.equals("approx")) {
                    throw new Unknown(name + " is approximate");
                }
                yield Approximations.of(name);
            }
            default -> throw new Unknown("instruction " + name + " is not known in .f32");
        };
    }

    private static FloatBinary binary(String name, String how, boolean nan, Rounding rounding) {
        return switch (name) {
            case "add" -> (a, b) -> sum(a, b, rounding);
            case "sub" -> (a, b) -> sum(a, -b, rounding);
            case "mul" -> (a, b) -> rounding.toF32((double) a * b, 0);
            case "div" -> how.equals("approx") ? Approximations::divide : (a, b) -> divide(a, b, rounding);
            case "min" -> (a, b) -> least(a, b, nan);
            case "max" -> (a, b) -> -least(-a, -b, nan);
            case "copysign" -> (a, b) -> Math.copySign(b, a);
            default -> throw new Unknown("instruction " + name + " is not known in .f32");
        };
    }

    private static FloatTernary fma(Rounding rounding) {
        return (a, b, c) -> {
            if (rounding == Rounding.NEAREST) {
                return Math.fma(a, b, c);
            }
            double product = (double) a * b;
            double sum = product + c;
            return rounding.toF32(sum, Rounding.lost(product, c, sum));
        };
    }

    private static float sum(float a, float b, Rounding rounding) {
        if (rounding == Rounding.NEAREST) {
            return a + b;
        }
        double sum = (double) a + b;
        boolean same = Float.floatToRawIntBits(a) == Float.floatToRawIntBits(b);
        if (sum == 0 && rounding == Rounding.DOWN && !same) {
            return -0f;                                             // IEEE 754, 6.3: the sign of x - x
        }
        return rounding.toF32(sum, Rounding.lost(a, b, sum));
    }

    private static float divide(float a, float b, Rounding rounding) {
        if (rounding == Rounding.NEAREST) {
            return a / b;
        }
        double q = (double) a / b;
        double rest = Double.isFinite(q) && b != 0 ? Math.fma(-q, b, a) / b : 0;
        return rounding.toF32(q, Double.isNaN(rest) ? 0 : rest);
    }

    private static float squareRoot(float a, Rounding rounding) {
        double root = Math.sqrt(a);
        double rest = root > 0 && Double.isFinite(root) ? Math.fma(-root, root, a) : 0;
        return rounding.toF32(root, rest);
    }

    /// The smaller; the other where one is NaN, unless `nan`: then NaN wins.
    static float least(float a, float b, boolean nan) {
        if (Float.isNaN(a) || Float.isNaN(b)) {
            return nan || Float.isNaN(a) && Float.isNaN(b) ? Float.NaN : Float.isNaN(a) ? b : a;
        }
        return Math.min(a, b);
    }

    private static double least(double a, double b, boolean nan) {
        if (Double.isNaN(a) || Double.isNaN(b)) {
            return nan || Double.isNaN(a) && Double.isNaN(b) ? Double.NaN : Double.isNaN(a) ? b : a;
        }
        return Math.min(a, b);
    }

    // f64

    private static Lanes doubles(String name, String how, boolean nan, Rounding rounding, Operands x) {
        int d = x.result(0, Type.F64);
        if (x.count() == 2) {
            var f = doubleUnary(name, how, rounding);
            return Loops.longs(d, x.wide(1), a -> bits(f.applyAsDouble(real(a))));
        } else if (x.count() == 3) {
            var f = doubleBinary(name, nan, rounding);
            return Loops.longs(d, x.wide(1), x.wide(2), (a, b) -> bits(f.applyAsDouble(real(a), real(b))));
        }
        DoubleTernary f = Math::fma;
        if (rounding != Rounding.NEAREST) {
            throw new Unknown("fma.f64 is known with .rn only");
        }
        return Loops.longs(d, x.wide(1), x.wide(2), x.wide(3), (a, b, c) -> bits(f.apply(real(a), real(b), real(c))));
    }

    private static double real(long bits) {
        return Double.longBitsToDouble(bits);
    }

    private static long bits(double value) {
        return Double.doubleToRawLongBits(value);
    }

    private static DoubleUnaryOperator doubleUnary(String name, String how, Rounding rounding) {
        return switch (name) {
            case "neg" -> a -> -a;
            case "abs" -> Math::abs;
            case "rcp" -> how.equals("approx") ? a -> Approximations.high(1 / a) : a -> divide(1, a, rounding);
            case "rsqrt" -> a -> Approximations.high(1 / Math.sqrt(a));
            case "sqrt" -> a -> {
                double root = Math.sqrt(a);
                return directed(root, root > 0 && Double.isFinite(root) ? Math.fma(-root, root, a) : 0, rounding);
            };
            default -> throw new Unknown("instruction " + name + " is not known in .f64");
        };
    }

    private static DoubleBinaryOperator doubleBinary(String name, boolean nan, Rounding rounding) {
        return switch (name) {
            case "add" -> (a, b) -> directed(a + b, Rounding.lost(a, b, a + b), rounding);
            case "sub" -> (a, b) -> directed(a - b, Rounding.lost(a, -b, a - b), rounding);
            case "mul" -> (a, b) -> directed(a * b, rounding == Rounding.NEAREST ? 0 : Math.fma(a, b, -(a * b)),
                    rounding);
            case "div" -> (a, b) -> divide(a, b, rounding);
            case "min" -> (a, b) -> least(a, b, nan);
            case "max" -> (a, b) -> -least(-a, -b, nan);
            case "copysign" -> (a, b) -> Math.copySign(b, a);
            default -> throw new Unknown("instruction " + name + " is not known in .f64");
        };
    }

    private static double divide(double a, double b, Rounding rounding) {
        double q = a / b;
        return directed(q, rounding == Rounding.NEAREST || b == 0 ? 0 : Math.fma(-q, b, a) / b, rounding);
    }

    /// `value`, which is nearest to a result that differs from it by `error`, rounded as asked.
    static double directed(double value, double error, Rounding rounding) {
        if (rounding == Rounding.NEAREST || !Double.isFinite(value) || error == 0 || Double.isNaN(error)) {
            return value;
        }
        return switch (rounding) {
            case UP -> error > 0 ? Math.nextUp(value) : value;
            case DOWN -> error < 0 ? Math.nextDown(value) : value;
            case ZERO -> value > 0 == error < 0 ? value > 0 ? Math.nextDown(value) : Math.nextUp(value) : value;
            case NEAREST, AWAY -> throw new Unknown("this rounding is none of arithmetic");
        };
    }

    // loops that kernels run most

    private static Lanes add(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = Float.floatToRawIntBits(Float.intBitsToFloat(r[a + k]) + Float.intBitsToFloat(r[b + k]));
            }
        };
    }

    private static Lanes multiply(int d, int a, int b) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = Float.floatToRawIntBits(Float.intBitsToFloat(r[a + k]) * Float.intBitsToFloat(r[b + k]));
            }
        };
    }

    private static Lanes fma(int d, int a, int b, int c) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = Float.floatToRawIntBits(Math.fma(Float.intBitsToFloat(r[a + k]),
                        Float.intBitsToFloat(r[b + k]), Float.intBitsToFloat(r[c + k])));
            }
        };
    }
}
