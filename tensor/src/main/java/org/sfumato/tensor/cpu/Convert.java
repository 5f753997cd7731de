package org.sfumato.tensor.cpu;

import static jdk.incubator.vector.VectorOperators.*;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.expr.RawMemory;

/// Contiguous elements of one type as those of another, a vector at a time. Values change as [Unpack] and [Pack] say,
/// which do the rest of a row, strides, and the pairs of types that are rare.
///
/// As many elements as a vector of floats holds are converted together; vectors of longs and doubles come in pairs, and
/// those of bytes and shorts are shorter. Machines with vectors of 16 bytes have none short enough.
final class Convert {
    private static final int BITS = Simd.BYTES * 8;
    /// Whether there are vectors of as many bytes as a vector has floats.
    static final boolean WIDE = BITS >= 256;

    /// Whether floats become longs, and longs floats, in one instruction: it came with vectors of 64 bytes. Elsewhere
    /// the Vector API makes an object of each vector, and the loops without vectors are faster.
    private static final boolean LONGS_OF_FLOATS = BITS >= 512;

    /// Fewer elements are left to loops without vectors. What a training step converts is little: until C2 has compiled
    /// the Vector API, after thousands of steps, it is slower than these by far and leaves garbage.
    private static final long SHORTEST = 1024;

