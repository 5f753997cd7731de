package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.tensor.DType;

/// Reads elements of any type and stride into dense elements of a type in which is computed: f32, f64 or i64.
/// Offsets and steps are in bytes. Values change as Java's casts change them.
final class Unpack {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private Unpack() { }

    /// `d[i] = s[i * step]`, `n` elements of type `from` to elements of type `to`.
    static void run(DType from, MemorySegment s, long at, long step, DType type, MemorySegment d, long to, long n) {
        if (step == 0 && n > 1) {
            run(from, s, at, from.bytes(), type, d, to, 1);
            int width = type.bytes();
            SourceCpu.fill(d, to, n, width, width == 4 ? d.get(INT, to) : d.get(LONG, to));
            return;
        }
        long done = step == from.bytes() ? Convert.run(from, s.address() + at, type, d.address() + to, n) : 0;
        long rest = at + done * step;
        long there = to + done * type.bytes();
        switch (type) {
            case F32 -> f32(from, s, rest, step, d, there, n - done);
            case F64 -> f64(from, s, rest, step, d, there, n - done);
            case I64 -> i64(from, s, rest, step, d, there, n - done);
            case BF16, F16, I32, BOOL -> throw new IllegalArgumentException("unpack: " + type + " is a storage type");
        }
    }

    private static void f32(DType from, MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        switch (from) {
            case F32 -> {
                if (step == Float.BYTES) {
                    MemorySegment.copy(s, at, d, to, n * step);
                } else {
                    f32ToF32(s, at, step, d, to, n);
                }
            }
            case F64 -> f64ToF32(s, at, step, d, to, n);
            case BF16 -> {
                bf16ToF32(s, at, step, d, to, n);
            }
            case F16 -> f16ToF32(s, at, step, d, to, n);
            case I64 -> i64ToF32(s, at, step, d, to, n);
            case I32 -> i32ToF32(s, at, step, d, to, n);
            case BOOL -> boolToF32(s, at, step, d, to, n);
        }
    }

    private static void f64(DType from, MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        switch (from) {
            case F32 -> f32ToF64(s, at, step, d, to, n);
            case F64 -> {
                if (step == Double.BYTES) {
                    MemorySegment.copy(s, at, d, to, n * step);
                } else {
                    f64ToF64(s, at, step, d, to, n);
                }
            }
            case BF16 -> bf16ToF64(s, at, step, d, to, n);
            case F16 -> f16ToF64(s, at, step, d, to, n);
            case I64 -> i64ToF64(s, at, step, d, to, n);
            case I32 -> i32ToF64(s, at, step, d, to, n);
            case BOOL -> boolToF64(s, at, step, d, to, n);
        }
    }

    private static void i64(DType from, MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        switch (from) {
            case F32 -> f32ToI64(s, at, step, d, to, n);
            case F64 -> f64ToI64(s, at, step, d, to, n);
            case BF16 -> bf16ToI64(s, at, step, d, to, n);
            case F16 -> f16ToI64(s, at, step, d, to, n);
            case I64 -> {
                if (step == Long.BYTES) {
                    MemorySegment.copy(s, at, d, to, n * step);
                } else {
                    i64ToI64(s, at, step, d, to, n);
                }
            }
            case I32 -> i32ToI64(s, at, step, d, to, n);
            case BOOL -> boolToI64(s, at, step, d, to, n);
        }
    }

    private static void f32ToF32(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + 4 * i, s.get(FLOAT, at + i * step));
        }
    }

    private static void f64ToF32(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + 4 * i, (float) s.get(DOUBLE, at + i * step));
        }
    }

    private static void bf16ToF32(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + 4 * i, Float.intBitsToFloat(s.get(SHORT, at + i * step) << 16));
        }
    }

    private static void f16ToF32(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + 4 * i, Float.float16ToFloat(s.get(SHORT, at + i * step)));
        }
    }

    private static void i64ToF32(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + 4 * i, (float) s.get(LONG, at + i * step));
        }
    }

    private static void i32ToF32(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + 4 * i, (float) s.get(INT, at + i * step));
        }
    }

    private static void boolToF32(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(FLOAT, to + 4 * i, s.get(BYTE, at + i * step));
        }
    }

    private static void f32ToF64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + 8 * i, s.get(FLOAT, at + i * step));
        }
    }

    private static void f64ToF64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + 8 * i, s.get(DOUBLE, at + i * step));
        }
    }

    private static void bf16ToF64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + 8 * i, Float.intBitsToFloat(s.get(SHORT, at + i * step) << 16));
        }
    }

    private static void f16ToF64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + 8 * i, Float.float16ToFloat(s.get(SHORT, at + i * step)));
        }
    }

    private static void i64ToF64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + 8 * i, (double) s.get(LONG, at + i * step));
        }
    }

    private static void i32ToF64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + 8 * i, s.get(INT, at + i * step));
        }
    }

    private static void boolToF64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(DOUBLE, to + 8 * i, s.get(BYTE, at + i * step));
        }
    }

    private static void f32ToI64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, (long) s.get(FLOAT, at + i * step));
        }
    }

    private static void f64ToI64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, (long) s.get(DOUBLE, at + i * step));
        }
    }

    private static void bf16ToI64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, (long) Float.intBitsToFloat(s.get(SHORT, at + i * step) << 16));
        }
    }

    private static void f16ToI64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, (long) Float.float16ToFloat(s.get(SHORT, at + i * step)));
        }
    }

    private static void i64ToI64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, s.get(LONG, at + i * step));
        }
    }

    private static void i32ToI64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, s.get(INT, at + i * step));
        }
    }

    private static void boolToI64(MemorySegment s, long at, long step, MemorySegment d, long to, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, to + 8 * i, s.get(BYTE, at + i * step));
        }
    }
}
