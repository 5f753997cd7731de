package org.sfumato.tensor.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Cast;

/// Where a tensor lies in a file, and its reading.
///
/// @param label the file's own name of its type
/// @param encoding how its elements lie there; empty if this library cannot load them
/// @param shape the sizes of its axes
/// @param walked sizes that make as many elements, in the same order; `shape` but where elements lie in an order that
///     its own axes cannot describe
/// @param strides the elements from one index of an axis of `walked` to the next; dense ones where it is dense
/// @param at the first byte of its first element
/// @param bytes the bytes that it covers, from the first element to the last
record StoredTensor(String label, Optional<Encoding> encoding, Shape shape, Shape walked, long[] strides, long at,
                    long bytes) {
    /// Elements that are converted at a time: a multiple of all blocks, small enough for the caches.
    private static final int PIECE = 1 << 17;
    /// Bytes from which on a mapping is cheaper than a copy: what the system brings in at one page fault.
    static final int SMALLEST_MAPPED = 1 << 16;

    /// A dense tensor.
    static StoredTensor dense(String label, Optional<Encoding> encoding, Shape shape, long at, long bytes) {
        return new StoredTensor(label, encoding, shape, shape, shape.strides(), at, bytes);
    }

    /// Reads the tensor, called `name`, as `type` on `device`: with no copy where type and device allow that, otherwise
    /// in pieces.
    ///
    /// @throws FormatException if the type cannot be loaded, or a truth value is neither 0 nor 1
    Tensor read(FileBytes file, String name, DType type, Device device) throws IOException {
        file.requireOpen();
        var tensor = Tensor.uninitialised(spec(file, name).as(type), device);
        try {
            read(file, name, tensor);
            return tensor;
        } catch (IOException | RuntimeException | Error e) {
            tensor.close();
            throw e;
        }
    }

    /// The tensors `parts`, called `names`, in a mapping of their own, if they lie one behind the other as
    /// [TensorFile#mapped] says.
    static Optional<Tensor> mapped(List<StoredTensor> parts, FileBytes file, List<String> names, DType type,
            Device device) throws IOException {
        file.requireOpen();
        var shape = Stacked.shape(names, parts.stream().map(StoredTensor::shape).toList());
        var first = parts.getFirst();
        long end = first.at;
        for (var part : parts) {
            if (part.at != end || !part.isMapped(type)) {
                return Optional.empty();
            }
            end += part.bytes;
        }
        long bytes = end - first.at;
        if (bytes < SMALLEST_MAPPED || first.at % type.bytes() != 0 || !Backends.of(device).takesHostMemory()) {
            return Optional.empty();
        }
        var arena = Arena.ofShared();                           // the tensor may be freed by any thread
        try {
            var memory = file.mapPrivately(first.at, bytes, arena);
            if (memory.isPresent()) {
                return Optional.of(Tensor.borrow(memory.get(), new Spec(shape, type), device, arena::close));
            }
        } catch (IOException | RuntimeException | Error e) {
            if (arena.scope().isAlive()) {                      // the tensor may have ended it already
                arena.close();
            }
            throw e;
        }
        arena.close();
        return Optional.empty();
    }

    /// True if its bytes in the file are those of a tensor of `type`, whatever they are.
    private boolean isMapped(DType type) {
        return encoding.isPresent() && encoding.get().isPlain() && encoding.get().loaded() == type
                && type != DType.BOOL && isDense();
    }

    /// Reads the tensor, called `name`, into `tensor`, of its shape and dense, as [#read(FileBytes, String, DType,
    /// Device)] does.
    ///
    /// @throws FormatException if the type cannot be loaded, or a truth value is neither 0 nor 1
    /// @throws ShapeException if `tensor` is of another shape, or not dense
    void read(FileBytes file, String name, Tensor tensor) throws IOException {
        file.requireOpen();
        var from = spec(file, name);
        if (!tensor.shape().equals(shape) || !tensor.layout().isDense()) {
            throw new ShapeException("read: " + name + " " + from + " does not fit a tensor "
                    + (tensor.layout().isDense() ? "" : "that is not dense, ") + tensor.spec());
        }
        if (!isDense()) {
            gathered(file, name, tensor);
        } else if (encoding.orElseThrow().isPlain() && tensor.dtype() == from.dtype() && host(tensor) != null) {
            var memory = host(tensor);
            file.read(at, memory);
            checkTruths(file, name, memory, 0);
        } else {
            converted((first, raw) -> file.read(at + encoding.orElseThrow().bytes(first), raw), file, name, tensor);
        }
    }

    /// Shape and type of the loaded tensor.
    ///
    /// @throws FormatException if its type cannot be loaded
    Spec spec(FileBytes file, String name) throws FormatException {
        if (encoding.isEmpty()) {
            throw file.wrong("tensor " + SafetensorsHeader.quoted(name) + " is " + label
                    + ", which has no counterpart here");
        }
        return new Spec(shape, encoding.get().loaded());
    }

    private boolean isDense() {
        return shape.count() == 0 || Arrays.equals(strides, walked.strides());
    }

    /// The memory of the elements of a dense tensor.
    private static MemorySegment host(Tensor tensor) {
        var operand = tensor.operand();
        try {
            return operand.buffer().host().asSlice(operand.byteOffset(), operand.spec().bytes());
        } catch (UnsupportedOperationException e) {
            return null;                                        // the device's memory is filled by copies
        }
    }

    /// Gives the bytes of the elements from `first` on, as many as `raw` takes.
    @FunctionalInterface
    private interface Elements {
        void read(long first, MemorySegment raw) throws IOException;
    }

    private void converted(Elements source, FileBytes file, String name, Tensor tensor) throws IOException {
        var encoding = encoding().orElseThrow();
        var loaded = encoding.loaded();
        long count = shape.count();
        var type = tensor.dtype();
        var memory = encoding.decodesTo(type) ? host(tensor) : null;
        try (var arena = Arena.ofConfined()) {
            long most = Math.max(1, Math.min(count, PIECE));
            var raw = arena.allocate(Math.max(1, encoding.bytes(most)), 64);
            var values = memory != null || encoding.isPlain() ? raw : arena.allocate(most * loaded.bytes(), 64);
            for (long i = 0; i < count; i += PIECE) {
                long n = Math.min(PIECE, count - i);
                var piece = raw.asSlice(0, encoding.bytes(n));
                source.read(i, piece);
                checkTruths(file, name, piece, i);
                if (memory != null) {
                    encoding.decode(piece, memory.asSlice(i * type.bytes(), n * type.bytes()), n, type);
                    continue;
                }
                if (!encoding.isPlain()) {
                    encoding.decode(piece, values, n, loaded);
                }
                put(values.asSlice(0, n * loaded.bytes()), loaded, tensor, i, n);
            }
        }
    }

    private static void put(MemorySegment values, DType loaded, Tensor tensor, long first, long n) {
        if (tensor.dtype() == loaded) {
            Backends.of(tensor.device()).write(values, tensor.operand().buffer(),
                    tensor.operand().byteOffset() + first * loaded.bytes());
            return;
        }
        Dispatch.unrecorded(() -> {
            Scope.temporary(() -> Dispatch.into(new Cast(tensor.dtype()),
                    new Tensor[] {Tensor.of(values, Shape.of(n), loaded, tensor.device())},
                    new Tensor[] {tensor.reshape(tensor.shape().count()).slice(0, first, first + n)}));
            return null;
        });
    }

    private void checkTruths(FileBytes file, String name, MemorySegment values, long first) throws FormatException {
        long bad = encoding.orElseThrow() == Encoding.BOOL ? badTruth(values) : -1;
        if (bad >= 0) {
            throw file.wrong("tensor " + SafetensorsHeader.quoted(name) + ": element " + (first + bad)
                    + " is neither 0 nor 1");
        }
    }

    /// Where the first byte lies that is neither 0 nor 1; -1 if there is none. Kernels rely on truth values being 0
    /// or 1.
    static long badTruth(MemorySegment bytes) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            if ((bytes.get(ValueLayout.JAVA_BYTE, i) & ~1) != 0) {
                return i;
            }
        }
        return -1;
    }

    /// Elements that lie with strides: from a mapping that lasts as long as the reading, in runs where the last axis
    /// has some, else one by one.
    private void gathered(FileBytes file, String name, Tensor tensor) throws IOException {
        int size = encoding.orElseThrow().blockBytes();
        int last = walked.rank() - 1;
        long run = strides[last] == 1 ? walked.size(last) : 1;
        try (var arena = Arena.ofConfined()) {
            var covered = file.map(at, bytes, arena);
            var index = new long[walked.rank()];
            converted((_, raw) -> {
                for (long to = 0; to < raw.byteSize();) {
                    long from = 0;
                    for (int axis = 0; axis <= last; axis++) {
                        from += index[axis] * strides[axis];
                    }
                    long n = run == 1 ? 1 : Math.min(run - index[last], (raw.byteSize() - to) / size);
                    MemorySegment.copy(covered, from * size, raw, to, n * size);
                    to += n * size;
                    advance(index, n);
                }
            }, file, name, tensor);
        }
    }

    private void advance(long[] index, long n) {
        index[index.length - 1] += n;
        for (int axis = index.length - 1; axis > 0 && index[axis] == walked.size(axis); axis--) {
            index[axis] = 0;
            index[axis - 1]++;
        }
    }
}
