package org.sfumato.tensor.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// NumPy's file of one array, versions 1 to 3: `np.save`, `np.load`.
///
/// Read are the types f2, f4, f8, i4, i8 and b1, of either byte order, in C or Fortran order; written is C order,
/// little-endian. Object arrays are refused: to load them is to run them. Source: NumPy Enhancement Proposal 1.
public final class Npy {
    private Npy() { }

    /// The array in the file at `path`, on the default device.
    ///
    /// @throws FormatException if the file breaks a rule of the format or holds a type that [DType] lacks
    /// @throws IOException if it cannot be read
    public static Tensor read(Path path) throws IOException {
        return read(path, Settings.current().device());
    }

    /// The array in the file at `path`, on `device`.
    ///
    /// @throws FormatException if the file breaks a rule of the format or holds a type that [DType] lacks
    /// @throws IOException if it cannot be read
    public static Tensor read(Path path, Device device) throws IOException {
        try (var arena = Arena.ofConfined(); var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return tensor(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena), device);
        } catch (IllegalArgumentException e) {
            throw new FormatException("npy", path, e.getMessage(), e);
        }
    }

    /// Replaces the file at `path`, or makes it, with `tensor`. If that fails, the old file is untouched.
    ///
    /// @throws IOException if that fails, saying why
    /// @throws IllegalArgumentException if NumPy has no such array: the type is bf16, or there are more than 64 axes
    /// @throws IllegalStateException if the tensor was freed
    public static void write(Path path, Tensor tensor) throws IOException {
        var head = NpyHeader.write(tensor.operand().spec());
        try (var arena = Arena.ofConfined()) {
            var data = tensor.toSegment(arena);
            AtomicFile.write("npy", path, channel -> {
                AtomicFile.writeAll(channel, head.duplicate());
                AtomicFile.writeAll(channel, data);
            });
        }
    }

    /// The array that `file`, all bytes of an npy file, holds.
    ///
    /// @throws IllegalArgumentException if a rule is broken, saying which
    static Tensor tensor(MemorySegment file, Device device) {
        var header = NpyHeader.read(file);
        var spec = header.spec();
        try (var arena = Arena.ofConfined()) {
            var data = file.asSlice(header.dataStart());
            if (spec.dtype() == DType.BOOL) {
                long bad = StoredTensor.badTruth(data);
                if (bad >= 0) {
                    throw new IllegalArgumentException("element " + bad + " is neither 0 nor 1");
                }
            }
            if (header.big() && spec.dtype().bytes() > 1) {
                var swapped = arena.allocate(Math.max(1, data.byteSize()), 64).asSlice(0, data.byteSize());
                var layout = layout(spec.dtype());
                MemorySegment.copy(data, layout.withOrder(ByteOrder.BIG_ENDIAN), 0, swapped,
                        layout.withOrder(ByteOrder.LITTLE_ENDIAN), 0, spec.shape().count());
                data = swapped;
            }
            return header.fortran() && spec.shape().rank() > 1 ? transposed(data, spec.shape(), spec.dtype(), device)
                    : Tensor.of(data, spec.shape(), spec.dtype(), device);
        }
    }

    private static ValueLayout layout(DType type) {
        return switch (type) {
            case F64, I64 -> ValueLayout.JAVA_LONG_UNALIGNED;
            case F32, I32 -> ValueLayout.JAVA_INT_UNALIGNED;
            case F16, BF16 -> ValueLayout.JAVA_SHORT_UNALIGNED;
            case BOOL -> ValueLayout.JAVA_BYTE;
        };
    }

    /// The first index runs fastest: that is the row-major array of the reversed shape, its axes reversed.
    private static Tensor transposed(MemorySegment data, Shape shape, DType type, Device device) {
        int rank = shape.rank();
        long[] reversed = LongStream.range(0, rank).map(i -> shape.size((int) (rank - 1 - i))).toArray();
        int[] axes = IntStream.range(0, rank).map(i -> rank - 1 - i).toArray();
        return Dispatch.unrecorded(() -> Scope.result(() ->
                Tensor.of(data, Shape.of(reversed), type, device).permute(axes).copy()));
    }
}
