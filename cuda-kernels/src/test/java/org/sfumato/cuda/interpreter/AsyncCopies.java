package org.sfumato.cuda.interpreter;

import java.util.ArrayList;
import java.util.List;

/// Copies of a warp from device to shared memory that were begun and have not landed; each lane has its own groups.
final class AsyncCopies {
    private record Copy(int lane, int group, int address, int[] data, int bytes) { }

    private final List<Copy> pending = new ArrayList<>();
    private final int[] committed = new int[Registers.LANES];

    void clear() {
        pending.clear();
        java.util.Arrays.fill(committed, 0);
    }

    /// `data` lands at `address` once `lane` has waited for it.
    void begin(int lane, int address, int[] data, int bytes) {
        pending.add(new Copy(lane, committed[lane], address, data, bytes));
    }

    void commit(int lane) {
        committed[lane]++;
    }

    /// Lets all land that `lane` began, but for its last `groups` groups; with -1 also what it has not committed.
    void await(Warp warp, int lane, int groups) {
        int end = groups < 0 ? Integer.MAX_VALUE : committed[lane] - groups;
        int kept = 0;
        for (var copy : pending) {
            if (copy.lane() == lane && copy.group() < end) {
                warp.block().shared().land(warp, copy.address(), copy.data(), copy.bytes());
            } else {
                pending.set(kept++, copy);
            }
        }
        pending.subList(kept, pending.size()).clear();
    }
}
