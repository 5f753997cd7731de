package org.sfumato.models.data;

import org.sfumato.tensor.Rng;

/// A permutation of `0 .. size - 1` that looks random and needs no memory: where index `i` goes is a pure function of
/// the generator and `i`.
///
/// A Feistel network of twelve rounds over the least even number of bits that hold `size - 1`: with halves `(l, r)`,
/// each round is `(l, r) = (r, l ^ F(round, r))`, where `F` is a random function, here the low bits of
/// `rng.bits(round * 2^32 + r)`. A result of `size` or more goes through the network again, until it is below; less
/// than three of four are such.
///
/// Every place is as likely as another for an index, and for two. Of the orders of a few indices as a whole some are
/// more likely than others: networks of this kind cannot make all.
///
/// Source: Luby, Rackoff 1988, "How to construct pseudorandom permutations from pseudorandom functions"; Black, Rogaway
/// 2002, "Ciphers with arbitrary finite domains", section 3 (cycle walking).
///
/// @param rng makes the order
/// @param size how many there are
public record Shuffle(Rng rng, long size) {
    private static final int ROUNDS = 12;
    private static final long LARGEST = 1L << 62;

    /// Checks the size.
    public Shuffle {
        if (size < 1 || size > LARGEST) {
            throw new IllegalArgumentException("shuffle: size " + size + " is outside 1.." + LARGEST);
        }
    }

    /// Where `index` goes. Throws [IndexOutOfBoundsException] unless `0 <= index < size`.
    public long at(long index) {
        if (index < 0 || index >= size) {
            throw new IndexOutOfBoundsException("shuffle: no index " + index + " of " + size);
        }
        int half = Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(size - 1) + 1) / 2);
        long mask = (1L << half) - 1;
        long x = index;
        do {
            long left = x >>> half;
            long right = x & mask;
            for (int round = 0; round < ROUNDS; round++) {
                long swapped = left ^ rng.bits((long) round << Integer.SIZE | right) & mask;
                left = right;
                right = swapped;
            }
            x = left << half | right;
        } while (x >= size);
        return x;
    }
}
