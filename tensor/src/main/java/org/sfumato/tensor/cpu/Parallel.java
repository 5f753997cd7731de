package org.sfumato.tensor.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.concurrent.locks.LockSupport;
import org.sfumato.tensor.Settings;

/// Runs the chunks of one kernel on a resident pool of daemon platform threads; the caller takes part.
///
/// The caller cuts the work by the size of the problem, never by the number of threads: chunk `i` means the same on any
/// machine, so results have the same bits for any number of threads. Chunks may run in any order and at the same time.
///
/// A region started inside another one, or while another thread has the pool, runs on its own thread: that is always
/// correct and never waits. Scoped values and thread locals of the caller are not seen by the workers.
public final class Parallel {
    /// Work in a chunk of [#rows]: about 10 to 20 microseconds of scalar work, a few of vector work, against some tens
    /// of nanoseconds to hand the chunk out.
    static final long COST_PER_CHUNK = 64 * 1024;

    private static final int DEFAULT_THREADS = settledThreads();
    private static final ScopedValue<Integer> THREADS = ScopedValue.newInstance();
    private static final Pool POOL = new Pool();

    private Parallel() {}

    /// One piece of work, numbered from zero.
    @FunctionalInterface
    public interface ChunkBody extends RowBody {
        /// Does chunk number `chunk`.
        void run(int chunk);

        @Override
        default void run(long r0, long r1) {
            for (long chunk = r0; chunk < r1; chunk++) {
                run((int) chunk);
            }
        }
    }

    /// Work on a range of rows.
    @FunctionalInterface
    public interface RowBody {
        /// Does rows `[r0, r1)`.
        void run(long r0, long r1);
    }

    /// How many threads a region started here may use, the caller among them: what [Settings] say, and where nobody set
    /// that, the physical cores that the JVM may use, if the system tells them; inside [#withThreads] what was asked
    /// there.
    public static int threads() {
        return THREADS.orElse(DEFAULT_THREADS);
    }

    /// Runs `body`; regions that it starts on this thread use at most `threads` threads.
    /// Throws [IllegalArgumentException] if `threads` is not in 1..1024.
    public static void withThreads(int threads, Runnable body) {
        if (threads < 1 || threads > 1024) {
            throw new IllegalArgumentException("withThreads: threads must be in 1..1024, got " + threads);
        }
        ScopedValue.where(THREADS, threads).run(body);
    }

    /// Runs `body` for each chunk of `0..chunks-1` and returns when all are done. What the body throws is thrown here;
    /// chunks not yet begun are then skipped. Throws [IllegalArgumentException] if `chunks` is negative.
    public static void run(int chunks, ChunkBody body) {
        grains(chunks, 1, body);
    }

    /// Runs `body` on consecutive ranges that cover `0..rows-1`. `costPerRow` is in flops or bytes, whichever is more;
    /// a range holds about [#COST_PER_CHUNK] of it, and a small problem runs here as one range.
    public static void rows(long rows, long costPerRow, RowBody body) {
        grains(rows, Math.max(1, COST_PER_CHUNK / Math.max(1, costPerRow)), body);
    }

    /// Runs `body` on the ranges `[i * grain, min(rows, (i + 1) * grain))`.
    /// Throws [IllegalArgumentException] if `rows` is negative, `grain` not positive, or the ranges are 2^31 or more.
    public static void grains(long rows, long grain, RowBody body) {
        if (rows < 0 || grain < 1) {
            throw new IllegalArgumentException("parallel: rows must not be negative, " + rows
                    + ", and the grain must be positive, " + grain);
        }
        long chunks = rows / grain + (rows % grain == 0 ? 0 : 1);
        if (chunks > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("parallel: too many chunks, " + chunks);
        }
        if (chunks > 1) {
            int helpers = (int) Math.min(threads(), chunks) - 1;
            if (helpers > 0 && POOL.tryRun(rows, grain, (int) chunks, helpers, body)) {
                return;
            }
        }
        inline(rows, grain, body);
    }

    // In the same ranges as the pool would use: a body may keep one partial sum for each.
    private static void inline(long rows, long grain, RowBody body) {
        for (long r = 0; r < rows; r += grain) {
            body.run(r, Math.min(rows, r + grain));
        }
    }

    // The setting, which is the number of processors where nobody set it; two threads on a core do not compute faster.
    private static int settledThreads() {
        int set = Settings.current().threads();
        return set == Runtime.getRuntime().availableProcessors() ? physicalCores() : set;
    }

    private static int physicalCores() {
        int processors = Runtime.getRuntime().availableProcessors();
        var cores = new HashSet<String>();
        for (int cpu = 0; cpu < 1024; cpu++) {
            var siblings = Path.of("/sys/devices/system/cpu/cpu" + cpu + "/topology/thread_siblings_list");
            try {
                cores.add(Files.readString(siblings));
            } catch (java.io.IOException | SecurityException _) {
                break; // no such processor, or not Linux
            }
        }
        return cores.isEmpty() ? processors : Math.min(processors, cores.size());
    }

