package org.sfumato.tensor.spi;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;

/// A tensor as a kernel sees it: memory, element type and layout.
public record Operand(Buffer buffer, DType dtype, Layout layout) {
    /// The shape of the layout.
    public Shape shape() {
        return layout.shape();
    }

    /// Shape and type.
    public Spec spec() {
        return new Spec(layout.shape(), dtype);
    }

    /// The host memory of the buffer.
    public MemorySegment segment() {
        return buffer.host();
    }

    /// Byte offset of the first element.
    public long byteOffset() {
        return layout.offset() * dtype.bytes();
    }
}
