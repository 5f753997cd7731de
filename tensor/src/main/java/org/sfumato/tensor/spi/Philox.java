package org.sfumato.tensor.spi;

/// Philox4x32-10: 128 random bits as a pure function of a 64-bit key and a 128-bit counter.
///
/// One block is four 32-bit words. With counter `(c0, c1, c2, c3)` and key `(k0, k1)`, each of ten rounds is
///
///     p0 = 0xD2511F53 * c0        p1 = 0xCD9E8D57 * c2                     (64-bit products)
///     (c0, c1, c2, c3) = (hi(p1) ^ c1 ^ k0, lo(p1), hi(p0) ^ c3 ^ k1, lo(p0))
///     (k0, k1) = (k0 + 0x9E3779B9, k1 + 0xBB67AE85)                        (after the round)
///
/// Here the key is the `seed`, `(c0, c1)` is the number of the `block` and `(c2, c3)` is the `stream`, low half first.
/// Word `i` of a stream is word `i mod 4` of block `i / 4`; 64-bit value `i` is made of the words `2i` (low half) and
/// `2i + 1`. A value therefore depends on its index alone, never on how a fill is cut into pieces.
///
/// Every backend must produce these bits. This class is the definition: plain, without allocation, not vectorised.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.3.
public final class Philox {
    /// Number of 32-bit words in a block.
    public static final int WORDS = 4;
    /// Number of rounds.
    public static final int ROUNDS = 10;
    /// Multiplier of counter word 0.
    public static final long M0 = 0xD2511F53L;
    /// Multiplier of counter word 2.
    public static final long M1 = 0xCD9E8D57L;
    /// What key word 0 grows by in each round: the fraction of the golden ratio, floor((sqrt(5) - 1) / 2 * 2^32).
    public static final int W0 = 0x9E3779B9;
    /// What key word 1 grows by in each round: floor((sqrt(3) - 1) * 2^32).
    public static final int W1 = 0xBB67AE85;

    private static final long LOW = 0xFFFF_FFFFL;

    private Philox() { }

    /// Half a block as one `long`: words 0 and 1 for `half` 0, words 2 and 3 for `half` 1; the lower word is in the
    /// low 32 bits. Only the lowest bit of `half` counts.
    public static long pair(long seed, long stream, long block, int half) {
        long c0 = block & LOW;
        long c1 = block >>> 32;
        long c2 = stream & LOW;
        long c3 = stream >>> 32;
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long p0 = M0 * c0;
            long p1 = M1 * c2;
            c0 = (p1 >>> 32) ^ c1 ^ (k0 & LOW);
            c1 = p1 & LOW;
            c2 = (p0 >>> 32) ^ c3 ^ (k1 & LOW);
            c3 = p0 & LOW;
            k0 += W0;
            k1 += W1;
        }
        return (half & 1) == 0 ? c0 | c1 << 32 : c2 | c3 << 32;
    }

    /// Word `index` of a stream: word `index mod 4` of block `index / 4`, all 32 bits random. `index >= 0`.
    public static int word(long seed, long stream, long index) {
        long pair = pair(seed, stream, index >>> 2, (int) (index >>> 1));
        return (int) (pair >>> ((index & 1) << 5));
    }

    /// 64-bit value `index` of a stream: the words `2 * index` (low half) and `2 * index + 1`. `index >= 0`.
    public static long bits(long seed, long stream, long index) {
        return pair(seed, stream, index >>> 1, (int) index);
    }
}
