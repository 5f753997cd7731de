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

    /// The address of the first element, for kernels that read and write without checks: every element of the layout
    /// was found to lie in the buffer. The buffer must stay reachable as long as the address is used, which whoever
    /// runs an operation sees to.
    ///
    /// @throws IndexOutOfBoundsException if an element lies outside
    public long address() {
        long low = layout.offset();
        long high = low;
        for (int axis = 0; axis < shape().rank(); axis++) {
            long reach = (shape().size(axis) - 1) * layout.strides()[axis];
            low += Math.min(0, reach);
            high += Math.max(0, reach);
        }
        if (shape().count() != 0 && (low < 0 || (high + 1) * dtype.bytes() > buffer.bytes())) {
            throw new IndexOutOfBoundsException("operand: elements " + low + " to " + high + " of " + dtype
                    + " do not lie in a buffer of " + buffer.bytes() + " bytes");
        }
        return buffer.address() + byteOffset();
    }
}
