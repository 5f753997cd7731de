package org.sfumato.nn;

/// How the angles of rotary positions are slowed down for sequences longer than those of the first training.
///
/// @param kind the rule
/// @param factor by how much longer
/// @param low LLAMA3: wavelengths above `original / low` are stretched by the factor
/// @param high LLAMA3: those below `original / high` are left; between the two it changes smoothly
/// @param original LLAMA3: the length of the first training
public record RotaryScaling(Kind kind, double factor, double low, double high, int original) {
    /// The rule: none; all angles divided by the factor (Chen et al. 2023, arXiv 2306.15595); or by wavelength, as
    /// Llama 3.1 (Grattafiori et al. 2024, arXiv 2407.21783).
    public enum Kind { NONE, LINEAR, LLAMA3 }

    /// Angles as they are.
    public static final RotaryScaling NONE = new RotaryScaling(Kind.NONE, 1, 0, 0, 0);

    /// All angles divided by `factor`.
    public static RotaryScaling linear(double factor) {
        return new RotaryScaling(Kind.LINEAR, factor, 0, 0, 0);
    }

    /// Checks what can be checked.
    public RotaryScaling {
        if (!(factor > 0) || kind == Kind.LLAMA3 && !(low > 0 && high > low && original > 0)) {
            throw new IllegalArgumentException("rotary scaling: needs a positive factor, and for LLAMA3 0 < low < high "
                    + "and a positive length, got " + factor + ", " + low + ", " + high + ", " + original);
        }
    }

    /// The angle per position of a pair whose angle was `angle`.
    double scaled(double angle) {
        return switch (kind) {
            case NONE -> angle;
            case LINEAR -> angle / factor;
            case LLAMA3 -> {
                double turns = original * angle / (2 * Math.PI);               // in the length of the first training
                double kept = Math.clamp((turns - low) / (high - low), 0, 1);
                yield kept * angle + (1 - kept) * angle / factor;
            }
        };
    }
}
