package org.sfumato.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.function.Supplier;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What the machine can do: products and sums of floats in registers, bytes between memory and the core.
///
/// Each loop runs on one thread or on several at once, in rounds; the figures of the threads of a round are added. The
/// loops are made of vectors of the Java API, as those of the library, but share no code with it.
final class Roofline {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = FLOATS.length();
    private static final int BYTES = FLOATS.vectorByteSize();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long STREAM = 96L << 20;        // bytes of an array: several times the last cache's share
    private static final int TURNS = 1 << 16;
    private static final double WARM_UP = .15;
    private static final double COMPILED = 3e9;          // work a second; the interpreter does less than 1e9
    private static final double PATIENCE = 10;           // seconds for the compiler
    private static final double ROUND = .05;
    private static final int ROUNDS = 20;

    private Roofline() { }

    /// Work a second: the best round and the median.
    record Rate(double best, double median) { }

    /// A loop of one thread; its data belong to it.
    private interface Loop {
        /// Runs once; returns how much was done, in flop or in bytes.
        double run();
    }

    /// Floating-point operations a second of fused multiply-adds on `threads` threads, two for each lane.
    static Rate fma(int threads) {
        return rate(threads, () -> {
            var sink = new float[1];
            return () -> {
                sink[0] = fma(sink[0], TURNS);
                return 2.0 * 12 * LANES * TURNS;
            };
        });
    }

    /// Twelve sums that do not wait for one another: more than two units of four cycles each can hold. The sum is what
    /// is added to, as C2 writes the result over it: over a constant it would have to copy that first.
    private static float fma(float start, int turns) {
        var x = FloatVector.broadcast(FLOATS, .5f);
        var y = FloatVector.broadcast(FLOATS, 1e-3f);
        var a0 = FloatVector.broadcast(FLOATS, start);
        var a1 = a0.add(1);
        var a2 = a0.add(2);
        var a3 = a0.add(3);
        var a4 = a0.add(4);
        var a5 = a0.add(5);
        var a6 = a0.add(6);
        var a7 = a0.add(7);
        var a8 = a0.add(8);
        var a9 = a0.add(9);
        var a10 = a0.add(10);
        var a11 = a0.add(11);
        for (int i = 0; i < turns; i++) {
            a0 = x.fma(y, a0);
            a1 = x.fma(y, a1);
            a2 = x.fma(y, a2);
            a3 = x.fma(y, a3);
            a4 = x.fma(y, a4);
            a5 = x.fma(y, a5);
            a6 = x.fma(y, a6);
            a7 = x.fma(y, a7);
            a8 = x.fma(y, a8);
            a9 = x.fma(y, a9);
            a10 = x.fma(y, a10);
            a11 = x.fma(y, a11);
        }
        return a0.add(a1).add(a2).add(a3).add(a4).add(a5).add(a6).add(a7).add(a8).add(a9).add(a10).add(a11).lane(0);
    }

    /// Bytes a second read from memory on `threads` threads.
    static Rate read(int threads) {
        return streaming(threads, 1, s -> read(s[0]));
    }

    /// Bytes a second written to memory; that the processor reads a line before it writes to it is not counted.
    static Rate write(int threads) {
        return streaming(threads, 1, s -> write(s[0], 1));
    }

    /// Bytes a second read and written by `b = a`.
    static Rate copy(int threads) {
        return streaming(threads, 2, s -> copy(s[0], s[1]));
    }

    /// Bytes a second read and written by `c = a + 3 b`. Source: McCalpin 1995, the benchmark STREAM.
    static Rate triad(int threads) {
        return streaming(threads, 3, s -> triad(s[0], s[1], s[2]));
    }

    private interface Stream {
        double run(MemorySegment[] arrays);
    }

    private static Rate streaming(int threads, int arrays, Stream stream) {
        try (var arena = Arena.ofShared()) {
            return rate(threads, () -> {
                var mine = new MemorySegment[arrays];
                Arrays.setAll(mine, _ -> arena.allocate(STREAM, 64).fill((byte) 0));
                return () -> stream.run(mine);
            });
        }
    }

    private static double read(MemorySegment a) {
        var s0 = FloatVector.zero(FLOATS);
        var s1 = s0;
        var s2 = s0;
        var s3 = s0;
        for (long i = 0; i < STREAM; i += 4L * BYTES) {
            s0 = s0.add(FloatVector.fromMemorySegment(FLOATS, a, i, ORDER));
            s1 = s1.add(FloatVector.fromMemorySegment(FLOATS, a, i + BYTES, ORDER));
            s2 = s2.add(FloatVector.fromMemorySegment(FLOATS, a, i + 2L * BYTES, ORDER));
            s3 = s3.add(FloatVector.fromMemorySegment(FLOATS, a, i + 3L * BYTES, ORDER));
        }
        float sum = s0.add(s1).add(s2).add(s3).lane(0);         // of zeros: used, so that the loop is not removed
        return STREAM + sum;
    }

    private static double write(MemorySegment a, float value) {
        var v = FloatVector.broadcast(FLOATS, value);
        for (long i = 0; i < STREAM; i += BYTES) {
            v.intoMemorySegment(a, i, ORDER);
        }
        return STREAM;
    }

    private static double copy(MemorySegment a, MemorySegment b) {
        for (long i = 0; i < STREAM; i += BYTES) {
            FloatVector.fromMemorySegment(FLOATS, a, i, ORDER).intoMemorySegment(b, i, ORDER);
        }
        return 2.0 * STREAM;
    }

    private static double triad(MemorySegment a, MemorySegment b, MemorySegment c) {
        var three = FloatVector.broadcast(FLOATS, 3);
        for (long i = 0; i < STREAM; i += BYTES) {
            FloatVector.fromMemorySegment(FLOATS, b, i, ORDER).fma(three,
                    FloatVector.fromMemorySegment(FLOATS, a, i, ORDER)).intoMemorySegment(c, i, ORDER);
        }
        return 3.0 * STREAM;
    }

    private static Rate rate(int threads, Supplier<Loop> loops) {
        var rates = new double[threads][ROUNDS];
        var barrier = new CyclicBarrier(threads);
        var others = new Thread[threads - 1];
        for (int i = 0; i < others.length; i++) {
            var mine = rates[i + 1];
            others[i] = Thread.ofPlatform().daemon().start(() -> rounds(loops.get(), barrier, mine));
        }
        rounds(loops.get(), barrier, rates[0]);
        for (var other : others) {
            join(other);
        }
        var sums = new double[ROUNDS];
        Arrays.setAll(sums, round -> Arrays.stream(rates).mapToDouble(of -> of[round]).sum());
        Arrays.sort(sums);
        return new Rate(sums[ROUNDS - 1], sums[ROUNDS / 2]);
    }

    private static void rounds(Loop loop, CyclicBarrier barrier, double[] rates) {
        long start = System.nanoTime();
        while (round(loop, WARM_UP) < COMPILED && System.nanoTime() - start < PATIENCE * 1e9) {
            // the compiler has other things to do
        }
        for (int i = 0; i < rates.length; i++) {
            try {
                barrier.await();
            } catch (InterruptedException | BrokenBarrierException e) {
                throw new IllegalStateException("roofline: interrupted", e);
            }
            rates[i] = round(loop, ROUND);
        }
    }

    private static double round(Loop loop, double seconds) {
        long start = System.nanoTime();
        long end = start;
        double work = 0;
        while (end - start < seconds * 1e9) {
            work += loop.run();
            end = System.nanoTime();
        }
        return work / (end - start) * 1e9;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("roofline: interrupted", e);
        }
    }
}
