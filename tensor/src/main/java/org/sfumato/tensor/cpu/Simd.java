package org.sfumato.tensor.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;

/// The vector shapes and the loads and stores that every CPU kernel shares. Offsets are in bytes.
///
/// Species and layouts are constants: held anywhere else, C2 boxes every vector.
///
/// Methods without a segment take addresses. They check nothing and leave C2 almost nothing to inline, so that a loop
/// of theirs runs at the speed of the machine; who calls them has proved, once for the whole operation, that all of it
/// lies in the operands ([org.sfumato.tensor.spi.Operand#address]).
final class Simd {
    /// The widest vector of floats that the machine prefers.
    static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;

    /// The widest vector of doubles that the machine prefers.
    static final VectorSpecies<Double> F64 = DoubleVector.SPECIES_PREFERRED;

    /// Floats in a vector.
    static final int F32_LANES = F32.length();

    /// Doubles in a vector.
    static final int F64_LANES = F64.length();

    /// Bytes in a vector, of either kind.
    static final int BYTES = F32.vectorByteSize();

    /// Registers for vectors: 16 with AVX2, 32 with AVX-512 and NEON.
    static final int REGISTERS = BYTES == 32 ? 16 : 32;

    /// All bits that an address can have, and as many more as leave room below [Long#MAX_VALUE].
    static final long ADDRESSES = Long.MAX_VALUE >> 2;

    /// One float. Unaligned, because that saves the alignment test of each access; x86 and ARM do not mind.
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    /// One double, unaligned as [#FLOAT].
    static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    /// The byte order of this machine, which is that of all tensors in memory.
    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private static final FloatVector IOTA_F32 = FloatVector.zero(F32).addIndex(1);

    /// Lanes turned by a half, a quarter and so on: what [#sum] adds. A turn by no lane stands where the vector is
    /// short.
    private static final VectorShuffle<Float> TURN_2 = turn(2);
    private static final VectorShuffle<Float> TURN_4 = turn(4);
    private static final VectorShuffle<Float> TURN_8 = turn(8);
    private static final VectorShuffle<Float> TURN_16 = turn(16);
    private static final VectorShuffle<Float> TURN_32 = turn(32);
    private static final VectorShuffle<Float> TURN_64 = turn(64);

    private Simd() {}

    private static VectorShuffle<Float> turn(int parts) {
        return VectorShuffle.fromOp(F32, lane -> (lane + F32_LANES / parts) % F32_LANES);
    }

    /// The [#F32_LANES] floats at `offset`.
    static FloatVector loadF32(MemorySegment s, long offset) {
        return FloatVector.fromMemorySegment(F32, s, offset, ORDER);
    }

    /// The [#F64_LANES] doubles at `offset`.
    static DoubleVector loadF64(MemorySegment s, long offset) {
        return DoubleVector.fromMemorySegment(F64, s, offset, ORDER);
    }

    /// Writes all lanes at `offset`.
    static void store(MemorySegment s, long offset, FloatVector v) {
        v.intoMemorySegment(s, offset, ORDER);
    }

    /// Writes all lanes at `offset`.
    static void store(MemorySegment s, long offset, DoubleVector v) {
        v.intoMemorySegment(s, offset, ORDER);
    }

    /// The floats at `offset` in the lanes of `lanes`, zero in the others, whose memory is not touched.
    static FloatVector loadF32(MemorySegment s, long offset, VectorMask<Float> lanes) {
        return FloatVector.fromMemorySegment(F32, s, offset, ORDER, lanes);
    }

    /// Writes the lanes of `lanes` at `offset`, and nothing else.
    static void store(MemorySegment s, long offset, FloatVector v, VectorMask<Float> lanes) {
        v.intoMemorySegment(s, offset, ORDER, lanes);
    }

    /// The [#F32_LANES] floats at an address.
    static FloatVector loadF32(long address) {
        return FloatVector.fromMemorySegment(F32, RawMemory.ALL, address, ORDER);
    }

