package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// Constants, ramps and random numbers.
final class SourceCpu {
    private static final VectorSpecies<Long> WORDS = LongVector.SPECIES_PREFERRED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long GRAIN = 32 * 1024;    // elements that a thread makes in one go
    private static final long PIECE = 1024;

    private SourceCpu() { }

    /// Makes the dense `out`.
    static void run(HostPool pool, Source op, Operand out) {
        switch (op) {
            case Source.Fill(var _, double value) -> fill(out, value);
            case Source.Arange(var _, double start, double step) -> arange(pool, start, step, out);
            case Source.Random(var distribution, var _, var rng) -> random(pool, distribution, rng, out);
        }
    }

    /// Every element of the dense `out` is `value`.
    static void fill(Operand out, double value) {
        int width = out.dtype().bytes();
        long bits = bits(out.dtype(), value);
        var memory = out.segment();
        Parallel.grains(out.shape().count(), 8 * GRAIN, (e0, e1) ->
                fill(memory, out.byteOffset() + e0 * width, e1 - e0, width, bits));
    }

    private static long bits(DType type, double value) {
        return switch (type) {
            case F32 -> Float.floatToRawIntBits((float) value);
            case F64 -> Double.doubleToRawLongBits(value);
            case BF16 -> Half.bf16(value);
            case F16 -> Half.f16(value);
            case I64 -> (long) value;
            case I32 -> (int) value;
            case BOOL -> value != 0 ? 1 : 0;
        };
    }

    /// `n` elements of 8 bytes.
    static void fill8(MemorySegment memory, long at, long n, long bits) {
        fill(memory, at, n, 8, bits);
    }

    /// `n` elements of `width` bytes whose bits are the lowest of `bits`.
    static void fill(MemorySegment memory, long at, long n, int width, long bits) {
        long word = switch (width) {
            case 1 -> (bits & 0xFF) * 0x0101_0101_0101_0101L;
            case 2 -> (bits & 0xFFFF) * 0x0001_0001_0001_0001L;
            case 4 -> (bits & 0xFFFF_FFFFL) * 0x0000_0001_0000_0001L;
            default -> bits;
        };
        words(memory, at, n * width, word);
    }

    private static void words(MemorySegment memory, long at, long bytes, long word) {
        var v = LongVector.broadcast(WORDS, word);
        long i = 0;
        for (; i <= bytes - 4L * Simd.BYTES; i += 4L * Simd.BYTES) {
            v.intoMemorySegment(memory, at + i, Simd.ORDER);
            v.intoMemorySegment(memory, at + i + Simd.BYTES, Simd.ORDER);
            v.intoMemorySegment(memory, at + i + 2L * Simd.BYTES, Simd.ORDER);
            v.intoMemorySegment(memory, at + i + 3L * Simd.BYTES, Simd.ORDER);
        }
        for (; i <= bytes - Simd.BYTES; i += Simd.BYTES) {
            v.intoMemorySegment(memory, at + i, Simd.ORDER);
        }
        for (; i <= bytes - 8; i += 8) {
            memory.set(LONG, at + i, word);
        }
        for (long rest = word; i < bytes; i++, rest >>>= 8) {
            memory.set(ValueLayout.JAVA_BYTE, at + i, (byte) rest);
        }
    }

    private static void arange(HostPool pool, double start, double step, Operand out) {
        var type = out.dtype();
        boolean whole = !type.isFloating() && start == Math.rint(start) && step == Math.rint(step);
        var memory = out.segment();
        Parallel.grains(out.shape().count(), GRAIN, (e0, e1) -> {
            var buffer = pool.allocate(8 * PIECE);
            try {
                var scratch = buffer.host();
                for (long e = e0; e < e1; e += PIECE) {
                    long n = Math.min(PIECE, e1 - e);
                    long to = out.byteOffset() + e * type.bytes();
                    if (whole) {
                        ramp(scratch, e, (long) start, (long) step, n);
                        Pack.run(DType.I64, scratch, 0, type, memory, to, type.bytes(), n);
                    } else {
                        ramp(scratch, e, start, step, n);
                        Pack.run(DType.F64, scratch, 0, type, memory, to, type.bytes(), n);
                    }
                }
            } finally {
                pool.free(buffer);
            }
        });
    }

    private static void ramp(MemorySegment d, long e, long start, long step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(LONG, 8 * i, start + (e + i) * step);
        }
    }

    private static void ramp(MemorySegment d, long e, double start, double step, long n) {
        for (long i = 0; i < n; i++) {
            d.set(Simd.DOUBLE, 8 * i, start + (e + i) * step);
        }
    }

    /// A distribution has a type of its own; for any other type its numbers are cast.
    private static void random(HostPool pool, Source.Distribution distribution, Rng rng, Operand out) {
        var own = switch (distribution) {
            case Source.Distribution.Uniform _, Source.Distribution.Normal _ ->
                out.dtype() == DType.F64 ? DType.F64 : DType.F32;
            case Source.Distribution.Bernoulli _ -> DType.BOOL;
            case Source.Distribution.Integers _ -> DType.I64;
        };
        if (own == out.dtype()) {
            draw(distribution, rng, out);
            return;
        }
        var spec = new Spec(out.shape(), own);
        var buffer = pool.allocate(spec.bytes());
        try {
            var drawn = new Operand(buffer, own, Layout.dense(out.shape()));
            draw(distribution, rng, drawn);
            CastCpu.run(pool, drawn, out);
        } finally {
            pool.free(buffer);
        }
    }

    private static void draw(Source.Distribution distribution, Rng rng, Operand out) {
        var memory = out.segment();
        long at = out.byteOffset();
        long seed = rng.seed();
        long stream = rng.stream();
        boolean wide = out.dtype() == DType.F64;
        Parallel.grains(out.shape().count(), GRAIN, (e0, e1) -> {
            switch (distribution) {
                case Source.Distribution.Uniform _ when wide -> RandomCpu.uniformF64(seed, stream, memory, at, e0, e1);
                case Source.Distribution.Uniform _ -> RandomCpu.uniformF32(seed, stream, memory, at, e0, e1);
                case Source.Distribution.Normal _ when wide -> RandomCpu.normalF64(seed, stream, memory, at, e0, e1);
                case Source.Distribution.Normal _ -> RandomCpu.normalF32(seed, stream, memory, at, e0, e1);
                case Source.Distribution.Bernoulli(double p) ->
                    RandomCpu.bernoulli(seed, stream, p, memory, at, e0, e1);
                case Source.Distribution.Integers(long bound) ->
                    RandomCpu.belowI64(seed, stream, bound, memory, at, e0, e1);
            }
        });
    }
}
