package org.sfumato.nn.log;

/// How values become distances along an axis.
public enum Scale {
    /// Equal differences are equal distances.
    LINEAR,
    /// Equal ratios are equal distances; only positive values have a place.
    LOGARITHMIC;

    boolean shows(double value) {
        return Double.isFinite(value) && switch (this) {
            case LINEAR -> true;
            case LOGARITHMIC -> value > 0;
        };
    }

    double place(double value) {
        return switch (this) {
            case LINEAR -> value;
            case LOGARITHMIC -> Math.log10(value);
        };
    }

    double value(double place) {
        return switch (this) {
            case LINEAR -> place;
            case LOGARITHMIC -> Math.pow(10, place);
        };
    }
}
