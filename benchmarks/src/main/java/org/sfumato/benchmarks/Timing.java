package org.sfumato.benchmarks;

import java.util.Arrays;

/// Seconds that a piece of work takes: the median and the best of some rounds.
record Timing(double median, double best) {
    private static final double WARM_UP = .2;
    private static final int WARM_UPS = 30;
    private static final int STEADY = 5;
    private static final double FASTER = .95;
    private static final double ROUND = .03;
    private static final int ROUNDS = 9;

    /// Of times in any order.
    static Timing of(double[] seconds) {
        var sorted = seconds.clone();
        Arrays.sort(sorted);
        return new Timing(sorted[sorted.length / 2], sorted[0]);
    }

    /// Calls `work` over and over, then in rounds of 30 ms, or of one call if that is longer. What comes before is long
    /// enough for the compiler: five times 0.2 s in which it became no faster by a twentieth, at most 6 s in all.
    static Timing of(Runnable work) {
        double fastest = Double.POSITIVE_INFINITY;
        for (int i = 0, steady = 0; i < WARM_UPS && steady < STEADY; i++) {
            double now = round(work, WARM_UP);
            steady = now > FASTER * fastest ? steady + 1 : 0;
            fastest = Math.min(fastest, now);
        }
        var seconds = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            seconds[i] = round(work, ROUND);
        }
        return of(seconds);
    }

    private static double round(Runnable work, double seconds) {
        long start = System.nanoTime();
        long end = start;
        int calls = 0;
        while (end - start < seconds * 1e9) {
            work.run();
            calls++;
            end = System.nanoTime();
        }
        return (end - start) / 1e9 / calls;
    }
}
