package org.sfumato.nn.log;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/// A range of values laid along pixels, with round numbers for ticks.
///
/// @param scale how values become distances
/// @param low the value at `from`
/// @param high the value at `to`
/// @param from a pixel
/// @param to a pixel; smaller than `from` on an axis that points up
record Axis(Scale scale, double low, double high, double from, double to) {
    private static final int WANTED_TICKS = 6;
    private static final double[] STEPS = {1, 2, 2.5, 5, 10};
    private static final double[][] MANTISSAS = {{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 4, 5, 7}};

    /// The axis that shows all of `values`, which are fit for the scale, with a little air at both ends.
    static Axis around(List<Double> values, Scale scale, double air, double from, double to) {
        double low = values.stream().mapToDouble(scale::place).min().orElse(0);
        double high = values.stream().mapToDouble(scale::place).max().orElse(1);
        double room = high > low ? (high - low) * air : Math.max(Math.abs(high) * .05, .05);
        return new Axis(scale, scale.value(low - room), scale.value(high + room), from, to);
    }

    double pixel(double value) {
        double start = scale.place(low);
        return from + (scale.place(value) - start) / (scale.place(high) - start) * (to - from);
    }

    /// Round values inside the range, about six; where a logarithmic range is short, as on a linear axis.
    List<Double> ticks() {
        return switch (scale) {
            case LINEAR -> linearTicks();
            case LOGARITHMIC -> {
                var ticks = new ArrayList<Double>();
                for (int i = 0; i < MANTISSAS.length && ticks.size() < WANTED_TICKS - 2; i++) {
                    ticks = logarithmicTicks(MANTISSAS[i]);
                }
                yield ticks.size() < WANTED_TICKS - 3 ? linearTicks() : thinned(ticks);
            }
        };
    }

    private List<Double> linearTicks() {
        double rough = (high - low) / WANTED_TICKS;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = 10 * power;
        for (int i = STEPS.length - 1; i >= 0; i--) {
            step = STEPS[i] * power >= rough ? STEPS[i] * power : step;
        }
        var ticks = new ArrayList<Double>();
        for (long i = (long) Math.ceil(low / step); i * step <= high; i++) {
            ticks.add(round(i * step));
        }
        return ticks;
    }

    private ArrayList<Double> logarithmicTicks(double[] mantissas) {
        var ticks = new ArrayList<Double>();
        for (int power = (int) Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
            for (double mantissa : mantissas) {
                double value = round(mantissa * Math.pow(10, power));
                if (value >= low && value <= high) {
                    ticks.add(value);
                }
            }
        }
        return ticks;
    }

    private static List<Double> thinned(List<Double> ticks) {
        int stride = Math.ceilDiv(ticks.size(), 2 * WANTED_TICKS);
        var kept = new ArrayList<Double>();
        for (int i = 0; i < ticks.size(); i += stride) {
            kept.add(ticks.get(i));
        }
        return kept;
    }

    /// `0.30000000000000004` is meant to be 0.3.
    private static double round(double value) {
        return new BigDecimal(value).round(new MathContext(12)).doubleValue();
    }

    /// A tick's text: `0.25`, `20k`, `1.5M`, `1e-7`.
    static String label(double value) {
        double size = Math.abs(value);
        if (size == 0) {
            return "0";
        }
        if (size >= 1e12 || size < 1e-4) {
            int power = (int) Math.floor(Math.log10(size) + 1e-9);
            return plain(value / Math.pow(10, power)) + "e" + power;
        }
        if (size >= 1e9) {
            return plain(value / 1e9) + "G";
        }
        if (size >= 1e6) {
            return plain(value / 1e6) + "M";
        }
        return size >= 1e4 ? plain(value / 1e3) + "k" : plain(value);
    }

    private static String plain(double value) {
        return new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros().toPlainString();
    }
}
