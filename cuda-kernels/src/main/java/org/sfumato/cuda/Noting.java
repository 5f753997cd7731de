package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.Graph;
import org.sfumato.tensor.spi.Operand;

/// Writes down what work does. Nothing is computed, and no tensor has memory.
final class Noting implements Walk {
    private final Noted noted = new Noted();
    private int made;
    private boolean fresh;

    /// What was written down so far.
    Noted noted() {
        return noted;
    }

    @Override
    public Buffer allocate(long bytes) {
        noted.made(bytes);
        fresh = true;
        return new Phantom(made++, bytes);
    }

    @Override
    public void write(MemorySegment from, Buffer to, long offset) {
        give(to, offset, from.byteSize());
    }

    private void give(Buffer to, long offset, long bytes) {
        if (!fresh || !(to instanceof Phantom phantom) || phantom.number() != made - 1 || offset != 0
                || bytes != to.bytes()) {
            throw refuse("it writes into a tensor from the host");
        }
        noted.given(made - 1, bytes);
        fresh = false;
    }

    @Override
    public void run(Op op, Operand[] in, Operand[] out) {
        if (Noted.isNumber(op)) {
            give(out[0].buffer(), out[0].byteOffset(), out[0].spec().bytes());
        } else {
            fresh = false;
            noted.done(op, places(in), places(out));
        }
    }

    private static List<Noted.Place> places(Operand[] operands) {
        var places = new ArrayList<Noted.Place>();
        for (var operand : operands) {
            boolean own = operand.buffer() instanceof Phantom;
            places.add(new Noted.Place(own ? ((Phantom) operand.buffer()).number() : -1, own ? null : operand.buffer(),
                    operand.dtype(), operand.layout()));
        }
        return places;
    }

    @Override
    public RuntimeException refuse(String why) {
        return new Graph.Refused(why);
    }
}
