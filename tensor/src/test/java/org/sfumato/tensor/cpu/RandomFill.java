package org.sfumato.tensor.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.spi.Philox;

/// Every fill of [RandomCpu] with its scalar definition.
enum RandomFill {
    BITS_I32(4), BITS_I64(8), UNIFORM_F32(4), UNIFORM_F64(8), NORMAL_F32(4), NORMAL_F64(8), BERNOULLI(1),
    BELOW_SMALL(8), BELOW_LARGE(8);

    static final long SMALL = 1_000_003;
    private static final long LARGE = 3L << 61;
    private static final double P = 0.3;

    /// Size of an element.
    final int bytes;

    RandomFill(int bytes) {
        this.bytes = bytes;
    }

    /// Something that fills.
    interface Filler {
        /// The bytes of elements `[0, n)`.
        byte[] bytes(RandomFill fill, Rng rng, int n);
    }

    /// Prints the width of a vector in bits and the hash of every fill.
    public static void main(String[] args) {
        IO.println(hashes((fill, rng, n) -> fill.run(rng, 0, 0, n), LongVector.SPECIES_PREFERRED.vectorBitSize()));
    }

    static String hashes(Filler filler, int bits) {
        var text = new StringBuilder().append(bits);
        for (var fill : values()) {
            text.append(' ').append(Arrays.hashCode(filler.bytes(fill, Rng.of(77), 5003)));
        }
        return text.toString();
    }

    /// Elements `[from, to)` as the SIMD code writes them into memory that begins with element `first`.
    byte[] run(Rng rng, long first, long from, long to) {
        try (var arena = Arena.ofConfined()) {
            var out = arena.allocate((to - first) * bytes, 64);
            fill(rng, out, -first * bytes, from, to);
            return out.asSlice((from - first) * bytes).toArray(JAVA_BYTE);
        }
    }

    void fill(Rng rng, MemorySegment out, long at, long from, long to) {
        long seed = rng.seed();
        long stream = rng.stream();
        switch (this) {
            case BITS_I32 -> RandomCpu.bitsI32(seed, stream, out, at, from, to);
            case BITS_I64 -> RandomCpu.bitsI64(seed, stream, out, at, from, to);
            case UNIFORM_F32 -> RandomCpu.uniformF32(seed, stream, out, at, from, to);
            case UNIFORM_F64 -> RandomCpu.uniformF64(seed, stream, out, at, from, to);
            case NORMAL_F32 -> RandomCpu.normalF32(seed, stream, out, at, from, to);
            case NORMAL_F64 -> RandomCpu.normalF64(seed, stream, out, at, from, to);
            case BERNOULLI -> RandomCpu.bernoulli(seed, stream, P, out, at, from, to);
            case BELOW_SMALL -> RandomCpu.belowI64(seed, stream, SMALL, out, at, from, to);
            case BELOW_LARGE -> RandomCpu.belowI64(seed, stream, LARGE, out, at, from, to);
        }
    }

    /// Elements `[from, to)` by the scalar definition.
    byte[] expected(Rng rng, long from, long to) {
        var buffer = ByteBuffer.allocate((int) (to - from) * bytes).order(ByteOrder.nativeOrder());
        for (long i = from; i < to; i++) {
            switch (this) {
                case BITS_I32 -> buffer.putInt(Philox.word(rng.seed(), rng.stream(), i));
                case BITS_I64 -> buffer.putLong(rng.bits(i));
                case UNIFORM_F32 -> buffer.putFloat(rng.uniform(i));
                case UNIFORM_F64 -> buffer.putDouble(rng.uniformDouble(i));
                case NORMAL_F32 -> buffer.putFloat(rng.normalFloat(i));
                case NORMAL_F64 -> buffer.putDouble(rng.normal(i));
                case BERNOULLI -> buffer.put((byte) (rng.bernoulli(i, P) ? 1 : 0));
                case BELOW_SMALL -> buffer.putLong(rng.below(i, SMALL));
                case BELOW_LARGE -> buffer.putLong(rng.below(i, LARGE));
            }
        }
        return buffer.array();
    }
}
