package org.sfumato.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import org.sfumato.tensor.spi.BorrowedBuffer;

/// Copies between tensors and Java arrays. Elements lie in memory in little-endian order, as in files.
final class Transfer {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble F64 =
            ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Transfer() { }

    /// A new tensor filled from `data`, raw elements in little-endian order.
    static Tensor load(MemorySegment data, Spec spec, Device device, String origin) {
        if (data.byteSize() != spec.bytes()) {
            throw new ShapeException(origin + ": " + spec + " needs " + spec.bytes() / spec.dtype().bytes()
                    + " elements, got "
                    + data.byteSize() / spec.dtype().bytes());
        }
        var tensor = uninitialised(spec, device, origin);
        Backends.of(device).write(data, tensor.storage().buffer(), 0);
        return tensor;
    }

    /// A new dense tensor whose memory is as it was found.
    static Tensor uninitialised(Spec spec, Device device, String origin) {
        var storage = new Storage(Backends.memory(device), origin, spec.bytes());
        return new Tensor(storage, device, spec.dtype(), Layout.dense(spec.shape()));
    }

    /// A new dense tensor in memory that lies elsewhere.
    static Tensor borrowed(MemorySegment memory, Spec spec, Device device, Runnable release) {
        var account = Backends.memory(device);
        if (!account.backend().takesHostMemory()) {
            throw new IllegalArgumentException("borrow: " + device + " computes in memory of its own only"
                    + "\nhint: Tensor.of copies");
        }
        if (memory.byteSize() != spec.bytes()) {
            throw new ShapeException("borrow: " + spec + " needs " + spec.bytes() + " bytes, got " + memory.byteSize());
        }
        if (memory.address() % spec.dtype().bytes() != 0) {
            throw new IllegalArgumentException("borrow: the memory is not aligned to elements of " + spec.dtype()
                    + "\nhint: Tensor.of copies");
        }
        var storage = new Storage(account, "borrow", new BorrowedBuffer(memory, release));
        return new Tensor(storage, device, spec.dtype(), Layout.dense(spec.shape()));
    }

    /// The raw elements, dense and in little-endian order, in memory of the given arena.
    static MemorySegment raw(Tensor tensor, Arena arena) {
        var result = arena.allocate(Math.max(1, tensor.spec().bytes()), 64).asSlice(0, tensor.spec().bytes());
        Dispatch.unrecorded(() -> {
            Scope.temporary(() -> {
                var dense = tensor.contiguous();
                var operand = dense.operand();
                Backends.of(tensor.device()).read(operand.buffer(), operand.byteOffset(), result);
                Reference.reachabilityFence(dense);       // else the cleaner could free it while it is read
            });
            return null;
        });
        return result;
    }

    static double[] doubles(Tensor tensor) {
        int n = Math.toIntExact(tensor.shape().count());
        var result = new double[n];
        try (var arena = Arena.ofConfined()) {
            var raw = raw(tensor, arena);
            if (tensor.dtype() == DType.F64) {
                MemorySegment.copy(raw, F64, 0, result, 0, n);
            } else {
                for (int i = 0; i < n; i++) {
                    result[i] = get(raw, tensor.dtype(), i);
                }
            }
        }
        return result;
    }

    static float[] floats(Tensor tensor) {
        int n = Math.toIntExact(tensor.shape().count());
        var result = new float[n];
        try (var arena = Arena.ofConfined()) {
            var raw = raw(tensor, arena);
            if (tensor.dtype() == DType.F32) {
                MemorySegment.copy(raw, F32, 0, result, 0, n);
            } else {
                for (int i = 0; i < n; i++) {
                    result[i] = (float) get(raw, tensor.dtype(), i);
                }
            }
        }
        return result;
    }

    static long[] longs(Tensor tensor) {
        int n = Math.toIntExact(tensor.shape().count());
        var result = new long[n];
        try (var arena = Arena.ofConfined()) {
            var raw = raw(tensor, arena);
            if (tensor.dtype() == DType.I64) {
                MemorySegment.copy(raw, I64, 0, result, 0, n);
                return result;
            }
            for (int i = 0; i < n; i++) {
                result[i] = switch (tensor.dtype()) {
                    case I64 -> throw new AssertionError();
                    case I32 -> raw.getAtIndex(I32, i);
                    case BOOL -> raw.get(ValueLayout.JAVA_BYTE, i);
                    case F32, F64, BF16, F16 -> (long) get(raw, tensor.dtype(), i);
                };
            }
        }
        return result;
    }

    /// Element `i` of raw elements as a double.
    static double get(MemorySegment raw, DType type, long i) {
        return switch (type) {
            case F32 -> raw.getAtIndex(F32, i);
            case F64 -> raw.getAtIndex(F64, i);
            case BF16 -> Float.intBitsToFloat(raw.getAtIndex(I16, i) << 16);
            case F16 -> Float.float16ToFloat(raw.getAtIndex(I16, i));
            case I64 -> raw.getAtIndex(I64, i);
            case I32 -> raw.getAtIndex(I32, i);
            case BOOL -> raw.get(ValueLayout.JAVA_BYTE, i);
        };
    }
}
