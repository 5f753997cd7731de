package org.sfumato.cuda.libcuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Whatever is copied through the ring arrives, though every copy happens as late as it may.
class StagingTest {
    private static final int SLOTS = 3;
    private static final int SLOT_BYTES = 16;

    /// A device whose copies wait until somebody waits for them, in order.
    private static final class LateDevice implements Staging.Lane {
        final MemorySegment memory = MemorySegment.ofArray(new byte[1024]);
        final List<Runnable> pending = new ArrayList<>();
        final Map<Integer, Integer> marks = new HashMap<>();
        int done;

        @Override
        public void toDevice(MemorySegment from, long to) {
            pending.add(() -> MemorySegment.copy(from, 0, memory, to, from.byteSize()));
        }

        @Override
        public void toHost(long from, MemorySegment to) {
            pending.add(() -> MemorySegment.copy(memory, from, to, 0, to.byteSize()));
        }

        @Override
        public void mark(int slot) {
            marks.put(slot, pending.size());
        }

        @Override
        public void await(int slot) {
            for (int until = marks.getOrDefault(slot, 0); done < until; done++) {
                pending.get(done).run();
            }
        }
    }

    @Test
    void everyByteArrivesThoughCopiesAreLate() {
        var device = new LateDevice();
        var staging = new Staging(device, MemorySegment.ofArray(new byte[SLOTS * SLOT_BYTES]), SLOTS);
        var random = new Random(4);
        var model = new byte[1024];
        for (int round = 0; round < 400; round++) {
            int length = random.nextInt(1, 200);
            int at = random.nextInt(1024 - length);
            if (random.nextBoolean()) {
                var data = new byte[length];
                random.nextBytes(data);
                System.arraycopy(data, 0, model, at, length);
                var from = MemorySegment.ofArray(data);
                staging.upload(from, at);
                from.fill((byte) 0);                            // the caller's memory is free again
            } else {
                var to = new byte[length];
                staging.download(at, MemorySegment.ofArray(to));
                assertThat(to).isEqualTo(Arrays.copyOfRange(model, at, at + length));
            }
        }
    }

    @Test
    void uploadsDoNotWaitWhileThereAreFreeSlots() {
        var device = new LateDevice();
        var staging = new Staging(device, MemorySegment.ofArray(new byte[SLOTS * SLOT_BYTES]), SLOTS);
        staging.upload(MemorySegment.ofArray(new byte[SLOTS * SLOT_BYTES]), 0);
        assertThat(device.done).isZero();
        staging.upload(MemorySegment.ofArray(new byte[1]), 0);
        assertThat(device.done).isEqualTo(1);
    }
}
