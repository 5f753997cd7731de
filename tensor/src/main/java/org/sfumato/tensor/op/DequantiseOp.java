package org.sfumato.tensor.op;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.quantised.DynamicMap;
import org.sfumato.tensor.quantised.NormalFloat;
import org.sfumato.tensor.quantised.WeightFormat;

/// The matrix that is stored in some format. Shapes: the parts of [WeightFormat#parts] -> (O, columns) f32. No gradient
/// flows to the parts.
public record DequantiseOp(WeightFormat format, long columns) implements Fused {
    @Override
    public String name() {
        return "dequantise";
    }

    @Override
    public Spec[] outputs(Spec... in) {
        return new Spec[] {new Spec(Shape.of(rows(in), columns), DType.F32)};
    }

    /// The rows of the matrix with these parts, which are checked.
    private long rows(Spec... in) {
        if (in.length != format.partCount() || in[0].shape().rank() != 2) {
            throw new ShapeException("dequantise: " + format + " has " + format.partCount() + " parts, got "
                    + in.length + (in.length == 0 ? "" : ", the first is " + in[0] + " and must be a matrix"));
        }
        long rows = in[0].shape().size(0);
        var parts = format.parts(rows, columns);
        for (int i = 0; i < in.length; i++) {
            var part = parts.get(i);
            if (!in[i].shape().equals(part.shape()) || in[i].dtype() != part.dtype()) {
                throw new ShapeException("dequantise: part " + i + " of a matrix (" + rows + ", " + columns + ") in "
                        + format + " is " + part + ", got " + in[i]);
            }
        }
        return rows;
    }

    @Override
    public Tensor[] reference(Tensor... in) {
        long rows = in[0].size(0);
        long blocks = format.blocks(columns);
        var values = switch (format) {
            case BF16 -> in[0];
            case Q8 -> {
                var codes = bytes(in[0]);
                yield scaled(codes.sub(codes.ge(128).cast(DType.F64).mul(256)).reshape(rows, blocks, 32), in[1]);
            }
            case Q4 -> {
                var codes = bytes(in[0]).reshape(rows, blocks, 16);
                var upper = codes.div(16).floor();
                yield scaled(Tensor.concat(-1, codes.sub(upper.mul(16)), upper).sub(8), in[1]);
            }
            case NF4 -> {
                var codes = bytes(in[0]);
                var upper = codes.div(16).floor();
                var levels = lookUp(NormalFloat.levels(), Tensor.stack(-1, upper, codes.sub(upper.mul(16))));
                yield scaled(levels.reshape(rows, blocks, 64), largest(rows * blocks, in).reshape(rows, blocks));
            }
        };
        return new Tensor[] {values.cast(DType.F32).reshape(rows, blocks * format.block()).slice(1, 0, columns)};
    }

    private static Tensor scaled(Tensor values, Tensor scales) {
        return values.cast(DType.F32).mul(scales.cast(DType.F32).unsqueeze(-1));
    }

    /// The largest size in each block.
    private static Tensor largest(long count, Tensor[] in) {
        var values = lookUp(DynamicMap.values(), bytes(in[1]).slice(0, 0, count));
        var group = Tensor.arange(count, in[0].device()).cast(DType.F64).div(WeightFormat.GROUP).floor();
        return values.mul(in[2].cast(DType.F32).indexSelect(0, group.cast(DType.I64))).add(in[3].cast(DType.F32));
    }

    private static Tensor lookUp(float[] table, Tensor codes) {
        return Tensor.of(table).to(codes.device()).indexSelect(0, codes.reshape(codes.shape().count())
                .cast(DType.I64));
    }

    /// The bytes of words, from the lowest on. Shapes: (..., n) i32 -> (..., 4n) f64.
    private static Tensor bytes(Tensor words) {
        var signed = words.cast(DType.F64);
        var whole = signed.add(signed.lt(0).cast(DType.F64).mul(0x1p32));
        var parts = new Tensor[4];
        for (int k = 0; k < 4; k++) {
            double unit = Math.scalb(1.0, -8 * k);
            parts[k] = whole.mul(unit).floor().sub(whole.mul(unit / 256).floor().mul(256));
        }
        return Tensor.stack(-1, parts).reshape(words.shape().with(-1, 4 * words.size(-1)));
    }

    @Override
    public Tensor[] vjp(Saved saved, Tensor[] dOut) {
        return new Tensor[saved.inputs()];
    }
}
