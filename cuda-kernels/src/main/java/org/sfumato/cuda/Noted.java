package org.sfumato.cuda;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Seeded;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.spi.Buffer;

/// What a piece of work does on a device, in order: the memory it takes, what the host gives, the operations.
///
/// What the host gives (numbers, arrays, keys of random numbers) lies in one record, each in a slot of its own, and may
/// be other bytes at each time. So a tensor that the host fills lies in the record itself.
final class Noted {
    /// Slots are multiples of this: four numbers of 64 bits, the most that a kernel reads at once.
    private static final long ALIGNMENT = 32;
    private static final Rng ANY = Rng.of(0);
    static final long NONE = -1;

    private final List<Event> events = new ArrayList<>();
    private final List<Long> slots = new ArrayList<>();
    private long bytes;

    /// Something that the work does.
    sealed interface Event {
        /// It takes memory of `bytes`.
        record Made(long bytes) implements Event { }

        /// The host fills the memory that was taken last.
        record Given(long slot) implements Event { }

        /// An operation runs; its key, if it has one, is in `slot`.
        record Done(Op op, List<Place> in, List<Place> out, long slot) implements Event { }
    }

    /// An operand: the work's own memory by its number, or -1 and memory from `outside`.
    record Place(int number, Buffer outside, DType dtype, Layout layout) { }

    void made(long size) {
        events.add(new Event.Made(size));
        slots.add(NONE);
    }

    void given(int number, long size) {
        long slot = slot(size);
        slots.set(number, slot);
        events.add(new Event.Given(slot));
    }

    void done(Op op, List<Place> in, List<Place> out) {
        events.add(new Event.Done(unseeded(op), in, out, op instanceof Seeded ? slot(2 * Long.BYTES) : NONE));
    }

    private long slot(long size) {
        long at = bytes;
        bytes = Math.ceilDiv(at + size, ALIGNMENT) * ALIGNMENT;
        return at;
    }

    /// The operation without what may change.
    static Op unseeded(Op op) {
        return op instanceof Seeded seeded ? seeded.withRng(ANY) : op;
    }

    /// True for what puts one number into a tensor: the host gives it.
    static boolean isNumber(Op op) {
        return op instanceof Source.Fill fill && fill.spec().shape().count() == 1;
    }

    List<Event> events() {
        return events;
    }

    /// The place in the record of the memory with this number, or [#NONE].
    long slotOf(int number) {
        return slots.get(number);
    }

    /// The size of the record.
    long bytes() {
        return bytes;
    }
}
