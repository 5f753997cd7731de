package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.cuda.Noted.Event;
import org.sfumato.cuda.Noted.Place;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Seeded;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.Operand;

/// Compares what work does with what was noted, and puts what the host gives into the record.
final class Matching implements Walk {
    private final Noted noted;
    private final MemorySegment record;
    private final Execution execution;
    private final List<Buffer> own = new ArrayList<>();
    /// Of memory that is no phantom and knows no number.
    private final Map<Buffer, Integer> numbers = new IdentityHashMap<>();
    private int next;

    /// @param record the host's copy of what it gives
    /// @param execution what happens on the device
    Matching(Noted noted, MemorySegment record, Execution execution) {
        this.noted = noted;
        this.record = record;
        this.execution = execution;
    }

    /// What happens on the device.
    interface Execution {
        /// Nothing.
        Execution NONE = new Execution() {
            @Override
            public Buffer make(int number, long bytes) {
                return new Phantom(number, bytes);
            }

            @Override
            public void run(Op op, Operand[] in, Operand[] out, long slot) { }
        };

        /// The memory with this number.
        Buffer make(int number, long bytes);

        /// An operation whose key is in `slot`, if it has one.
        void run(Op op, Operand[] in, Operand[] out, long slot);
    }

    /// The work does something else.
    static final class Departure extends RuntimeException {
        private static final long serialVersionUID = 1;

        Departure() {
            super("it does not do what it did when it was noted", null, false, false);
        }
    }

    @Override
    public Buffer allocate(long bytes) {
        if (!(event() instanceof Event.Made(long size)) || size != bytes) {
            throw new Departure();
        }
        var buffer = execution.make(own.size(), bytes);
        if (!(buffer instanceof Phantom)) {
            numbers.put(buffer, own.size());
        }
        own.add(buffer);
        return buffer;
    }

    @Override
    public void write(MemorySegment from, Buffer to, long offset) {
        MemorySegment.copy(from, 0, record, given(to, offset, from.byteSize()), from.byteSize());
    }

    /// Where what the host gives belongs.
    private long given(Buffer to, long offset, long bytes) {
        if (!(event() instanceof Event.Given(long slot)) || to != own.getLast() || offset != 0 || bytes != to.bytes()) {
            throw new Departure();
        }
        return slot;
    }

    @Override
    public void run(Op op, Operand[] in, Operand[] out) {
        if (Noted.isNumber(op)) {
            long slot = given(out[0].buffer(), out[0].byteOffset(), out[0].spec().bytes());
            number(slot, SourceCuda.bits(out[0].dtype(), ((Source.Fill) op).value()), out[0].dtype().bytes());
            return;
        }
        if (!(event() instanceof Event.Done(Op before, var ins, var outs, long slot))
                || !before.equals(Noted.unseeded(op)) || !same(ins, in) || !same(outs, out)) {
            throw new Departure();
        }
        if (op instanceof Seeded seeded) {
            record.set(ValueLayout.JAVA_LONG, slot, seeded.rng().seed());
            record.set(ValueLayout.JAVA_LONG, slot + Long.BYTES, seeded.rng().stream());
        }
        execution.run(op, in, out, slot);
    }

    private void number(long slot, long bits, int bytes) {
        for (int i = 0; i < bytes; i++) {
            record.set(ValueLayout.JAVA_BYTE, slot + i, (byte) (bits >>> Byte.SIZE * i));
        }
    }

    private Event event() {
        if (next == noted.events().size()) {
            throw new Departure();
        }
        return noted.events().get(next++);
    }

    private boolean same(List<Place> places, Operand[] operands) {
        if (places.size() != operands.length) {
            return false;
        }
        for (int i = 0; i < operands.length; i++) {
            var place = places.get(i);
            var operand = operands[i];
            boolean sameMemory = place.number() < 0 ? place.outside() == operand.buffer()
                    : place.number() == number(operand.buffer());
            if (!sameMemory || place.dtype() != operand.dtype() || !place.layout().equals(operand.layout())) {
                return false;
            }
        }
        return true;
    }

    /// The number of the work's own memory, -1 for other memory.
    private int number(Buffer buffer) {
        if (buffer instanceof Phantom phantom) {
            return phantom.number() < own.size() && own.get(phantom.number()) == phantom ? phantom.number() : -1;
        }
        return numbers.getOrDefault(buffer, -1);
    }

    /// Whether all that was noted was done.
    boolean isComplete() {
        return next == noted.events().size();
    }

    @Override
    public RuntimeException refuse(String why) {
        return new Departure();
    }
}
