package org.sfumato.testing;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// An input of a [Sample]: values in row-major order, a type or none if the type varies, and the way it lies in memory.
public record Input(double[] values, Shape shape, DType fixed, Form form) {
    /// How a tensor lies in memory. What a view leaves out is filled with values that spoil every result.
    public enum Form {
        /// Row-major.
        DENSE,
        /// Column-major: a view with all axes in reverse order.
        PERMUTED,
        /// Every second element of a longer last axis, from the second one on.
        STEPPED,
        /// A negative stride along the first axis.
        REVERSED,
        /// Stride 0 along the first axis.
        EXPANDED
    }

    /// Normal numbers, different for each `seed`.
    public static Input normal(int seed, long... sizes) {
        var shape = Shape.of(sizes);
        var rng = Rng.of(1000 + seed);
        return of(IntStream.range(0, (int) shape.count()).mapToDouble(rng::normal).toArray(), sizes);
    }

    /// Uniform numbers in [low, high).
    public static Input uniform(int seed, double low, double high, long... sizes) {
        var shape = Shape.of(sizes);
        var rng = Rng.of(2000 + seed);
        return of(IntStream.range(0, (int) shape.count()).mapToDouble(i -> low + (high - low) * rng.uniformDouble(i))
                .toArray(), sizes);
    }

    /// Few different numbers, so that many are equal: multiples of 1/2 in [-2, 2].
    public static Input ties(int seed, long... sizes) {
        return of(Arrays.stream(uniform(seed, -4, 4, sizes).values).map(v -> Math.rint(v) / 2).toArray(), sizes);
    }

    /// Indices in [0, bound).
    public static Input indices(int seed, long bound, long... sizes) {
        var values = Arrays.stream(uniform(seed, 0, bound, sizes).values).map(Math::floor).toArray();
        return new Input(values, Shape.of(sizes), DType.I64, Form.DENSE);
    }

    /// Truth values, true with probability `p`.
    public static Input truth(int seed, double p, long... sizes) {
        var values = Arrays.stream(uniform(seed, 0, 1, sizes).values).map(v -> v < p ? 1 : 0).toArray();
        return new Input(values, Shape.of(sizes), DType.BOOL, Form.DENSE);
    }

    /// The given values, of a type that varies.
    public static Input of(double[] values, long... sizes) {
        return new Input(values, Shape.of(sizes), null, Form.DENSE);
    }

    /// The same values, always of `type`.
    public Input as(DType type) {
        return new Input(values, shape, type, form);
    }

    /// The same values in memory of another form; [Form#EXPANDED] repeats those at index 0 of the first axis.
    public Input as(Form other) {
        if (other != Form.EXPANDED || shape.rank() == 0 || shape.count() == 0) {
            return new Input(values, shape, fixed, other);
        }
        int block = (int) (shape.count() / shape.size(0));
        var repeated = new double[values.length];
        Arrays.setAll(repeated, i -> values[i % block]);
        return new Input(repeated, shape, fixed, other);
    }

    /// The same kind of input with every element NaN.
    public Input nan() {
        var values = new double[this.values.length];
        Arrays.fill(values, Double.NaN);
        return new Input(values, shape, fixed, form);
    }

    /// The type of this input where those that vary are `varying`.
    public DType type(DType varying) {
        return fixed == null ? varying : fixed;
    }

    /// The tensor on `device`, its type `varying` unless it is fixed. Integers and truth values are the values times 4,
    /// rounded.
    public Tensor on(DType varying, Device device) {
        return laidOut(type(varying), fixed == null && !varying.isFloating() ? 4 : 1, device);
    }

    /// The tensor of [#on] on the reference, dense, with its values exactly, but in float64 if it varies and floats.
    public Tensor oracle(DType varying) {
        var dense = as(Form.DENSE).on(varying, Device.REFERENCE);
        return fixed != null || !varying.isFloating() ? dense : load(dense.toDoubles(), shape, DType.F64,
                Device.REFERENCE);
    }

