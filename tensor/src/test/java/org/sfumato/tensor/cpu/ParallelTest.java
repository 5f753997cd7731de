package org.sfumato.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ParallelTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void everyChunkRunsOnce(int threads) {
        Parallel.withThreads(threads, () -> {
            for (int chunks : new int[] {0, 1, 2, 3, 7, 64, 1000}) {
                var seen = new AtomicIntegerArray(chunks);
                Parallel.run(chunks, seen::incrementAndGet);
                for (int i = 0; i < chunks; i++) {
                    assertThat(seen.get(i)).as("chunk %d of %d", i, chunks).isEqualTo(1);
                }
            }
        });
    }

    @Test
    void manyRegionsInARowLoseNothing() {
        Parallel.withThreads(4, () -> {
            var sum = new AtomicLong();
            for (int region = 0; region < 20_000; region++) {
                Parallel.run(region % 9, sum::addAndGet);
            }
            long expected = 0;
            for (int region = 0; region < 20_000; region++) {
                int chunks = region % 9;
                expected += (long) chunks * (chunks - 1) / 2;
            }
            assertThat(sum.get()).isEqualTo(expected);
        });
    }

    @Test
    void sleepingWorkersWakeUp() {
        Parallel.withThreads(2, () -> {
            for (int region = 0; region < 20; region++) {
                var both = new CountDownLatch(2);
                Parallel.run(2, _ -> {
                    both.countDown();
                    await(both); // passes only when two threads are inside at once
                });
                pause();
            }
        });
    }

    @Test
    void rangesCoverAllRowsAndDoNotDependOnThreads() {
        for (long rows : new long[] {0, 1, 5, 63, 64, 65, 1000}) {
            var one = ranges(1, rows);
            assertThat(ranges(8, rows)).isEqualTo(one);
            long covered = one.entrySet().stream().mapToLong(r -> r.getValue() - r.getKey()).sum();
            assertThat(covered).isEqualTo(rows);
        }
        assertThat(ranges(8, 1000)).hasSize((int) Math.ceil(1000 / (double) (Parallel.COST_PER_CHUNK / 10_000)));
    }

    private static ConcurrentHashMap<Long, Long> ranges(int threads, long rows) {
        var ranges = new ConcurrentHashMap<Long, Long>();
        Parallel.withThreads(threads, () -> Parallel.rows(rows, 10_000, ranges::put));
        return ranges;
    }

    @Test
    void smallWorkStaysOnTheCaller() {
        var me = Thread.currentThread();
        Parallel.rows(100, 10, (r0, r1) -> {
            assertThat(Thread.currentThread()).isSameAs(me);
            assertThat(r1 - r0).isEqualTo(100);
        });
    }

    @Test
    void nestedRegionsRunOnTheirOwnThread() {
        var count = new AtomicInteger();
        Parallel.withThreads(3, () -> Parallel.run(16, _ -> {
            var me = Thread.currentThread();
            Parallel.run(8, _ -> {
                assertThat(Thread.currentThread()).isSameAs(me);
                count.incrementAndGet();
            });
        }));
        assertThat(count).hasValue(128);
    }

    @Test
    void whatAChunkThrowsIsThrownToTheCallerAndThePoolLivesOn() {
        Parallel.withThreads(3, () -> {
            for (int thrower : new int[] {0, 5, 99}) {
                assertThatThrownBy(() -> Parallel.run(100, chunk -> {
                    if (chunk == thrower) {
                        throw new IllegalStateException("chunk " + chunk);
                    }
                })).isInstanceOf(IllegalStateException.class).hasMessage("chunk " + thrower);
                assertThatThrownBy(() -> Parallel.run(4, _ -> {
                    throw new AssertionError("error");
                })).isInstanceOf(AssertionError.class);
                var count = new AtomicInteger();
                Parallel.run(100, _ -> count.incrementAndGet());
                assertThat(count).hasValue(100);
            }
        });
    }

    @Test
    void afterAFailureTheChunksNotYetBegunAreSkipped() {
        int chunks = 1_000_000;
        var done = new AtomicInteger();
        var thrown = new CountDownLatch(1);
        Parallel.withThreads(2, () -> assertThatThrownBy(() -> Parallel.run(chunks, chunk -> {
            if (chunk == 0) {
                thrown.countDown();
                throw new IllegalStateException("stop");
            }
            await(thrown);
            done.incrementAndGet();
        })).hasMessage("stop"));
        assertThat(done.get()).isLessThan(chunks - 1);
    }

    @Test
    void callersFromManyThreadsDoNotDisturbEachOther() throws InterruptedException {
        var wrong = new AtomicInteger();
        var callers = new Thread[4];
        for (int t = 0; t < callers.length; t++) {
            callers[t] = Thread.ofPlatform().start(() -> Parallel.withThreads(3, () -> {
                for (int region = 0; region < 2_000; region++) {
                    var sum = new AtomicInteger();
                    Parallel.run(10, sum::addAndGet);
                    if (sum.get() != 45) {
                        wrong.incrementAndGet();
                    }
                }
            }));
        }
        for (var caller : callers) {
            caller.join();
        }
        assertThat(wrong).hasValue(0);
    }

    @Test
    void neverMoreThreadsThanAsked() {
        Parallel.withThreads(8, () -> Parallel.run(64, _ -> Thread.onSpinWait())); // the pool has seven workers now
        var inside = new AtomicInteger();
        var most = new AtomicInteger();
        Parallel.withThreads(2, () -> Parallel.run(2_000, _ -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            Thread.onSpinWait();
            inside.decrementAndGet();
        }));
        assertThat(most.get()).isBetween(1, 2);
    }

    @Test
    void badArgumentsAreRefused() {
        assertThatThrownBy(() -> Parallel.withThreads(0, () -> {})).hasMessageContaining("got 0");
        assertThatThrownBy(() -> Parallel.run(-1, _ -> {})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Parallel.grains(1L << 40, 1, (_, _) -> {})).hasMessageContaining("too many chunks");
        assertThat(Parallel.threads()).isPositive();
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("the second thread did not come");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(2); // long enough for a worker to stop spinning
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
