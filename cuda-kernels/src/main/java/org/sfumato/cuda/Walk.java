package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.Operand;

/// What a backend does for work that does not simply run: it is noted, or compared with what was noted.
sealed interface Walk permits Noting, Matching {
    /// Memory for a tensor of the work.
    Buffer allocate(long bytes);

    /// The host gives the contents of a tensor.
    void write(MemorySegment from, Buffer to, long offset);

    /// An operation.
    void run(Op op, Operand[] in, Operand[] out);

    /// What is thrown when the work asks for what a device cannot repeat.
    RuntimeException refuse(String why);

    /// Memory of a tensor that is never computed.
    ///
    /// @param number of the allocation
    record Phantom(int number, long bytes) implements Buffer {
        @Override
        public MemorySegment host() {
            throw new IllegalStateException("buffer: the tensor was made while work was compared with what was noted, "
                    + "and holds nothing\nhint: keep no tensor of such work but its results");
        }
    }
}
