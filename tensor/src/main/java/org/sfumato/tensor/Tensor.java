package org.sfumato.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.op.Concat;
import org.sfumato.tensor.op.Copy;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.spi.Operand;

/// An array of any rank in off-heap memory or on a device: a buffer, a type, and a layout that says where each element
/// lies.
///
/// Operations run when called and return new tensors; views share memory. Memory is owned by a [Scope] (see there).
/// What can be done is in [Arithmetic], [Movement], [Reductions] and [Network]. Tensors compare by identity.
public final class Tensor implements Arithmetic, Movement, Reductions, Network {
    private final Storage storage;
    private final Device device;
    private final DType dtype;
    private final Layout layout;

    Tensor(Storage storage, Device device, DType dtype, Layout layout) {
        this.storage = storage;
        this.device = device;
        this.dtype = dtype;
        this.layout = layout;
    }

    /// The sizes of the axes.
    public Shape shape() {
        return layout.shape();
    }

    /// The size of `axis`; negative axes count from the end.
    public long size(int axis) {
        return layout.shape().size(axis);
    }

    /// The type of the elements.
    public DType dtype() {
        return dtype;
    }

    /// Where the tensor lies.
    public Device device() {
        return device;
    }

    /// Where in its buffer each element lies.
    public Layout layout() {
        return layout;
    }

    /// Shape and type.
    public Spec spec() {
        return new Spec(layout.shape(), dtype);
    }

    /// The tensor as kernels see it.
    ///
    /// @throws IllegalStateException if its memory was freed
    public Operand operand() {
        return new Operand(storage.buffer(), dtype, layout);
    }

    /// How often the memory was written in place.
    public int version() {
        return storage.version();
    }

    Storage storage() {
        return storage;
    }

    Tensor view(Layout other) {
        storage.buffer();                                   // a view of freed memory is refused
        return new Tensor(storage, device, dtype, other);
    }

    // ---- making ---------------------------------------------------------------------------------

    /// A row of f32 numbers.
    public static Tensor of(float... data) {
        return of(data, data.length);
    }

    /// f32 numbers in row-major order.
    public static Tensor of(float[] data, long... sizes) {
        return Transfer.load(MemorySegment.ofArray(data), new Spec(Shape.of(sizes), DType.F32),
                Settings.current().device(), "of");
    }

    /// A row of f64 numbers.
    public static Tensor of(double... data) {
        return of(data, data.length);
    }

    /// f64 numbers in row-major order.
    public static Tensor of(double[] data, long... sizes) {
        return Transfer.load(MemorySegment.ofArray(data), new Spec(Shape.of(sizes), DType.F64),
                Settings.current().device(), "of");
    }

    /// A row of i64 numbers.
    public static Tensor of(long... data) {
        return of(data, data.length);
    }

    /// i64 numbers in row-major order.
    public static Tensor of(long[] data, long... sizes) {
        return Transfer.load(MemorySegment.ofArray(data), new Spec(Shape.of(sizes), DType.I64),
                Settings.current().device(), "of");
    }

    /// i32 numbers in row-major order.
    public static Tensor of(int[] data, long... sizes) {
        return Transfer.load(MemorySegment.ofArray(data), new Spec(Shape.of(sizes), DType.I32),
                Settings.current().device(), "of");
    }

