package org.sfumato.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.spi.Operand;

/// One kernel of a device, and the arguments of its next launch: these are put one after another, each aligned to its
/// size, as PTX lays out `.param` space.
///
///     launcher.kernel("softmax", "softmax_f32").address(in).address(out).i32(columns).launch(Grid.of(rows, 256));
///
/// Not safe for several threads: [CudaBackend] locks.
public final class Kernel {
    private static final int PARAMETER_BYTES = 4096;            // the limit of PTX before version 8.1

    private final Driver driver;
    private final String name;
    private final long function;
    private final MemorySegment arguments = Arena.ofAuto().allocate(PARAMETER_BYTES, Long.BYTES);
    private int used;

    Kernel(Driver driver, String name, long function) {
        this.driver = driver;
        this.name = name;
        this.function = function;
    }

    /// The next argument: `.u64`, the address of the first element of `operand`.
    public Kernel address(Operand operand) {
        return i64(operand.address());
    }

    /// The next argument: `.u64`, the address of a buffer.
    public Kernel address(DeviceBuffer buffer) {
        return i64(buffer.address());
    }

    /// The next argument, of 64 bits.
    public Kernel i64(long value) {
        arguments.set(JAVA_LONG, place(Long.BYTES), value);
        return this;
    }

    /// The next argument, of 32 bits.
    ///
    /// @throws ArithmeticException if the value needs more
    public Kernel i32(long value) {
        arguments.set(JAVA_INT, place(Integer.BYTES), Math.toIntExact(value));
        return this;
    }

    /// The next argument, `.f32`.
    public Kernel f32(float value) {
        arguments.set(JAVA_FLOAT, place(Float.BYTES), value);
        return this;
    }

    /// The next argument, `.f64`.
    public Kernel f64(double value) {
        arguments.set(JAVA_DOUBLE, place(Double.BYTES), value);
        return this;
    }

    private int place(int size) {
        int at = used + size - 1 & -size;
        used = at + size;
        return at;
    }

    /// Starts the kernel with the arguments put so far, and forgets them.
    public void launch(Driver.Grid grid) {
        var given = arguments.asSlice(0, used);
        used = 0;
        driver.launch(function, grid, given);
    }

    @Override
    public String toString() {
        return name;
    }
}
