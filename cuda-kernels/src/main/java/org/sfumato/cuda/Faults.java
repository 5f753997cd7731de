package org.sfumato.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// Indices outside their range, found on the device while the host goes on. Kernels read 0 at such an index and add
/// nothing there; what was found is told at the next [#check], which everything that reads results comes through.
final class Faults {
    /// Positions that a check can tell apart; its number is in the bits above.
    private static final long POSITIONS = 1L << 40;
    private static final long NONE = -1;
    private static final int THREADS = 256;

    private final Driver driver;
    private final long address;
    private final List<Looked> looked = new ArrayList<>();
    private final Map<Looked, Integer> numbers = new HashMap<>();
    private final MemorySegment word = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
    private boolean pending;

    /// What was looked through: by which operation, the shape of its indices, and their bound.
    private record Looked(String op, Shape shape, long bound) { }

    Faults(Driver driver) {
        this.driver = driver;
        this.address = driver.allocate(Long.BYTES);
        driver.fill(address, (byte) NONE, Long.BYTES);
    }

    /// Looks for an index outside [0, bound) that is not `ignored`.
    void look(Launcher launcher, String op, Operand index, long bound, long ignored) {
        long n = index.shape().count();
        if (n == 0) {
            return;
        }
        var what = new Looked(op, index.shape(), bound);
        int number = numbers.computeIfAbsent(what, added -> {
            looked.add(added);
            return looked.size() - 1;
        });
        launcher.kernel("index", "checkIndices").address(index).i64(n).i64(bound).i64(ignored)
                .i64(number * POSITIONS).i64(address).launch(Driver.Grid.of(Launcher.blocks(n, THREADS), THREADS));
        pending = true;
    }

    /// Tells what was found since the last time, one fault if there are several, and forgets it. Once an index was
    /// looked at, each call asks the device: a graph that is replayed looks again.
    ///
    /// @throws IndexOutOfBoundsException if an index was outside its range
    void check() {
        if (!pending) {
            return;
        }
        driver.download(address, word);
        long found = word.get(ValueLayout.JAVA_LONG, 0);
        if (found != NONE) {
            driver.fill(address, (byte) NONE, Long.BYTES);
            var what = looked.get((int) (found / POSITIONS));
            throw new IndexOutOfBoundsException(what.op + ": the index at position "
                    + Arrays.toString(place(found % POSITIONS, what.shape)).replace('[', '(').replace(']', ')')
                    + " is outside [0, " + what.bound + ")");
        }
    }

    private static long[] place(long at, Shape shape) {
        var place = new long[shape.rank()];
        for (int axis = place.length - 1; axis >= 0; axis--) {
            place[axis] = at % shape.size(axis);
            at /= shape.size(axis);
        }
        return place;
    }
}
