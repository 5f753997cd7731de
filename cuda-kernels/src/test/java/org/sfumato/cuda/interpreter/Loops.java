package org.sfumato.cuda.interpreter;

import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Registers.Place;

/// Loops over lanes for instructions that are not worth one of their own: they call a function for each lane.
final class Loops {
    interface IntTernary {
        int apply(int a, int b, int c);
    }

    interface LongTernary {
        long apply(long a, long b, long c);
    }

    interface FloatUnary {
        float apply(float a);
    }

    interface FloatBinary {
        float apply(float a, float b);
    }

    interface FloatTernary {
        float apply(float a, float b, float c);
    }

    interface DoubleTernary {
        double apply(double a, double b, double c);
    }

    private Loops() { }

    static Lanes words(int d, int a, IntUnaryOperator f) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = f.applyAsInt(r[a + k]);
            }
        };
    }

    static Lanes words(int d, int a, int b, IntBinaryOperator f) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = f.applyAsInt(r[a + k], r[b + k]);
            }
        };
    }

    static Lanes words(int d, int a, int b, int c, IntTernary f) {
        return (warp, from, to) -> {
            var r = warp.words;
            for (int k = from; k < to; k++) {
                r[d + k] = f.apply(r[a + k], r[b + k], r[c + k]);
            }
        };
    }

    static Lanes longs(int d, int a, LongUnaryOperator f) {
        return (warp, from, to) -> {
            var r = warp.longs;
            for (int k = from; k < to; k++) {
                r[d + k] = f.applyAsLong(r[a + k]);
            }
        };
    }

    static Lanes longs(int d, int a, int b, LongBinaryOperator f) {
        return (warp, from, to) -> {
            var r = warp.longs;
            for (int k = from; k < to; k++) {
                r[d + k] = f.applyAsLong(r[a + k], r[b + k]);
            }
        };
    }

    static Lanes longs(int d, int a, int b, int c, LongTernary f) {
        return (warp, from, to) -> {
            var r = warp.longs;
            for (int k = from; k < to; k++) {
                r[d + k] = f.apply(r[a + k], r[b + k], r[c + k]);
            }
        };
    }

    static Lanes floats(int d, int a, FloatUnary f) {
        return words(d, a, x -> Float.floatToRawIntBits(f.apply(Float.intBitsToFloat(x))));
    }

    static Lanes floats(int d, int a, int b, FloatBinary f) {
        return words(d, a, b, (x, y) -> Float.floatToRawIntBits(
                f.apply(Float.intBitsToFloat(x), Float.intBitsToFloat(y))));
    }

    static Lanes floats(int d, int a, int b, int c, FloatTernary f) {
        return words(d, a, b, c, (x, y, z) -> Float.floatToRawIntBits(
                f.apply(Float.intBitsToFloat(x), Float.intBitsToFloat(y), Float.intBitsToFloat(z))));
    }

    /// Any widths: sources as they lie, words without sign; the result is cut to its width.
    static Lanes any(Place d, Place a, LongUnaryOperator f) {
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                put(warp, d, k, f.applyAsLong(get(warp, a, k)));
            }
        };
    }

    static Lanes any(Place d, Place a, Place b, LongBinaryOperator f) {
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                put(warp, d, k, f.applyAsLong(get(warp, a, k), get(warp, b, k)));
            }
        };
    }

    static Lanes any(Place d, Place a, Place b, Place c, LongTernary f) {
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                put(warp, d, k, f.apply(get(warp, a, k), get(warp, b, k), get(warp, c, k)));
            }
        };
    }

    static long get(Warp warp, Place place, int lane) {
        return place.bits() == 64 ? warp.longs[place.index() + lane]
                : warp.words[place.index() + lane] & 0xFFFFFFFFL;
    }

    static void put(Warp warp, Place place, int lane, long value) {
        switch (place.bits()) {
            case 64 -> warp.longs[place.index() + lane] = value;
            case 32 -> warp.words[place.index() + lane] = (int) value;
            case 16 -> warp.words[place.index() + lane] = (int) value & 0xFFFF;
            default -> throw new AssertionError(place);
        }
    }

    /// A bit for each lane from `from` to `to`.
    static int mask(int from, int to) {
        return to - from == Registers.LANES ? -1 : (1 << to - from) - 1 << from;
    }

    /// Sets the bits of lanes `from` to `to` of a predicate.
    static void setBits(Warp warp, int predicate, int from, int to, int bits) {
        int mask = mask(from, to);
        warp.predicates[predicate] = warp.predicates[predicate] & ~mask | bits & mask;
    }

    /// `value` read as `type` and widened with its sign, if it has one.
    static long extend(long value, Type type) {
        int shift = 64 - type.bits;
        return type.signed() ? value << shift >> shift : value << shift >>> shift;
    }
}
