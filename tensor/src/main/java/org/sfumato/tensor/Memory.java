package org.sfumato.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.sfumato.tensor.spi.Backend;

/// The account of a device's memory: bytes held by live tensors, the peak, shares by operation, and what was leaked.
///
/// A tensor is leaked when it was made outside every [Scope], was never closed, and the garbage collector found it
/// unreachable: its memory comes back, but late.
public final class Memory {
    /// The share of one operation.
    ///
    /// @param op the name of the operation that allocated
    /// @param liveBytes bytes of its results that are alive
    /// @param liveCount how many results are alive
    /// @param count how many results it has made
    public record Share(String op, long liveBytes, long liveCount, long count) { }

    /// A kind of leak: `count` tensors of `bytes` in all, made by `op`; `where` is filled if leaks are tracked (see
    /// [Settings]).
    public record Leak(String op, long count, long bytes, String where) { }

    private static final class Counter {
        private final AtomicLong liveBytes = new AtomicLong();
        private final AtomicLong liveCount = new AtomicLong();
        private final AtomicLong count = new AtomicLong();
    }

    private final Backend backend;
    private final AtomicLong current = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();
    private final Map<String, Counter> shares = new ConcurrentHashMap<>();
    private final Map<String, Leak> leaks = new ConcurrentHashMap<>();

    Memory(Backend backend) {
        this.backend = backend;
    }

    /// The account of `device`; see [Backends#memory].
    public static Memory current(Device device) {
        return Backends.memory(device);
    }

    Backend backend() {
        return backend;
    }

    /// Bytes held by live tensors.
    public long live() {
        return current.get();
    }

    /// The most bytes ever held by live tensors since the start or [#resetPeak].
    public long peak() {
        return peak.get();
    }

    /// Bytes that the pool holds, in use or waiting to be used again.
    public long reserved() {
        return backend.reserved();
    }

    /// Starts the peak anew at what is live.
    public void resetPeak() {
        peak.set(current.get());
    }

    /// What each operation holds, the largest first.
    public List<Share> shares() {
        var result = new ArrayList<Share>();
        shares.forEach((op, c) -> result.add(new Share(op, c.liveBytes.get(), c.liveCount.get(), c.count.get())));
        result.sort(java.util.Comparator.comparingLong(Share::liveBytes).reversed().thenComparing(Share::op));
        return result;
    }

    /// All leaks since the start or [#clearLeaks]; empty in a program that closes what it opens.
    public List<Leak> leaks() {
        return leaks.values().stream().sorted(java.util.Comparator.comparingLong(Leak::bytes).reversed()).toList();
    }

    /// Forgets the leaks counted so far.
    public void clearLeaks() {
        leaks.clear();
    }

    /// Live bytes, peak, the largest shares and the leaks, as text.
    public String report() {
        var text = new StringBuilder("%s: live %,d B, peak %,d B, reserved %,d B%n".formatted(backend.device(), live(),
                peak(), reserved()));
        for (var share : shares().stream().limit(12).toList()) {
            text.append("  %-18s %,14d B live in %,d tensors, %,d made%n".formatted(share.op, share.liveBytes,
                    share.liveCount, share.count));
        }
        for (var leak : leaks()) {
            text.append("  leaked: %,d tensors, %,d B, made by %s%s%n".formatted(leak.count, leak.bytes, leak.op,
                    leak.where));
        }
        return text.toString();
    }

    void allocated(String op, long bytes) {
        long now = current.addAndGet(bytes);
        if (now > peak.get()) {
            peak.accumulateAndGet(now, Math::max);
        }
        var counter = shares.computeIfAbsent(op, _ -> new Counter());
        counter.liveBytes.addAndGet(bytes);
        counter.liveCount.incrementAndGet();
        counter.count.incrementAndGet();
    }

    void freed(String op, long bytes) {
        current.addAndGet(-bytes);
        var counter = shares.get(op);
        counter.liveBytes.addAndGet(-bytes);
        counter.liveCount.decrementAndGet();
    }

    void leaked(String op, long bytes, String where) {
        leaks.merge(op + where, new Leak(op, 1, bytes, where),
                (a, b) -> new Leak(op, a.count + 1, a.bytes + bytes, where));
    }
}
