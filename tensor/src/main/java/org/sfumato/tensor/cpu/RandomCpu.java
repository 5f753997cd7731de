package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.spi.BoxMuller;
import org.sfumato.tensor.spi.Philox;

/// Fills memory with random numbers: elements `[from, to)` of a tensor whose element 0 is at byte `at` of `out`.
///
/// Element `i` is the draw `i` of `new Rng(seed, stream)`, bit for bit, for any cut into ranges, any vector width, any
/// thread. The segment must be native; offsets need no alignment beyond what speed asks for. No method allocates.
///
/// The work goes in two passes over pieces that stay in the first-level cache: random words straight into the output,
/// then the words turned into numbers in place. Each word passes once more through the cache, but there is one
/// vectorised generator instead of one for every distribution.
public final class RandomCpu {
    /// Words in a piece: 16 KiB, half of a small first-level cache. A power of two: pieces end at its multiples, so
    /// that only the two ends of a range have ragged blocks.
    private static final long PIECE = 4096;

    private RandomCpu() { }

    /// Raw 32-bit words, [Philox#word].
    public static void bitsI32(long seed, long stream, MemorySegment out, long at, long from, long to) {
        PhiloxKernel.words(seed, stream, out, at, from, to);
    }

    /// Raw 64-bit values, [Rng#bits].
    public static void bitsI64(long seed, long stream, MemorySegment out, long at, long from, long to) {
        PhiloxKernel.words(seed, stream, out, at, 2 * from, 2 * to);
    }

    /// Uniform f32 in [0, 1), [Rng#uniform].
    public static void uniformF32(long seed, long stream, MemorySegment out, long at, long from, long to) {
        for (long i = from, end; i < to; i = end) {
            end = Math.min(to, (i | PIECE - 1) + 1);
            PhiloxKernel.words(seed, stream, out, at, i, end);
            UniformKernel.uniformF32(out, at + 4 * i, end - i);
        }
    }

    /// Uniform f64 in [0, 1), [Rng#uniformDouble].
    public static void uniformF64(long seed, long stream, MemorySegment out, long at, long from, long to) {
        for (long i = from, end; i < to; i = end) {
            end = Math.min(to, (i | PIECE / 2 - 1) + 1);
            PhiloxKernel.words(seed, stream, out, at, 2 * i, 2 * end);
            UniformKernel.uniformF64(out, at + 8 * i, end - i);
        }
    }

    /// Standard normal f32, [Rng#normalFloat].
    public static void normalF32(long seed, long stream, MemorySegment out, long at, long from, long to) {
        long first = from + (from & 1);                 // pairs wholly inside the range; an odd end is done by itself
        long last = to - (to & 1);
        if (first > from && from < to) {
            out.set(JAVA_FLOAT_UNALIGNED, at + 4 * from, BoxMuller.normalF32(seed, stream, from));
        }
        for (long i = first, end; i < last; i = end) {
            end = Math.min(last, (i | PIECE - 1) + 1);
            PhiloxKernel.words(seed, stream, out, at, i, end);
            BoxMullerKernel.normalF32(out, at + 4 * i, end - i);
        }
        if (last < to && last >= first) {
            out.set(JAVA_FLOAT_UNALIGNED, at + 4 * last, BoxMuller.normalF32(seed, stream, last));
        }
    }

    /// Standard normal f64, [Rng#normal].
    public static void normalF64(long seed, long stream, MemorySegment out, long at, long from, long to) {
        long first = from + (from & 1);
        long last = to - (to & 1);
        if (first > from && from < to) {
            out.set(JAVA_DOUBLE_UNALIGNED, at + 8 * from, BoxMuller.normalF64(seed, stream, from));
        }
        for (long i = first, end; i < last; i = end) {
            end = Math.min(last, (i | PIECE / 2 - 1) + 1);
            PhiloxKernel.words(seed, stream, out, at, 2 * i, 2 * end);
            BoxMullerKernel.normalF64(out, at + 8 * i, end - i);
        }
        if (last < to && last >= first) {
            out.set(JAVA_DOUBLE_UNALIGNED, at + 8 * last, BoxMuller.normalF64(seed, stream, last));
        }
    }

    /// One byte an element, 1 with probability `p` and else 0, [Rng#bernoulli]. `0 <= p <= 1`.
    public static void bernoulli(
            long seed, long stream, double p, MemorySegment out, long at, long from, long to) {
        long limit = (long) Math.ceil(p * 0x1p24);      // k / 2^24 < p exactly when k < ceil(p 2^24)
        PhiloxKernel.bernoulli(seed, stream, limit, out, at, from, to);
    }

    /// Uniform i64 in [0, bound), [Rng#below]. `bound > 0`.
    public static void belowI64(
            long seed, long stream, long bound, MemorySegment out, long at, long from, long to) {
        var rng = new Rng(seed, stream);
        for (long i = from, end; i < to; i = end) {
            end = Math.min(to, (i | PIECE / 2 - 1) + 1);
            PhiloxKernel.words(seed, stream, out, at, 2 * i, 2 * end);
            UniformKernel.below(rng, bound, out, at, i, end);
        }
    }
}
