package org.sfumato.models.masked;

import java.util.Arrays;
import org.sfumato.models.diffusion.Distribution;

/// How far predictions from a cache are from those without one. Every so many passes both are computed; what is written
/// does not depend on it.
public final class CacheMeter {
    private final int every;
    private long passes;
    private long places;
    private long flips;
    private double divergence;

    /// Measures one pass of `every`.
    ///
    /// @throws IllegalArgumentException if it is not positive
    public CacheMeter(int every) {
        if (every < 1) {
            throw new IllegalArgumentException("cache meter: one pass of " + every + " cannot be measured");
        }
        this.every = every;
    }

    /// True if this pass is to be measured; counts it.
    boolean isDue() {
        return passes++ % every == 0;
    }

    void add(double[] exact, double[] cached, int vocabulary) {
        for (int from = 0; from < exact.length; from += vocabulary) {
            var p = Distribution.of(Arrays.copyOfRange(exact, from, from + vocabulary));
            var q = Distribution.of(Arrays.copyOfRange(cached, from, from + vocabulary));
            double sum = 0;
            for (int v = 0; v < vocabulary; v++) {
                double own = p.probabilities()[v];
                sum += own > 0 ? own * (Math.log(own) - Math.log(q.probabilities()[v])) : 0;
            }
            divergence += sum;
            flips += p.likeliest() == q.likeliest() ? 0 : 1;
            places++;
        }
    }

    /// Predictions compared so far.
    public long places() {
        return places;
    }

    /// The mean of `KL(exact || cached)` over them, in nats.
    public double divergence() {
        return places == 0 ? 0 : divergence / places;
    }

    /// The share of them whose likeliest token differs, in [0, 1].
    public double flips() {
        return places == 0 ? 0 : (double) flips / places;
    }
}