    /// Truth values in row-major order.
    public static Tensor of(boolean[] data, long... sizes) {
        var bytes = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            bytes[i] = (byte) (data[i] ? 1 : 0);
        }
        return Transfer.load(MemorySegment.ofArray(bytes), new Spec(Shape.of(sizes), DType.BOOL),
                Settings.current().device(), "of");
    }

    /// A tensor filled with raw little-endian elements in row-major order, copied.
    ///
    /// @throws ShapeException if the number of bytes is not that of the shape
    public static Tensor of(MemorySegment data, Shape shape, DType dtype, Device device) {
        return Transfer.load(data, new Spec(shape, dtype), device, "of");
    }

    /// A tensor whose memory holds whatever lay there: for readers of files, which write every element before anything
    /// reads one.
    public static Tensor uninitialised(Spec spec, Device device) {
        return Transfer.uninitialised(spec, device, "read");
    }

    /// A tensor in native memory that is not the library's, as a mapped file: its elements lie there, dense, row-major,
    /// little-endian. The memory is the tensor's from here on, and `release` runs once, when the tensor is freed as any
    /// other is: closed, with its scope, or by the garbage collector. Writes in place go to the memory.
    ///
    /// @throws ShapeException if the number of bytes is not that of the shape
    /// @throws IllegalArgumentException if the memory lies on the heap or is not aligned to elements, or the device
    ///     computes in memory of its own only; then `release` has not run
    public static Tensor borrow(MemorySegment memory, Spec spec, Device device, Runnable release) {
        return Transfer.borrowed(memory, spec, device, release);
    }

    /// f32 zeros.
    public static Tensor zeros(long... sizes) {
        return full(Shape.of(sizes), 0, DType.F32, Settings.current().device());
    }

    /// f32 ones.
    public static Tensor ones(long... sizes) {
        return full(Shape.of(sizes), 1, DType.F32, Settings.current().device());
    }

    /// Every element `value`, rounded to the type.
    public static Tensor full(Shape shape, double value, DType dtype, Device device) {
        return Dispatch.source(new Source.Fill(new Spec(shape, dtype), value), device);
    }

    /// `0, 1, ..., n - 1` as i64.
    public static Tensor arange(long n) {
        return arange(n, Settings.current().device());
    }

    /// `0, 1, ..., n - 1` as i64.
    public static Tensor arange(long n, Device device) {
        return arange(0, 1, new Spec(Shape.of(n), DType.I64), device);
    }

    /// Element `i` is `start + i * step`.
    public static Tensor arange(double start, double step, Spec spec, Device device) {
        return Dispatch.source(new Source.Arange(spec, start, step), device);
    }

    /// f32 numbers uniform in [0, 1).
    public static Tensor uniform(Shape shape, Rng rng) {
        return random(new Source.Distribution.Uniform(), new Spec(shape, DType.F32), rng, Settings.current().device());
    }

    /// f32 numbers from the standard normal distribution.
    public static Tensor normal(Shape shape, Rng rng) {
        return random(new Source.Distribution.Normal(), new Spec(shape, DType.F32), rng, Settings.current().device());
    }

    /// Truth values, true with probability `p`.
    public static Tensor bernoulli(Shape shape, double p, Rng rng, Device device) {
        return random(new Source.Distribution.Bernoulli(p), new Spec(shape, DType.BOOL), rng, device);
    }

    /// i64 numbers uniform in [0, bound).
    public static Tensor integers(Shape shape, long bound, Rng rng) {
        return random(new Source.Distribution.Integers(bound), new Spec(shape, DType.I64), rng,
                Settings.current().device());
    }

    /// Random elements: a pure function of `rng` and the element's index, whatever the device and the number of
    /// threads.
    public static Tensor random(Source.Distribution distribution, Spec spec, Rng rng, Device device) {
        return Dispatch.source(new Source.Random(distribution, spec, rng), device);
    }

    /// `tensors` one after another along `axis`, all of one type.
    public static Tensor concat(int axis, Tensor... tensors) {
        if (tensors.length == 0) {
            throw new ShapeException("concat: no tensors");
        }
        return Dispatch.one(new Concat(tensors[0].shape().axis(axis)), tensors);
    }

    /// `tensors` of one shape and type along a new axis.
    public static Tensor stack(int axis, Tensor... tensors) {
        var raised = new Tensor[tensors.length];
        for (int i = 0; i < raised.length; i++) {
            raised[i] = tensors[i].unsqueeze(axis);
        }
        return concat(axis, raised);
    }

    /// Sums of products by Einstein's rule, as `einsum("bhtd,bhsd->bhts", q, k)`. Rules: [Einsum].
    public static Tensor einsum(String equation, Tensor... operands) {
        return Einsum.apply(equation, operands);
    }

    // ---- owning and moving ----------------------------------------------------------------------

    /// The same memory, past which no gradient flows.
    public Tensor stopGradient() {
        return view(layout);
    }

    /// Hands the memory of this tensor to the scope around its own, so that it outlives it. Outside every scope nothing
    /// happens.
    public Tensor keep() {
        var owner = storage.owner();
        return owner == null ? this : owner.keep(this);
    }

    /// Frees the memory of this tensor and of all its views now.
    ///
    /// @throws IllegalStateException if it was freed before
    public void close() {
        if (!storage.free()) {
            throw new IllegalStateException("tensor: freed twice (made by " + storage.origin() + ")");
        }
    }

    /// True if the memory was freed.
    public boolean isClosed() {
        return storage.isFreed();
    }

    /// A copy on `target`; this tensor itself if it lies there.
    public Tensor to(Device target) {
        if (target.equals(device)) {
            return this;
        }
        try (var arena = Arena.ofConfined()) {
            return Transfer.load(Transfer.raw(this, arena), spec(), target, "to");
        }
    }

    /// Overwrites this tensor with `source`, of the same shape and type. Gradients of earlier uses are refused
    /// afterwards.
    public void assign(Tensor source) {
        Dispatch.into(new Copy(), new Tensor[] {source}, new Tensor[] {this});
    }

    // ---- reading --------------------------------------------------------------------------------

    /// The only element, as a double.
    ///
    /// @throws ShapeException if there is not exactly one
    public double item() {
        if (shape().count() != 1) {
            throw new ShapeException("item: " + shape() + " has " + shape().count() + " elements, not 1");
        }
        return Transfer.doubles(this)[0];
    }

    /// All elements in row-major order, as floats.
    public float[] toFloats() {
        return Transfer.floats(this);
    }

    /// All elements in row-major order, as doubles.
    public double[] toDoubles() {
        return Transfer.doubles(this);
    }

    /// All elements in row-major order, as longs; fractions are cut off.
    public long[] toLongs() {
        return Transfer.longs(this);
    }

    /// All elements, dense, row-major, little-endian, in memory of `arena`.
    public MemorySegment toSegment(Arena arena) {
        return Transfer.raw(this, arena);
    }

    /// The elements as NumPy prints them, long tensors shortened.
    @Override
    public String toString() {
        return Printer.text(this);
    }

    /// Shape, type, device, strides, bytes, and for numbers the least, the largest, the mean and the count of NaN.
    public String describe() {
        return Printer.describe(this);
    }
}
