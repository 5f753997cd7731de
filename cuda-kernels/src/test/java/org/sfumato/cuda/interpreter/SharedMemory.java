package org.sfumato.cuda.interpreter;

import java.util.Arrays;
import java.util.List;

/// Shared memory of one block, with what is known of each granule of it: whether it was written, by which warp, and
/// which have read it since the last barrier. Between two barriers no warp may touch what another has written, nor
/// write what another has read; atomic accesses may meet each other.
///
/// A granule is a word until something narrower is accessed, then as wide as that.
///
/// A stamp is `interval << 8 | atomic << 7 | in flight << 6 | warp`: intervals between barriers are counted from block
/// to block, so nothing need be cleared for the next one.
final class SharedMemory {
    private static final int ATOMIC = 0x80;
    private static final int FLIGHT = 0x40;
    private static final int WARP = 0x3F;
    private static final int MANY = 0x3F;
    private static final int INTERVAL = 8;
    private static final int RED = -1;
    private static final int LAST_INTERVAL = (1 << 22) - 1;

    final int[] words;
    private int granule = 2;
    private int[] written;
    private int[] read;
    private final int size;
    private final int dynamicAt;
    private final List<int[]> redZones;
    private int interval;
    private int first;

    SharedMemory(int dynamicAt, int dynamicBytes, List<int[]> redZones) {
        this.redZones = redZones;
        this.dynamicAt = dynamicAt;
        size = dynamicAt + dynamicBytes;
        words = new int[(size + 3) / 4];
        written = new int[words.length];
        read = new int[words.length];
        markRedZones();
    }

    private void markRedZones() {
        for (var zone : redZones) {
            int from = zone[0] + (1 << granule) - 1 >> granule;
            Arrays.fill(written, from, Math.min(zone[1], dynamicAt) >> granule, RED);
        }
    }

    /// Makes granules as narrow as an access of `bytes` bytes.
    private void refine(int bytes) {
        int finer = Integer.numberOfTrailingZeros(bytes);
        int by = granule - finer;
        granule = finer;
        written = spread(written, by);
        read = spread(read, by);
        markRedZones();
    }

    private static int[] spread(int[] stamps, int by) {
        var result = new int[stamps.length << by];
        for (int j = 0; j < result.length; j++) {
            result[j] = stamps[j >> by];
        }
        return result;
    }

    /// Forgets all that was written: a block begins.
    void start() {
        if (interval > LAST_INTERVAL) {
            Arrays.fill(written, 0);
            Arrays.fill(read, 0);
            markRedZones();
            interval = 0;
        }
        first = ++interval;
    }

    void barrier() {
        interval++;
    }

    /// Checks an access; returns the index of its first word.
    int read(Warp warp, int lane, long address, int bytes) {
        int from = inside(warp, lane, address, bytes, "load");
        int now = interval << INTERVAL | warp.number();
        for (int j = from >> granule; j < from + bytes >> granule; j++) {
            if (written[j] != now) {
                checkRead(warp, lane, j);
            }
            int reader = read[j];
            if (reader != now) {
                read[j] = reader >>> INTERVAL == interval ? interval << INTERVAL | MANY : now;
            }
        }
        return from >> 2;
    }

    private void checkRead(Warp warp, int lane, int j) {
        int stamp = written[j];
        int at = j << granule;
        if (stamp == RED) {
            throw warp.fault(lane, "load out of bounds: shared byte %d belongs to no variable".formatted(at));
        } else if ((stamp & FLIGHT) != 0 && stamp >>> INTERVAL >= first) {
            throw warp.fault(lane, "shared byte %d is read while warp %d copies to it (cp.async)".formatted(at,
                    stamp & WARP));
        } else if (stamp >>> INTERVAL < first) {
            throw warp.fault(lane, "shared byte %d is read before it was written".formatted(at));
        } else if (stamp >>> INTERVAL == interval && (stamp & WARP) != warp.number()) {
            throw warp.fault(lane, "race: shared byte %d is read, which warp %d has written since the last barrier"
                    .formatted(at, stamp & WARP));
        }
    }

    /// Checks an access; returns the index of its first word.
    int write(Warp warp, int lane, long address, int bytes) {
        return write(warp, lane, address, bytes, 0);
    }

    /// Checks an access that reads and writes at once; returns the index of its first word.
    int atomic(Warp warp, int lane, long address, int bytes) {
        int from = inside(warp, lane, address, bytes, "atomic");
        for (int j = from >> granule; j < from + bytes >> granule; j++) {
            boolean atomicsOnly = (written[j] & ATOMIC) != 0 && (written[j] & FLIGHT) == 0;
            if (written[j] >>> INTERVAL < first || !atomicsOnly) {
                checkRead(warp, lane, j);
            }
        }
        return write(warp, lane, address, bytes, ATOMIC);
    }

    /// Notes that a copy to these bytes has begun.
    void begin(Warp warp, int lane, long address, int bytes) {
        write(warp, lane, address, bytes, FLIGHT);
    }

    /// Notes that a copy has landed, and lets it land.
    void land(Warp warp, int address, int[] data, int bytes) {
        for (int j = 0; j < bytes / 4; j++) {
            words[(address >> 2) + j] = data[j];
        }
        Arrays.fill(written, address >> granule, address + bytes >> granule, interval << INTERVAL | warp.number());
    }

    private int write(Warp warp, int lane, long address, int bytes, int flag) {
        int from = inside(warp, lane, address, bytes, "store");
        int now = interval << INTERVAL | flag | warp.number();
        for (int j = from >> granule; j < from + bytes >> granule; j++) {
            if (written[j] != now) {
                checkWrite(warp, lane, j, flag);
                written[j] = now;
            }
            int reader = read[j];
            if (reader >>> INTERVAL == interval && (reader & WARP) != warp.number()) {
                throw warp.fault(lane, "race: shared byte %d is written, which %s read since the last barrier"
                        .formatted(j << granule, (reader & WARP) == MANY ? "several warps have"
                                : "warp " + (reader & WARP) + " has"));
            }
        }
        return from >> 2;
    }

    private void checkWrite(Warp warp, int lane, int j, int flag) {
        int stamp = written[j];
        int at = j << granule;
        if (stamp == RED) {
            throw warp.fault(lane, "store out of bounds: shared byte %d belongs to no variable".formatted(at));
        } else if (stamp >>> INTERVAL < first) {
            return;
        } else if ((stamp & FLIGHT) != 0) {
            throw warp.fault(lane, "shared byte %d is written while warp %d copies to it (cp.async)".formatted(at,
                    stamp & WARP));
        }
        boolean bothAtomic = (stamp & ATOMIC) != 0 && flag == ATOMIC;
        if (stamp >>> INTERVAL == interval && (stamp & WARP) != warp.number() && !bothAtomic) {
            throw warp.fault(lane, "race: shared byte %d is written, which warp %d has written since the last barrier"
                    .formatted(at, stamp & WARP));
        }
    }

    private int inside(Warp warp, int lane, long address, int bytes, String what) {
        if ((address & bytes - 1) != 0) {
            throw warp.fault(lane, "misaligned %s of %d bytes at shared address %d".formatted(what, bytes, address));
        } else if (address < 0 || address + bytes > size) {
            throw warp.fault(lane, "%s out of bounds: %d bytes at shared address %d, of %d".formatted(what, bytes,
                    address, size));
        }
        if (bytes < 1 << granule) {
            refine(bytes);
        }
        return (int) address;
    }
}