    /// The [#F64_LANES] doubles at an address.
    static DoubleVector loadF64(long address) {
        return DoubleVector.fromMemorySegment(F64, RawMemory.ALL, address, ORDER);
    }

    /// The float at an address in every lane.
    static FloatVector splatF32(long address) {
        return FloatVector.broadcast(F32, RawMemory.ALL.get(FLOAT, address));
    }

    /// The same address, or number of bytes, of which C2 now knows that memory does not end before it.
    ///
    /// Else C2 compares each address of a loop with the bounds of memory: once before a counted loop, with some twenty
    /// instructions for each, as much as a row of fifty floats takes; in each turn of another. Where addresses and
    /// numbers of bytes are bounded there is none of it: rows of 32 to 128 floats took half the time, of 2048 nine
    /// tenths. An address that moves by what is not constant has to be bounded anew after each step.
    static long bounded(long address) {
        return address & ADDRESSES;
    }

    /// Bytes of the whole vectors in a row of `n` floats, [#bounded].
    static long whole(int n) {
        return bounded(4L * (n & -F32_LANES));
    }

    /// Writes all lanes at an address.
    static void store(long address, FloatVector v) {
        v.intoMemorySegment(RawMemory.ALL, address, ORDER);
    }

    /// Writes all lanes at an address.
    static void store(long address, DoubleVector v) {
        v.intoMemorySegment(RawMemory.ALL, address, ORDER);
    }

    /// The floats at an address in the lanes of `lanes`, zero in the others, whose memory is not touched.
    static FloatVector loadF32(long address, VectorMask<Float> lanes) {
        return FloatVector.fromMemorySegment(F32, RawMemory.ALL, address, ORDER, lanes);
    }

    /// Writes the lanes of `lanes` at an address, and nothing else.
    static void store(long address, FloatVector v, VectorMask<Float> lanes) {
        v.intoMemorySegment(RawMemory.ALL, address, ORDER, lanes);
    }

    /// The float at an address.
    static float getF32(long address) {
        return RawMemory.ALL.get(FLOAT, address);
    }

    /// Writes a float at an address.
    static void setF32(long address, float value) {
        RawMemory.ALL.set(FLOAT, address, value);
    }

    /// The double at an address.
    static double getF64(long address) {
        return RawMemory.ALL.get(DOUBLE, address);
    }

    /// Writes a double at an address.
    static void setF64(long address, double value) {
        RawMemory.ALL.set(DOUBLE, address, value);
    }

    /// The first `count` lanes, all of them if there are fewer: by a comparison, without a branch. For loops that must
    /// not say twice what they do: C2 inlines a long formula such as an exponential only once.
    static VectorMask<Float> upTo(int count) {
        return IOTA_F32.compare(VectorOperators.LT, (float) count);
    }

    /// All lanes from number `first` on, as [#upTo]. For the end of a row that fills no vector: the last whole vector
    /// of the row is read, and of it the lanes that no vector before it had.
    static VectorMask<Float> from(int first) {
        return IOTA_F32.compare(VectorOperators.GE, (float) first);
    }

    /// The first `count` lanes.
    static VectorMask<Float> firstF32(int count) {
        return F32.indexInRange(0, count);
    }

    /// The sum of all lanes, halves added upon halves. `reduceLanes` leaves the order open: interpreted and compiled
    /// code give different bits.
    static float sum(FloatVector v) {
        v = v.add(v.rearrange(TURN_2));
        if (F32_LANES >= 4) {
            v = v.add(v.rearrange(TURN_4));
        }
        if (F32_LANES >= 8) {
            v = v.add(v.rearrange(TURN_8));
        }
        if (F32_LANES >= 16) {
            v = v.add(v.rearrange(TURN_16));
        }
        if (F32_LANES >= 32) {
            v = v.add(v.rearrange(TURN_32));
        }
        if (F32_LANES >= 64) {
            v = v.add(v.rearrange(TURN_64));
        }
        return v.lane(0);
    }
}
