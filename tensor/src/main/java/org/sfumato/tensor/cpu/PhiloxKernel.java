package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.L2I;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.spi.Philox;

/// The ten rounds of [Philox] in vector lanes: each lane of a `LongVector` works on a block of its own.
final class PhiloxKernel {
    private static final VectorSpecies<Long> L = LongVector.SPECIES_PREFERRED;
    /// As many ints as L has lanes.
    private static final VectorSpecies<Integer> HALF =
            VectorSpecies.of(int.class, VectorShape.forBitSize(L.vectorBitSize() / 2));
    private static final int LANES = L.length();
    private static final LongVector IOTA = LongVector.zero(L).addIndex(1);
    private static final VectorShuffle<Long> ZIP_LOW = VectorShuffle.makeZip(L, 0);
    private static final VectorShuffle<Long> ZIP_HIGH = VectorShuffle.makeZip(L, 1);
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long LOW = 0xFFFF_FFFFL;
    private static final long KEY0 = Philox.W0 & LOW;
    private static final long KEY1 = Philox.W1 & LOW;

    private PhiloxKernel() { }

    /// Words `[from, to)`: the ragged ends one by one, the whole blocks in vector lanes.
    static void words(long seed, long stream, MemorySegment out, long at, long from, long to) {
        long first = Math.min(to, from + 3 & -4L);
        long blocks = (to - first) / 4 / LANES * LANES;
        for (long i = from; i < first; i++) {
            out.set(JAVA_INT_UNALIGNED, at + 4 * i, Philox.word(seed, stream, i));
        }
        wordBlocks(seed, stream, out, at + 4 * first, first >>> 2, blocks);
        long i = first + 4 * blocks;
        for (; i + 2 <= to; i += 2) {
            out.set(JAVA_LONG_UNALIGNED, at + 4 * i, Philox.bits(seed, stream, i >>> 1));
        }
        if (i < to) {
            out.set(JAVA_INT_UNALIGNED, at + 4 * i, Philox.word(seed, stream, i));
        }
    }

    /// `blocks` blocks from number `block` on, a multiple of LANES: lane `l` of `c0 .. c3` holds one word of block
    /// `block + l` in its low half; the high half is left dirty and masked where it matters, which saves operations.
    /// The mask in front of a product tells the compiler that one 32-bit multiplication will do.
    private static void wordBlocks(long seed, long stream, MemorySegment out, long at, long block, long blocks) {
        var m0 = LongVector.broadcast(L, Philox.M0).and(LOW);
        var m1 = LongVector.broadcast(L, Philox.M1).and(LOW);
        for (long b = 0; b < blocks; b += LANES) {
            var c0 = IOTA.add(block + b);
            var c1 = c0.lanewise(LSHR, 32);
            var c2 = LongVector.broadcast(L, stream);
            var c3 = c2.lanewise(LSHR, 32);
            var k0 = LongVector.broadcast(L, seed);
            var k1 = k0.lanewise(LSHR, 32);
            for (int round = 0; round < Philox.ROUNDS; round++) {
                var p0 = c0.and(LOW).mul(m0);
                var p1 = c2.and(LOW).mul(m1);
                c0 = p1.lanewise(LSHR, 32).lanewise(XOR, c1).lanewise(XOR, k0);
                c1 = p1;
                c2 = p0.lanewise(LSHR, 32).lanewise(XOR, c3).lanewise(XOR, k1);
                c3 = p0;
                k0 = k0.add(KEY0);
                k1 = k1.add(KEY1);
            }
            var even = c0.and(LOW).or(c1.lanewise(LSHL, 32));
            var odd = c2.and(LOW).or(c3.lanewise(LSHL, 32));
            even.rearrange(ZIP_LOW, odd).intoMemorySegment(out, at + 16 * b, ORDER);
            even.rearrange(ZIP_HIGH, odd).intoMemorySegment(out, at + 16 * b + 8L * LANES, ORDER);
        }
    }

    /// Bytes `[from, to)`: 1 where the high 24 bits of the word are below `limit`.
    static void bernoulli(long seed, long stream, long limit, MemorySegment out, long at, long from, long to) {
        long first = Math.min(to, from + 3 & -4L);
        long blocks = (to - first) / 4 / LANES * LANES;
        long last = first + 4 * blocks;
        bernoulliWords(seed, stream, limit, out, at, from, first);
        bernoulliBlocks(seed, stream, limit, out, at + first, first >>> 2, blocks);
        bernoulliWords(seed, stream, limit, out, at, last, to);
    }

    /// The same rounds as in [#wordBlocks], four bytes a block: a word below the limit leaves a sign bit.
    private static void bernoulliBlocks(
            long seed, long stream, long limit, MemorySegment out, long at, long block, long blocks) {
        var m0 = LongVector.broadcast(L, Philox.M0).and(LOW);
        var m1 = LongVector.broadcast(L, Philox.M1).and(LOW);
        for (long b = 0; b < blocks; b += LANES) {
            var c0 = IOTA.add(block + b);
            var c1 = c0.lanewise(LSHR, 32);
            var c2 = LongVector.broadcast(L, stream);
            var c3 = c2.lanewise(LSHR, 32);
            var k0 = LongVector.broadcast(L, seed);
            var k1 = k0.lanewise(LSHR, 32);
            for (int round = 0; round < Philox.ROUNDS; round++) {
                var p0 = c0.and(LOW).mul(m0);
                var p1 = c2.and(LOW).mul(m1);
                c0 = p1.lanewise(LSHR, 32).lanewise(XOR, c1).lanewise(XOR, k0);
                c1 = p1;
                c2 = p0.lanewise(LSHR, 32).lanewise(XOR, c3).lanewise(XOR, k1);
                c3 = p0;
                k0 = k0.add(KEY0);
                k1 = k1.add(KEY1);
            }
            var bytes = isBelow(c0, limit)
                    .or(isBelow(c1, limit).lanewise(LSHL, 8))
                    .or(isBelow(c2, limit).lanewise(LSHL, 16))
                    .or(isBelow(c3, limit).lanewise(LSHL, 24));
            ((IntVector) bytes.convertShape(L2I, HALF, 0)).intoMemorySegment(out, at + 4 * b, ORDER);
        }
    }

    private static LongVector isBelow(LongVector word, long limit) {
        return word.lanewise(LSHL, 32).lanewise(LSHR, 40).sub(limit).lanewise(LSHR, 63);
    }

    private static void bernoulliWords(
            long seed, long stream, long limit, MemorySegment out, long at, long from, long to) {
        for (long i = from; i < to; i++) {
            out.set(JAVA_BYTE, at + i, (byte) (Philox.word(seed, stream, i) >>> 8 < limit ? 1 : 0));
        }
    }
}
