package org.sfumato.nn;

import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Tables for rotary position embedding: the angle of position `t` and pair `i` is `t * base^(-2i/D)`.
/// Shapes: cos and sin (T, D/2). Source: Su et al. 2021, arXiv 2104.09864.
public record Rotary(Tensor cos, Tensor sin) {
    /// Tables for positions 0 to `length - 1` and heads of size `headSize`, computed in float64.
    public static Rotary of(long length, int headSize, double base, DType dtype, Device device) {
        return of(length, headSize, base, RotaryScaling.NONE, dtype, device);
    }

    /// The same with scaled angles.
    public static Rotary of(long length, int headSize, double base, RotaryScaling scaling, DType dtype,
            Device device) {
        var angles = new double[headSize / 2];
        for (int i = 0; i < angles.length; i++) {
            angles[i] = scaling.scaled(Math.pow(base, -2.0 * i / headSize));
        }
        var tables = Dispatch.unrecorded(() -> Scope.results(() -> {
            var position = Tensor.arange(0, 1, new Spec(Shape.of(length, 1), DType.F64), device);
            var angle = position.mul(Tensor.of(angles, angles.length).to(device));                     // (T, D/2)
            return new Tensor[] {angle.cos().cast(dtype), angle.sin().cast(dtype)};
        }));
        return new Rotary(tables[0], tables[1]);
    }

    /// The tables of positions `from` to `to - 1`.
    public Rotary slice(long from, long to) {
        return new Rotary(cos.slice(0, from, to), sin.slice(0, from, to));
    }

    /// The tables of the same positions, one after the other.
    public Rotary twice() {
        return new Rotary(Tensor.concat(0, cos, cos), Tensor.concat(0, sin, sin));
    }

    /// Turns queries or keys. Shapes: x (B, H, T, D) -> the same.
    public Tensor apply(Tensor x) {
        return x.rotary(cos, sin);
    }
}
