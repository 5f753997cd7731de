package org.sfumato.tensor;

import java.util.function.Supplier;

/// The types in which the operations of a network work: mixed precision, with parameters in f32.
///
/// Within [#call], operations that are mostly products of matrices (`matmul`, `linear`, `conv2d`, `attention`, `linear`
/// with cross-entropy) read their f32 inputs rounded to the half type and give results of it; sums inside are f32. What
/// a half type is too coarse for reads half types as f32: softmax, norms, cross-entropy, sums and products along axes,
/// and the functions that reach far (`exp`, `log`, `pow`, `square`, `reciprocal`, `rsqrt`, `softplus`). All else takes
/// what comes, and the wider of two types. A parameter is converted once for all its uses; the conversion is recorded,
/// so that its gradient is f32 again. f64 and whole numbers stay as they are.
///
/// ```java
/// try (var tape = Tape.record(() -> Precision.BF16.call(() -> model.loss(batch)))) {
///     optimizer.step(tape.gradients(parameters));              // both f32
/// }
/// ```
///
/// The gradients of operations are computed in the types that these had. Source: Micikevicius et al. 2018, arXiv
/// 1710.03740; the choice of operations is that of torch.autocast.
public enum Precision {
    /// Everything as it is written: no conversions.
    F32(null),
    /// bfloat16: the range of f32, 8 bits of significand.
    BF16(DType.BF16),
    /// binary16: 11 bits, from 6e-8 to 65504; gradients need a scaled loss.
    FP16(DType.F16);

    private static final ScopedValue<Casts> CASTS = ScopedValue.newInstance();

    private final DType half;

    Precision(DType half) {
        this.half = half;
    }

    /// Runs `body` in this precision; within that of another it is the innermost that counts.
    public <T> T call(Supplier<T> body) {
        return current() == this ? body.get() : ScopedValue.where(CASTS, new Casts(this, half)).call(body::get);
    }

    /// The precision in which the caller runs.
    public static Precision current() {
        return CASTS.isBound() ? CASTS.get().precision() : F32;
    }

    /// The conversions of the current precision; `null` if it needs none.
    static Casts casts() {
        var casts = CASTS.isBound() ? CASTS.get() : null;
        return casts == null || casts.precision() == F32 ? null : casts;
    }
}
