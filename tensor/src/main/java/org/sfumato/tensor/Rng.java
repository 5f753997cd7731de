package org.sfumato.tensor;

import org.sfumato.tensor.spi.BoxMuller;
import org.sfumato.tensor.spi.Philox;

/// Randomness as a value: draw `index` of an `Rng` is a pure function of `(seed, stream, index)`.
///
/// There is no hidden state and no order of calls: the same `Rng` gives the same numbers again, on any number of
/// threads, on any device and after a restart. Fresh numbers come from another `Rng`, made with [#split(int)] or
/// [#fold(long)].
///
/// {@snippet :
/// var rng = Rng.of(42);
/// var init = rng.split(2);                 // two independent generators, e.g. for two layers
/// var step = rng.fold(1000);               // the generator of training step 1000
/// float u = step.uniform(0);               // a number in [0, 1)
/// }
///
/// One `Rng` serves one purpose: `uniform(3)` and `normal(3)` are made of the same random bits, as are two tensors that
/// are filled from the same `Rng`.
///
/// The bits are Philox4x32-10 with key `seed` and counter `(block, stream)`, see [Philox]. Blocks are set apart by
/// their two highest bits: `00` are draws, `1` are children, `01` are the redraws of [#below(long, long)]. A child
/// keeps the seed; its stream is half of the block `2^63 + index` of its parent's stream: words 0 and 1 for
/// `fold(index)`, words 2 and 3 for element `index` of `split`. So children never share bits with draws, nor `fold`
/// with `split`. Streams are 64 random bits: among n children of one seed two agree with probability below `n^2 /
/// 2^65`, one in 37 million for a million.
///
/// @param seed the key
/// @param stream the high half of the counter
public record Rng(long seed, long stream) {
    private static final long CHILD = 1L << 63;
    private static final long REDRAW = 1L << 62;

    /// Stream 0 of a seed.
    public static Rng of(long seed) {
        return new Rng(seed, 0);
    }

    /// `n` independent generators. Element `i` does not depend on `n`.
    public Rng[] split(int n) {
        if (n < 0) {
            throw new IllegalArgumentException("split: number of generators is negative, " + n);
        }
        var children = new Rng[n];
        for (int i = 0; i < n; i++) {
            children[i] = new Rng(seed, Philox.pair(seed, stream, CHILD | i, 1));
        }
        return children;
    }

    /// The child number `index`, independent of all others: one generator per training step, per layer, per sample.
    /// Throws [IllegalArgumentException] if `index < 0`.
    public Rng fold(long index) {
        return new Rng(seed, Philox.pair(seed, stream, CHILD | checked("fold", index), 0));
    }

    /// 64 random bits.
    public long bits(long index) {
        return Philox.bits(seed, stream, checked("bits", index));
    }

    /// Uniform in [0, 1), a multiple of 2^-24: the high 24 bits of word `index`. Element `index` of a uniform f32
    /// tensor.
    public float uniform(long index) {
        return (Philox.word(seed, stream, checked("uniform", index)) >>> 8) * 0x1p-24f;
    }

    /// Uniform in [0, 1), a multiple of 2^-53: the high 53 bits of [#bits(long)]. Element `index` of a uniform f64
    /// tensor.
    public double uniformDouble(long index) {
        return (Philox.bits(seed, stream, checked("uniformDouble", index)) >>> 11) * 0x1p-53;
    }

    /// Standard normal, see [BoxMuller#normalF64]. Element `index` of a normal f64 tensor.
    public double normal(long index) {
        return BoxMuller.normalF64(seed, stream, checked("normal", index));
    }

    /// Standard normal in single precision, see [BoxMuller#normalF32]. Element `index` of a normal f32 tensor; it is
    /// made of other bits than [#normal(long)].
    public float normalFloat(long index) {
        return BoxMuller.normalF32(seed, stream, checked("normalFloat", index));
    }

    /// True with probability `p`, to within 2^-24: `uniform(index) < p`. Element `index` of a Bernoulli tensor.
    public boolean bernoulli(long index, double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("bernoulli: probability outside [0, 1], " + p);
        }
        return uniform(index) < p;
    }

    /// Uniform integer in [0, bound), without bias: `floor(bits * bound / 2^64)`, drawn again while the low half of the
    /// product is below `2^64 mod bound`. Redraw `r` is `bits(r)` of a stream set apart for this index, so that the
    /// result is still a function of `index` alone.
    ///
    /// Throws [IllegalArgumentException] if `bound <= 0`. Source: Lemire 2019, arXiv 1805.10941, algorithm 5.
    public long below(long index, long bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("below: bound is not positive, " + bound);
        }
        long x = bits(index);
        if (Long.compareUnsigned(x * bound, bound) >= 0) {          // 2^64 mod bound < bound: saves the division
            return Math.unsignedMultiplyHigh(x, bound);
        }
        long threshold = Long.remainderUnsigned(-bound, bound);
        long redraws = Philox.pair(seed, stream, REDRAW | index & REDRAW - 1, 0);
        for (long r = 0; Long.compareUnsigned(x * bound, threshold) < 0; r++) {
            x = Philox.bits(seed, redraws, r);
        }
        return Math.unsignedMultiplyHigh(x, bound);
    }

    /// A random order of `0 .. n - 1`, each with probability `1 / n!`. Source: Durstenfeld 1964, algorithm 235.
    public int[] permutation(int n) {
        if (n < 0) {
            throw new IllegalArgumentException("permutation: length is negative, " + n);
        }
        var order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = (int) below(i, i + 1L);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /// Index `k` with probability `weights[k] / sum(weights)`; a weight of zero is never chosen.
    ///
    /// Throws [IllegalArgumentException] if a weight is negative or not finite, or if all are zero.
    public int categorical(long index, double[] weights) {
        double total = 0;
        int last = -1;
        for (int k = 0; k < weights.length; k++) {
            double w = weights[k];
            if (!(w >= 0 && w < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException("categorical: weight " + k + " is negative or not finite, " + w);
            }
            total += w;
            last = w > 0 ? k : last;
        }
        if (last < 0 || total == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("categorical: the " + weights.length + " weights sum to " + total);
        }
        double target = uniformDouble(index) * total;
        double sum = 0;
        for (int k = 0; k < last; k++) {
            sum += weights[k];
            if (target < sum) {
                return k;
            }
        }
        return last;
    }

    private static long checked(String name, long index) {
        if (index < 0) {
            throw new IllegalArgumentException(name + ": index is negative, " + index);
        }
        return index;
    }
}
