package org.sfumato.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.sfumato.tensor.op.Op;

/// Where the time of a piece of code goes, by operation and operands.
///
///     var profile = new Profile();
///     profile.of(() -> step());
///     IO.println(profile);
///
/// An entry is one operation on operands of one kind; a transposed or sliced operand is marked by `*`. Views have no
/// kernel and do not appear. The time of an operation is that of its kernel on the clock, all threads together; on a
/// device that computes behind the program's back each operation is waited for. A nested call of [#of] counts for the
/// inner profile alone. One thread at a time may add to a profile.
public final class Profile {
    private static final ScopedValue<Profile> CURRENT = ScopedValue.newInstance();
    private static final int LINES = 40;

    private final Map<String, Entry> entries = new HashMap<>();

    /// A profile that has seen nothing.
    public Profile() { }

    /// How often an operation ran on operands of one kind, and for how many nanoseconds in all and at least.
    public record Entry(String operation, String operands, long count, long nanos, long best) {
        private Entry and(Entry more) {
            return new Entry(operation, operands, count + more.count, nanos + more.nanos, Math.min(best, more.best));
        }

        private String line(long all) {
            return String.format(Locale.ROOT, "%9.3f %6.1f %8d %9.4f %9.4f  %s %s", nanos / 1e6,
                    100.0 * nanos / Math.max(1, all), count, nanos / 1e6 / count, best / 1e6, operation, operands);
        }
    }

    /// Runs `body` and adds what its operations take.
    public <T> T of(Supplier<T> body) {
        return ScopedValue.where(CURRENT, this).call(body::get);
    }

    /// [#of(Supplier)] without a result.
    public void of(Runnable body) {
        ScopedValue.where(CURRENT, this).run(body);
    }

    /// What was seen, the most expensive first.
    public List<Entry> entries() {
        var sorted = new ArrayList<>(entries.values());
        sorted.sort(Comparator.comparingLong(Entry::nanos).reversed().thenComparing(Entry::operation)
                .thenComparing(Entry::operands));
        return sorted;
    }

    /// Nanoseconds of all kernels.
    public long nanos() {
        return entries.values().stream().mapToLong(Entry::nanos).sum();
    }

    /// A table: milliseconds, per cent, calls, mean and least milliseconds of a call, operation and operands.
    @Override
    public String toString() {
        long all = nanos();
        var head = String.format(Locale.ROOT, "%9s %6s %8s %9s %9s  %s%n", "ms", "%", "calls", "mean", "least",
                "operation");
        return head + entries().stream().limit(LINES).map(entry -> entry.line(all))
                .collect(Collectors.joining(System.lineSeparator()));
    }

    /// The profile to add to here, or `null`.
    static Profile current() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    void add(Op op, Tensor[] in, Tensor[] out, long nanos) {
        var key = operands(in) + " -> " + operands(out);
        entries.merge(op.name() + ' ' + key, new Entry(op.name(), key, 1, nanos, nanos), Entry::and);
    }

    private static String operands(Tensor[] tensors) {
        return Arrays.stream(tensors).limit(8).map(x -> x.dtype() + " " + x.shape() + (x.layout().isDense() ? "" : "*"))
                .collect(Collectors.joining(", ")) + (tensors.length > 8 ? ", ..." : "");
    }
}
