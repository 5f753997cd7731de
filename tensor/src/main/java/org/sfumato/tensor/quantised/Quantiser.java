package org.sfumato.tensor.quantised;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.cpu.Parallel;

/// Writes the parts of a matrix, see [WeightFormat]. The work is done in host memory.
///
/// @param columns of the matrix
/// @param blocks of a row
/// @param from the matrix, dense f32
/// @param parts the memory of the parts
record Quantiser(WeightFormat format, long rows, long columns, long blocks, MemorySegment from,
        List<MemorySegment> parts) {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final int PIECE = 1 << 16;

    static List<Tensor> parts(WeightFormat format, Tensor matrix) {
        if (matrix.shape().rank() != 2 || !matrix.dtype().isFloating()) {
            throw new ShapeException("quantise: needs a matrix of a floating type, got " + matrix.spec());
        }
        if (format == WeightFormat.BF16) {
            return List.of(matrix.cast(DType.BF16).contiguous());
        }
        long rows = matrix.size(0);
        long columns = matrix.size(1);
        var made = new ArrayList<Tensor>();
        for (var spec : format.parts(rows, columns)) {
            made.add(Tensor.uninitialised(spec, Device.CPU));
        }
        try {
            Scope.temporary(() -> {
                var dense = matrix.cast(DType.F32).to(Device.CPU).contiguous();
                new Quantiser(format, rows, columns, format.blocks(columns), memory(dense),
                        made.stream().map(Quantiser::memory).toList()).run();
                Reference.reachabilityFence(dense);
            });
        } catch (RuntimeException | Error e) {
            made.forEach(Tensor::close);
            throw e;
        }
        return made.stream().map(part -> part.to(matrix.device())).toList();
    }

    private static MemorySegment memory(Tensor tensor) {
        var operand = tensor.operand();
        return operand.segment().asSlice(operand.byteOffset(), operand.spec().bytes());
    }

    private void run() {
        if (format == WeightFormat.NF4) {
            normalFloat();
        } else {
            Parallel.grains(rows, Math.max(1, PIECE / Math.max(1, columns)), this::rows);
        }
    }

    private void rows(long r0, long r1) {
        var x = new float[format.block()];
        for (long at = r0 * blocks; at < r1 * blocks; at++) {
            float largest = load(at, x);
            if (format == WeightFormat.Q8) {
                q8(x, Math.abs(largest), at);
            } else {
                q4(x, largest, at);
            }
        }
    }

    /// Reads block `at`; its element of the largest size, the first among equals.
    private float load(long at, float[] x) {
        long row = at / blocks;
        long column = at % blocks * x.length;
        float largest = 0;
        for (int i = 0; i < x.length; i++) {
            x[i] = column + i < columns ? from.get(FLOAT, 4 * (row * columns + column + i)) : 0;
            if (!Float.isFinite(x[i])) {
                throw new IllegalArgumentException("quantise: element (" + row + ", " + (column + i) + ") is " + x[i]);
            }
            largest = Math.abs(x[i]) > Math.abs(largest) ? x[i] : largest;
        }
        return largest;
    }

    private void scale(long at, float d) {
        if (Float.isInfinite(Float.float16ToFloat(Float.floatToFloat16(d)))) {
            throw new IllegalArgumentException("quantise: row " + at / blocks + " has a scale of " + d
                    + ", more than f16 holds\nhint: use " + WeightFormat.NF4 + " or " + WeightFormat.BF16);
        }
        parts.get(1).set(SHORT, 2 * at, Float.floatToFloat16(d));
    }

    /// `d = max |x| / 127`, `q` the nearest number to `x / d`, halves away from zero.
    private void q8(float[] x, float largest, long at) {
        float d = largest / 127;
        float inverse = d == 0 ? 0 : 1 / d;
        scale(at, d);
        for (int i = 0; i < x.length; i++) {
            float scaled = x[i] * inverse;
            float size = (float) Math.floor(Math.abs(scaled));
            size += (float) Math.floor(2 * (Math.abs(scaled) - size));
            parts.get(0).set(BYTE, at * x.length + i, (byte) (scaled < 0 ? -size : size));
        }
    }

    /// `d = -x / 8` for the x of largest size, which becomes code 0; `q` the nearest number to `8 + x / d`, at most 15.
    private void q4(float[] x, float largest, long at) {
        float d = largest / -8;
        float inverse = d == 0 ? 0 : 1 / d;
        scale(at, d);
        for (int i = 0; i < 16; i++) {
            parts.get(0).set(BYTE, at * 16 + i, (byte) (q4(x[i], inverse) | q4(x[16 + i], inverse) << 4));
        }
    }

    private static int q4(float x, float inverse) {
        return Math.min(15, (int) ((double) x * inverse + 8.5));
    }

    /// The blocks with their largest sizes, then these in blocks of [WeightFormat#GROUP], less their mean.
    private void normalFloat() {
        int count = Math.toIntExact(rows * blocks);
        var largest = new float[count];
        Parallel.grains(count, PIECE / format.block(), (b0, b1) -> {
            var x = new float[format.block()];
            for (long at = b0; at < b1; at++) {
                float a = Math.abs(load(at, x));
                largest[(int) at] = a;
                for (int i = 0; i < x.length; i += 2) {
                    int upper = a == 0 ? NormalFloat.ZERO : NormalFloat.code(x[i] / a);
                    int lower = a == 0 ? NormalFloat.ZERO : NormalFloat.code(x[i + 1] / a);
                    parts.get(0).set(BYTE, (at * x.length + i) / 2, (byte) (upper << 4 | lower));
                }
            }
        });
        double sum = 0;
        for (float a : largest) {
            sum += a;
        }
        float mean = count == 0 ? 0 : (float) (sum / count);
        parts.get(3).set(FLOAT, 0, mean);
        parts.get(1).fill((byte) 0);                                    // what fills up the last word
        for (int first = 0; first < count; first += WeightFormat.GROUP) {
            int last = Math.min(count, first + WeightFormat.GROUP);
            float most = 0;
            for (int i = first; i < last; i++) {
                largest[i] -= mean;
                most = Math.max(most, Math.abs(largest[i]));
            }
            parts.get(2).set(FLOAT, 4L * (first / WeightFormat.GROUP), most);
            for (int i = first; i < last; i++) {
                parts.get(1).set(BYTE, i, (byte) DynamicMap.code(most == 0 ? 0 : largest[i] / most));
            }
        }
    }
}