    /// As many bytes as a vector has floats, where [#WIDE].
    static final VectorSpecies<Byte> I8 =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(WIDE ? BITS / 4 : 64));
    /// As many shorts as a vector has floats, where [#WIDE].
    static final VectorSpecies<Short> I16 =
            VectorSpecies.of(short.class, VectorShape.forBitSize(WIDE ? BITS / 2 : 64));
    /// The ints in a vector.
    static final VectorSpecies<Integer> I32 = VectorSpecies.of(int.class, Simd.F32.vectorShape());
    private static final VectorSpecies<Long> I64 = VectorSpecies.of(long.class, Simd.F32.vectorShape());
    private static final int LANES = Simd.F32_LANES;
    private static final int HALF = LANES / 2;
    private static final VectorMask<Float> UPPER = Simd.F32.indexInRange(0, HALF).not();

    private Convert() { }

    /// Converts `n` elements, a multiple of the vector's length, at the address `s` to the address `d`.
    private interface Loop {
        void run(long s, long d, long n);
    }

    /// The loops by the types that they convert from and to; `null` where there is none. They are called from one
    /// place, so that C2 compiles each by itself: see [Phases].
    private static final Loop[][] LOOPS = new Loop[DType.values().length][DType.values().length];

    static {
        put(DType.F32, DType.F64, Convert::f32ToF64);
        put(DType.F32, DType.F16, Convert::f32ToF16);
        put(DType.F32, DType.BF16, Convert::f32ToBf16);
        put(DType.F32, DType.I32, Convert::f32ToI32);
        put(DType.F32, DType.BOOL, Convert::f32ToBool);
        put(DType.I64, DType.I32, Convert::i64ToI32);
        put(DType.I64, DType.BOOL, Convert::i64ToBool);
        put(DType.F64, DType.F32, Convert::f64ToF32);
        put(DType.F16, DType.F32, Convert::f16ToF32);
        put(DType.BF16, DType.F32, Convert::bf16ToF32);
        put(DType.I32, DType.F32, Convert::i32ToF32);
        put(DType.I32, DType.I64, Convert::i32ToI64);
        put(DType.BOOL, DType.F32, Convert::boolToF32);
        put(DType.BOOL, DType.I64, Convert::boolToI64);
        if (LONGS_OF_FLOATS) {
            put(DType.F32, DType.I64, Convert::f32ToI64);
            put(DType.I64, DType.F32, Convert::i64ToF32);
        }
    }

    private static void put(DType from, DType to, Loop loop) {
        LOOPS[from.ordinal()][to.ordinal()] = loop;
    }

    /// Converts the first of `n` elements at the address `s` to the address `d`.
    ///
    /// @return how many: a multiple of the vector's length, or 0 if these types have no loop or there are few elements
    static long run(DType from, long s, DType to, long d, long n) {
        var loop = LOOPS[from.ordinal()][to.ordinal()];
        if (loop == null || !WIDE || n < SHORTEST) {
            return 0;
        }
        long whole = n - n % LANES;
        loop.run(s, d, whole);
        return whole;
    }

    private static IntVector ints(long address) {
        return IntVector.fromMemorySegment(I32, RawMemory.ALL, address, Simd.ORDER);
    }

    private static LongVector longs(long address) {
        return LongVector.fromMemorySegment(I64, RawMemory.ALL, address, Simd.ORDER);
    }

    /// As many shorts as a vector has floats. Only where [#WIDE].
    static ShortVector shorts(long address) {
        return ShortVector.fromMemorySegment(I16, RawMemory.ALL, address, Simd.ORDER);
    }

    /// As many bytes as a vector has floats. Only where [#WIDE].
    static ByteVector bytes(long address) {
        return ByteVector.fromMemorySegment(I8, RawMemory.ALL, address, Simd.ORDER);
    }

    private static void f32ToF64(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var x = Simd.loadF32(s + 4 * i);
            Simd.store(d + 8 * i, (DoubleVector) x.convertShape(F2D, Simd.F64, 0));
            Simd.store(d + 8 * i + Simd.BYTES, (DoubleVector) x.convertShape(F2D, Simd.F64, 1));
        }
    }

    private static void f64ToF32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var low = (FloatVector) Simd.loadF64(s + 8 * i).convertShape(D2F, Simd.F32, 0);
            var high = (FloatVector) Simd.loadF64(s + 8 * i + Simd.BYTES).convertShape(D2F, Simd.F32, -1);
            Simd.store(d + 4 * i, low.blend(high, UPPER));
        }
    }

    private static void f32ToI64(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var x = Simd.loadF32(s + 4 * i);
            x.convertShape(F2L, I64, 0).intoMemorySegment(RawMemory.ALL, d + 8 * i, Simd.ORDER);
            x.convertShape(F2L, I64, 1).intoMemorySegment(RawMemory.ALL, d + 8 * i + Simd.BYTES, Simd.ORDER);
        }
    }

    private static void i64ToF32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var low = (FloatVector) longs(s + 8 * i).convertShape(L2F, Simd.F32, 0);
            var high = (FloatVector) longs(s + 8 * i + Simd.BYTES).convertShape(L2F, Simd.F32, -1);
            Simd.store(d + 4 * i, low.blend(high, UPPER));
        }
    }

    private static void f32ToI32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            Simd.loadF32(s + 4 * i).convertShape(F2I, I32, 0)
                    .intoMemorySegment(RawMemory.ALL, d + 4 * i, Simd.ORDER);
        }
    }

    private static void i32ToF32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            Simd.store(d + 4 * i, (FloatVector) ints(s + 4 * i).convertShape(I2F, Simd.F32, 0));
        }
    }

    private static void i32ToI64(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var x = ints(s + 4 * i);
            x.convertShape(I2L, I64, 0).intoMemorySegment(RawMemory.ALL, d + 8 * i, Simd.ORDER);
            x.convertShape(I2L, I64, 1).intoMemorySegment(RawMemory.ALL, d + 8 * i + Simd.BYTES, Simd.ORDER);
        }
    }

    private static void i64ToI32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var low = (IntVector) longs(s + 8 * i).convertShape(L2I, I32, 0);
            var high = (IntVector) longs(s + 8 * i + Simd.BYTES).convertShape(L2I, I32, -1);
            low.or(high).intoMemorySegment(RawMemory.ALL, d + 4 * i, Simd.ORDER);
        }
    }

    private static void f32ToBool(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var truth = Simd.loadF32(s + 4 * i).compare(NE, 0f).cast(I8);
            ByteVector.zero(I8).blend((byte) 1, truth).intoMemorySegment(RawMemory.ALL, d + i, Simd.ORDER);
        }
    }

    private static void i64ToBool(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            long bits = longs(s + 8 * i).compare(NE, 0).toLong()
                    | longs(s + 8 * i + Simd.BYTES).compare(NE, 0).toLong() << HALF;
            ByteVector.zero(I8).blend((byte) 1, VectorMask.fromLong(I8, bits))
                    .intoMemorySegment(RawMemory.ALL, d + i, Simd.ORDER);
        }
    }

    private static void boolToF32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var x = (IntVector) bytes(s + i).convertShape(B2I, I32, 0);     // B2F in one step is no machine instruction
            Simd.store(d + 4 * i, (FloatVector) x.convertShape(I2F, Simd.F32, 0));
        }
    }

    private static void boolToI64(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var x = bytes(s + i);
            x.convertShape(B2L, I64, 0).intoMemorySegment(RawMemory.ALL, d + 8 * i, Simd.ORDER);
            x.convertShape(B2L, I64, 1).intoMemorySegment(RawMemory.ALL, d + 8 * i + Simd.BYTES, Simd.ORDER);
        }
    }

    private static void bf16ToF32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var bits = (IntVector) shorts(s + 2 * i).convertShape(ZERO_EXTEND_S2I, I32, 0);
            bits.lanewise(LSHL, 16).intoMemorySegment(RawMemory.ALL, d + 4 * i, Simd.ORDER);
        }
    }

    /// Rounded as [Half#bf16] rounds.
    private static void f32ToBf16(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var bits = ints(s + 4 * i);
            var odd = bits.lanewise(LSHR, 16).and(1);
            var rounded = bits.add(odd).add(0x7FFF).lanewise(ASHR, 16);
            var isNan = bits.and(Integer.MAX_VALUE).compare(UGT, 0x7F80_0000);
            rounded.blend(bits.lanewise(ASHR, 16).or(0x40), isNan).convertShape(I2S, I16, 0)
                    .intoMemorySegment(RawMemory.ALL, d + 2 * i, Simd.ORDER);
        }
    }

    /// The fraction and the exponent, moved to their places and read as a float, are `2^-112` times the value,
    /// subnormal or not; only infinities and NaN need another exponent.
    private static void f16ToF32(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var bits = (IntVector) shorts(s + 2 * i).convertShape(ZERO_EXTEND_S2I, I32, 0);
            var size = bits.and(0x7FFF);
            var small = (FloatVector) size.lanewise(LSHL, 13).reinterpretShape(Simd.F32, 0);
            var y = (IntVector) small.mul(0x1p112f).reinterpretShape(I32, 0);
            y = y.blend(y.or(0x7F80_0000), size.compare(GE, 0x7C00)).blend(y.or(0x7FC0_0000), size.compare(GT, 0x7C00));
            y.or(bits.and(0x8000).lanewise(LSHL, 16)).intoMemorySegment(RawMemory.ALL, d + 4 * i, Simd.ORDER);
        }
    }

    /// To nearest, ties to even: by hand where the result is normal; where it is subnormal, by the addition of 1/2,
    /// whose last place is the smallest f16.
    private static void f32ToF16(long s, long d, long n) {
        for (long i = 0; i < n; i += LANES) {
            var bits = ints(s + 4 * i);
            var size = bits.and(Integer.MAX_VALUE);
            var odd = size.lanewise(LSHR, 13).and(1);
            var normal = size.add(odd).add(0xFFF - (112 << 23)).lanewise(LSHR, 13);
            var shifted = ((FloatVector) size.reinterpretShape(Simd.F32, 0)).add(0.5f);
            var subnormal = ((IntVector) shifted.reinterpretShape(I32, 0)).sub(0x3F00_0000);
            var y = normal.blend(subnormal, size.compare(LT, 0x3880_0000))
                    .blend(0x7C00, size.compare(GE, 0x477F_F000))
                    .blend(size.lanewise(LSHR, 13).and(0x3FF).or(0x7E00), size.compare(GT, 0x7F80_0000));
            y.or(bits.lanewise(LSHR, 16).and(0x8000)).convertShape(I2S, I16, 0)
                    .intoMemorySegment(RawMemory.ALL, d + 2 * i, Simd.ORDER);
        }
    }
}