    private Tensor laidOut(DType type, int times, Device device) {
        int rank = shape.rank();
        var scaled = Arrays.stream(values).map(v -> times == 1 ? v : Math.rint(times * v)).toArray();
        if (rank == 0 || form == Form.DENSE) {
            return load(scaled, shape, type, device);
        }
        return switch (form) {
            case DENSE -> throw new AssertionError(form);
            case PERMUTED -> {
                int[] order = IntStream.range(0, rank).map(i -> rank - 1 - i).toArray();
                var turned = Shape.of(Arrays.stream(order).mapToLong(shape::size).toArray());
                yield load(gather(scaled, turned, order), turned, type, device).permute(order);
            }
            case STEPPED -> {
                int last = (int) shape.size(-1);
                var spread = new double[Math.max(1, 2 * last + 1) * (last == 0 ? 0 : scaled.length / last)];
                Arrays.fill(spread, type.isFloating() ? Double.NaN : 0x7777);
                for (int i = 0; i < scaled.length; i++) {
                    spread[i / last * (2 * last + 1) + 2 * (i % last) + 1] = scaled[i];
                }
                var wide = shape.with(-1, last == 0 || scaled.length == 0 ? 0 : 2L * last + 1);
                yield scaled.length == 0 ? load(scaled, shape, type, device) : load(spread, wide, type, device)
                        .slice(-1, 1, wide.size(-1), 2);
            }
            case REVERSED -> {
                int rows = (int) shape.size(0);
                int block = rows == 0 ? 0 : scaled.length / rows;
                var flipped = new double[scaled.length];
                Arrays.setAll(flipped, i -> scaled[(rows - 1 - i / block) * block + i % block]);
                yield load(flipped, shape, type, device).flip(0);
            }
            case EXPANDED -> {
                var first = shape.with(0, Math.min(1, shape.size(0)));
                yield load(Arrays.copyOf(scaled, (int) first.count()), first, type, device).expand(shape);
            }
        };
    }

    /// The values in the order of a permuted shape.
    private double[] gather(double[] from, Shape turned, int[] order) {
        var strides = shape.strides();
        var result = new double[from.length];
        for (int i = 0; i < result.length; i++) {
            long rest = i;
            long at = 0;
            for (int axis = turned.rank() - 1; axis >= 0; axis--) {
                at += rest % turned.size(axis) * strides[order[axis]];
                rest /= turned.size(axis);
            }
            result[i] = from[(int) at];
        }
        return result;
    }

    /// A dense tensor of `values` as `type`.
    public static Tensor load(double[] values, Shape shape, DType type, Device device) {
        return Tensor.of(bytes(values, type), shape, type, device);
    }

    // Arrays of the type itself: a segment's elements, one by one, are slow until the compiler has seen many.
    private static MemorySegment bytes(double[] values, DType type) {
        int n = values.length;
        return switch (type) {
            case F64 -> MemorySegment.ofArray(values);
            case F32 -> {
                var data = new float[n];
                for (int i = 0; i < n; i++) {
                    data[i] = (float) values[i];
                }
                yield MemorySegment.ofArray(data);
            }
            case BF16, F16 -> {
                var data = new short[n];
                for (int i = 0; i < n; i++) {
                    float v = (float) values[i];
                    data[i] = type == DType.F16 ? Float.floatToFloat16(v) : (short) (Float.floatToRawIntBits(v) >>> 16);
                }
                yield MemorySegment.ofArray(data);
            }
            case I64 -> {
                var data = new long[n];
                Arrays.setAll(data, i -> (long) values[i]);
                yield MemorySegment.ofArray(data);
            }
            case I32 -> {
                var data = new int[n];
                Arrays.setAll(data, i -> (int) values[i]);
                yield MemorySegment.ofArray(data);
            }
            case BOOL -> {
                var data = new byte[n];
                for (int i = 0; i < n; i++) {
                    data[i] = (byte) (values[i] != 0 ? 1 : 0);
                }
                yield MemorySegment.ofArray(data);
            }
        };
    }

    @Override
    public String toString() {
        return (fixed == null ? "" : fixed + " ") + shape + (form == Form.DENSE ? "" : " " + form);
    }
}
