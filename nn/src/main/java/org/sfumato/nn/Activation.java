package org.sfumato.nn;

import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Tensor;

/// The function inside an [Mlp]. Gated ones take two halves, `f(a) * b`. Source of the gated ones: Shazeer 2020, arXiv
/// 2002.05202.
public enum Activation {
    /// `x Phi(x)` by erf.
    GELU(false),
    /// GELU in its tanh approximation.
    GELU_TANH(false),
    /// `x sigmoid(x)`.
    SILU(false),
    /// `max(x, 0)`.
    RELU(false),
    /// `silu(a) * b`.
    SWIGLU(true),
    /// `gelu(a) * b`.
    GEGLU(true);

    private static final Fuse SWIGLU_GATE = Fuse.of("swiglu", (a, b) -> a.mul(a.sigmoid()).mul(b));
    private static final Fuse GEGLU_GATE = Fuse.of("geglu",
            (a, b) -> a.mul(.5).mul(a.mul(Math.sqrt(.5)).erf().add(1)).mul(b));

    private final boolean gated;

    Activation(boolean gated) {
        this.gated = gated;
    }

    /// True if the function takes two halves.
    public boolean isGated() {
        return gated;
    }

    /// The function of the first half, or this one if it is not gated.
    public Activation ungated() {
        return switch (this) {
            case SWIGLU -> SILU;
            case GEGLU -> GELU;
            case GELU, GELU_TANH, SILU, RELU -> this;
        };
    }

    /// Applies it. Shapes: (..., F) -> (..., F), or (..., 2F) -> (..., F) if gated, the first half going through the
    /// function.
    public Tensor apply(Tensor x) {
        return switch (this) {
            case GELU -> x.gelu();
            case GELU_TANH -> x.geluTanh();
            case SILU -> x.silu();
            case RELU -> x.relu();
            case SWIGLU -> gate(SWIGLU_GATE, x);
            case GEGLU -> gate(GEGLU_GATE, x);
        };
    }

    private static Tensor gate(Fuse gate, Tensor x) {
        long half = x.size(-1) / 2;
        return gate.apply(x.slice(-1, 0, half), x.slice(-1, half, 2 * half));
    }
}
