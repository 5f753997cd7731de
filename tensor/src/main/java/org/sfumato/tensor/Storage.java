package org.sfumato.tensor;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.sfumato.tensor.spi.BorrowedBuffer;
import org.sfumato.tensor.spi.Buffer;

/// The memory behind a tensor and its views, owned by one [Scope], or by the garbage collector where there is none.
final class Storage {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final System.Logger LOG = System.getLogger("org.sfumato.memory");

    /// What is needed to give the memory back; apart from the storage, so that the cleaner does not keep that alive.
    private record Lease(Memory memory, Buffer buffer, String origin, String where,
            AtomicBoolean ended) implements Runnable {
        boolean end() {
            if (!ended.compareAndSet(false, true)) {
                return false;
            }
            memory.freed(origin, buffer.bytes());
            if (buffer instanceof BorrowedBuffer borrowed) {
                borrowed.end();
            } else {
                memory.backend().free(buffer);
            }
            return true;
        }

        /// Called by the cleaner.
        @Override
        public void run() {
            if (end()) {
                memory.leaked(origin, buffer.bytes(), where);
                LOG.log(System.Logger.Level.DEBUG, "freed late: {0} bytes made by {1}{2}", buffer.bytes(), origin,
                        where);
            }
        }
    }

    private final Lease lease;
    private Scope owner;
    private Cleaner.Cleanable late;
    private volatile int version;

    /// New memory of the pool.
    Storage(Memory memory, String origin, long bytes) {
        this(memory, origin, memory.backend().allocate(bytes));
    }

    /// `buffer`, which is the storage's from here on.
    Storage(Memory memory, String origin, Buffer buffer) {
        memory.allocated(origin, buffer.bytes());
        lease = new Lease(memory, buffer, origin, where(), new AtomicBoolean());
        try {
            adopt(Scope.currentOrNull());
        } catch (IllegalStateException e) {                 // the scope was closed while code still runs in it
            free();
            throw e;
        }
    }

    private static String where() {
        return !Settings.current().trackLeaks() ? "" : StackWalker.getInstance().walk(frames -> frames
                .filter(f -> !f.getClassName().startsWith("org.sfumato.tensor.")).limit(4)
                .map(f -> "\n      at " + f).collect(Collectors.joining()));
    }

    /// Hands the storage to `scope`, or to the garbage collector if that is `null`.
    void adopt(Scope scope) {
        owner = scope;
        if (scope != null) {
            scope.own(this);
        } else if (late == null) {
            late = CLEANER.register(this, lease);
        }
    }

    Scope owner() {
        return owner;
    }

    boolean isFreed() {
        return lease.ended.get();
    }

    /// Gives the memory back; false if that was done before.
    boolean free() {
        return lease.end();
    }

    /// The memory.
    ///
    /// @throws IllegalStateException if it was given back
    Buffer buffer() {
        if (lease.ended.get()) {
            throw new IllegalStateException("tensor: used after it was freed (made by " + lease.origin + lease.where
                    + ")\nhint: keep() what must outlive its scope");
        }
        return lease.buffer;
    }

    String origin() {
        return lease.origin;
    }

    /// Counts the writes in place.
    int version() {
        return version;
    }

    @SuppressWarnings("NonAtomicOperationOnVolatileField")
    void written() {
        version++;
    }
}
