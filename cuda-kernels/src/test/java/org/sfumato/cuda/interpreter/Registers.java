package org.sfumato.cuda.interpreter;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/// Hands out places in the register files of a warp. Values of 32 bits and fewer lie in words, 32 lanes one after
/// another, those of 64 bits in longs likewise; a predicate is one int, a bit for each lane. Constants and special
/// registers are registers too, filled before the kernel begins, so that an instruction need not ask what its operands
/// are.
final class Registers {
    static final int LANES = 32;

    /// A place: the file by its width in bits (1, 16, 32, 64) and the index of the value of lane 0.
    record Place(int bits, int index) { }

    /// A register that a warp fills with one value for all lanes.
    record Constant(Place place, long value) { }

    private int words;
    private int longs;
    private int predicates;
    private final Map<Long, Place> wordConstants = new HashMap<>();
    private final Map<Long, Place> longConstants = new HashMap<>();
    private final Map<Special, Place> specials = new EnumMap<>(Special.class);

    Place allocate(int bits) {
        return switch (bits) {
            case 1 -> new Place(1, predicates++);
            case 8, 16 -> new Place(16, LANES * words++);
            case 32 -> new Place(32, LANES * words++);
            case 64 -> new Place(64, LANES * longs++);
            default -> throw new Opcode.Unknown("registers of " + bits + " bits are not known");
        };
    }

    /// The place of a constant of 64 bits or, if `bits` is less, of a word.
    Place constant(int bits, long value) {
        long kept = bits == 64 ? value : value & (1L << bits) - 1;
        return bits == 64 ? longConstants.computeIfAbsent(kept, v -> allocate(64))
                : wordConstants.computeIfAbsent(kept, v -> allocate(32));
    }

    /// The place of a special register.
    Place special(Special register) {
        return specials.computeIfAbsent(register, r -> allocate(r.bits()));
    }

    Map<Long, Place> wordConstants() {
        return wordConstants;
    }

    Map<Long, Place> longConstants() {
        return longConstants;
    }

    Map<Special, Place> specials() {
        return specials;
    }

    int words() {
        return LANES * words;
    }

    int longs() {
        return LANES * longs;
    }

    int predicates() {
        return predicates;
    }
}
