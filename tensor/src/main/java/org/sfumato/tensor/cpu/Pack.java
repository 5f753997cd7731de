package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.DType;

/// Writes dense elements of a type in which is computed (f32, f64 or i64) as elements of any type and stride.
/// Offsets and steps are in bytes. To a half type the exact value is rounded once, to nearest, ties to even; from
/// floating to integer toward zero, as Java's casts do; to bool, what is not 0 is true, NaN included.
final class Pack {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private Pack() { }

    /// `d[i * step] = s[i]`, `n` elements of type `from` to elements of type `to`.
    static void run(DType from, MemorySegment s, long at, DType type, MemorySegment d, long to, long step, long n) {
        long done = step == type.bytes() ? Convert.run(from, s.address() + at, type, d.address() + to, n) : 0;
        long rest = at + done * from.bytes();
        long there = to + done * step;
        switch (from) {
            case F32 -> f32(s, rest, type, d, there, step, n - done);
            case F64 -> f64(s, rest, type, d, there, step, n - done);
            case I64 -> i64(s, rest, type, d, there, step, n - done);
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException("pack: " + from + " is a storage type");
        }
    }

    private static void f32(MemorySegment s, long at, DType type, MemorySegment d, long to, long step, long n) {
        switch (type) {
            case F32 -> {
                if (step == Float.BYTES) {
                    MemorySegment.copy(s, at, d, to, n * step);
                } else {
                    f32ToF32(s, at, d, to, step, n);
                }
            }
            case F64 -> f32ToF64(s, at, d, to, step, n);
            case BF16 -> {
                f32ToBf16(s, at, d, to, step, n);
            }
            case F16 -> f32ToF16(s, at, d, to, step, n);
            case I64 -> f32ToI64(s, at, d, to, step, n);
            case I32 -> f32ToI32(s, at, d, to, step, n);
            case BOOL -> f32ToBool(s, at, d, to, step, n);
        }
    }

    private static void f64(MemorySegment s, long at, DType type, MemorySegment d, long to, long step, long n) {
        switch (type) {
            case F32 -> f64ToF32(s, at, d, to, step, n);
            case F64 -> {
                if (step == Double.BYTES) {
                    MemorySegment.copy(s, at, d, to, n * step);
                } else {
                    f64ToF64(s, at, d, to, step, n);
                }
            }
            case BF16 -> f64ToBf16(s, at, d, to, step, n);
            case F16 -> f64ToF16(s, at, d, to, step, n);
            case I64 -> f64ToI64(s, at, d, to, step, n);
            case I32 -> f64ToI32(s, at, d, to, step, n);
            case BOOL -> f64ToBool(s, at, d, to, step, n);
        }
    }

    private static void i64(MemorySegment s, long at, DType type, MemorySegment d, long to, long step, long n) {
        switch (type) {
            case F32 -> i64ToF32(s, at, d, to, step, n);
            case F64 -> i64ToF64(s, at, d, to, step, n);
            case BF16 -> i64ToBf16(s, at, d, to, step, n);
            case F16 -> i64ToF16(s, at, d, to, step, n);
            case I64 -> {
                if (step == Long.BYTES) {
                    MemorySegment.copy(s, at, d, to, n * step);
                } else {
                    i64ToI64(s, at, d, to, step, n);
                }
            }
            case I32 -> i64ToI32(s, at, d, to, step, n);
            case BOOL -> i64ToBool(s, at, d, to, step, n);
        }
    }

    private static void f32ToF32(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + i * step, s.get(FLOAT, at + 4 * i));
        }
    }

    private static void f32ToF64(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + i * step, s.get(FLOAT, at + 4 * i));
        }
    }

    private static void f32ToBf16(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(SHORT, to + i * step, Half.bf16(s.get(FLOAT, at + 4 * i)));
        }
    }

    private static void f32ToF16(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(SHORT, to + i * step, Float.floatToFloat16(s.get(FLOAT, at + 4 * i)));
        }
    }

    private static void f32ToI64(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + i * step, (long) s.get(FLOAT, at + 4 * i));
        }
    }

    private static void f32ToI32(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(INT, to + i * step, (int) s.get(FLOAT, at + 4 * i));
        }
    }

    private static void f32ToBool(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(BYTE, to + i * step, (byte) (s.get(FLOAT, at + 4 * i) != 0 ? 1 : 0));
        }
    }

    private static void f64ToF32(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + i * step, (float) s.get(DOUBLE, at + 8 * i));
        }
    }

    private static void f64ToF64(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + i * step, s.get(DOUBLE, at + 8 * i));
        }
    }

    private static void f64ToBf16(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(SHORT, to + i * step, Half.bf16(s.get(DOUBLE, at + 8 * i)));
        }
    }

    private static void f64ToF16(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(SHORT, to + i * step, Half.f16(s.get(DOUBLE, at + 8 * i)));
        }
    }

    private static void f64ToI64(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + i * step, (long) s.get(DOUBLE, at + 8 * i));
        }
    }

    private static void f64ToI32(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(INT, to + i * step, (int) s.get(DOUBLE, at + 8 * i));
        }
    }

    private static void f64ToBool(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(BYTE, to + i * step, (byte) (s.get(DOUBLE, at + 8 * i) != 0 ? 1 : 0));
        }
    }

    private static void i64ToF32(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + i * step, (float) s.get(LONG, at + 8 * i));
        }
    }

    private static void i64ToF64(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + i * step, (double) s.get(LONG, at + 8 * i));
        }
    }

    private static void i64ToBf16(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(SHORT, to + i * step, Half.bf16(s.get(LONG, at + 8 * i)));
        }
    }

    private static void i64ToF16(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(SHORT, to + i * step, Half.f16(s.get(LONG, at + 8 * i)));
        }
    }

    private static void i64ToI64(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + i * step, s.get(LONG, at + 8 * i));
        }
    }

    private static void i64ToI32(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(INT, to + i * step, (int) s.get(LONG, at + 8 * i));
        }
    }

    private static void i64ToBool(MemorySegment s, long at, MemorySegment d, long to, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(BYTE, to + i * step, (byte) (s.get(LONG, at + 8 * i) != 0 ? 1 : 0));
        }
    }
}