    /// The state of the one region that may run on the pool at a time.
    private static final class Pool {
        // A spin turn is a pause instruction, 10 to 40 ns: a worker looks for work for 0.4 to 1.5 ms. The gap between
        // two kernels is shorter, but for a collection or a step of the optimiser: with a tenth of these turns workers
        // fell asleep in them, and steps of some 35 ms took a tenth to a quarter longer.
        private static final int WORKER_SPINS = 40_000;
        private static final int CALLER_SPINS = 20_000;

        private static final VarHandle OWNER;
        private static final VarHandle TICKET;
        private static final VarHandle DONE;
        private static final VarHandle FAILURE;

        static {
            try {
                var lookup = MethodHandles.lookup();
                OWNER = lookup.findVarHandle(Pool.class, "owner", Thread.class);
                TICKET = lookup.findVarHandle(Pool.class, "ticket", long.class);
                DONE = lookup.findVarHandle(Pool.class, "done", int.class);
                FAILURE = lookup.findVarHandle(Pool.class, "failure", Throwable.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private volatile Thread owner;

        // helpers << 32 | chunks not yet handed out. A compare-and-set that succeeds has claimed a chunk of the region
        // that runs at that moment, and this region cannot end before the chunk is done: so the plain fields below may
        // be read after the claim, and a worker that slept through any number of regions does no harm.
        private volatile long ticket;
        private volatile int done;
        private volatile Throwable failure;
        private volatile boolean callerParked;
        private long rows;
        private long grain;
        private int chunks;
        private RowBody body;
        private Worker[] workers = {};

        /// Runs the region and returns true, or returns false at once where a region is running.
        boolean tryRun(long rows, long grain, int chunks, int helpers, RowBody body) {
            var me = Thread.currentThread();
            if (owner != null || !OWNER.compareAndSet(this, null, me)) {
                return false;
            }
            try {
                ensureWorkers(helpers);
                this.rows = rows;
                this.grain = grain;
                this.chunks = chunks;
                this.body = body;
                done = 0;
                ticket = (long) helpers << 32 | chunks;
                for (int i = 0; i < helpers; i++) {
                    workers[i].wake();
                }
                while (claimed(-1)) {
                    // the caller works as long as there are chunks
                }
                awaitOthers(chunks);
                if (failure != null) {
                    rethrow();
                }
                return true;
            } finally {
                this.body = null;
                failure = null;
                owner = null;
            }
        }

        /// Does one chunk if there is one for the worker of this index (the caller is -1).
        private boolean claimed(int index) {
            long now = ticket;
            while ((int) now != 0 && index < (int) (now >>> 32)) {
                long seen = (long) TICKET.compareAndExchange(this, now, now - 1);
                if (seen == now) {
                    work(chunks - (int) now);
                    return true;
                }
                now = seen;
            }
            return false;
        }

        private void work(int chunk) {
            int all = chunks;
            var caller = owner;
            try {
                if (failure == null) {
                    body.run(chunk * grain, Math.min(rows, (chunk + 1) * grain));
                }
            } catch (Throwable e) {
                FAILURE.compareAndSet(this, null, e); // carried to the caller, who throws it
            }
            // Nothing of the region may be touched after the last chunk is counted: hence the two copies above.
            if ((int) DONE.getAndAdd(this, 1) + 1 == all && callerParked) {
                LockSupport.unpark(caller);
            }
        }

        private void awaitOthers(int all) {
            for (int spin = 0; done != all; spin++) {
                if (spin < CALLER_SPINS) {
                    Thread.onSpinWait();
                } else {
                    callerParked = true;
                    while (done != all) {
                        LockSupport.park(this);
                    }
                    callerParked = false;
                }
            }
        }

        private void rethrow() {
            switch (failure) {
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException("parallel: a chunk threw a checked exception", e);
            }
        }

        private void ensureWorkers(int count) {
            int have = workers.length;
            if (have >= count) {
                return;
            }
            var more = Arrays.copyOf(workers, count);
            for (int i = have; i < count; i++) {
                more[i] = new Worker(this, i);
                more[i].start();
            }
            workers = more; // last, so that a thread that cannot be started leaves the pool as it was
        }

        private boolean hasWork(int index) {
            long now = ticket;
            return (int) now != 0 && index < (int) (now >>> 32);
        }
    }

    private static final class Worker extends Thread {
        private final Pool pool;
        private final int index;
        private volatile boolean parked;

        Worker(Pool pool, int index) {
            super(null, null, "sfumato-worker-" + (index + 1), 0, false);
            this.pool = pool;
            this.index = index;
            setDaemon(true);
        }

        void wake() {
            if (parked) {
                LockSupport.unpark(this);
            }
        }

        @Override
        public void run() {
            while (true) {
                for (int spin = 0; spin < Pool.WORKER_SPINS; spin++) {
                    if (pool.claimed(index)) {
                        spin = 0;
                    } else {
                        Thread.onSpinWait();
                    }
                }
                parked = true; // before the last look, so that whoever publishes work after it sees a parked worker
                if (!pool.hasWork(index)) {
                    LockSupport.park(pool);
                }
                parked = false;
            }
        }
    }
}
