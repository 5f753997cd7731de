package org.sfumato.cli.data;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// The values of a tensor: the finite ones, and how many are not. Least, largest and mean are NaN if none is finite.
record ValueRange(double least, double largest, double mean, long nan, long infinite) {
    private static final int PART = 1 << 20;

    static ValueRange of(Tensor x) {
        double least = Double.POSITIVE_INFINITY;
        double largest = Double.NEGATIVE_INFINITY;
        double sum = 0;
        long nan = 0;
        long infinite = 0;
        long count = x.shape().count();
        for (long from = 0; from < count; from += PART) {
            for (double value : part(x.reshape(count), from, Math.min(count, from + PART))) {
                if (Double.isNaN(value)) {
                    nan++;
                } else if (Double.isInfinite(value)) {
                    infinite++;
                } else {
                    least = Math.min(least, value);
                    largest = Math.max(largest, value);
                    sum += value;
                }
            }
        }
        long finite = count - nan - infinite;
        return finite == 0 ? new ValueRange(Double.NaN, Double.NaN, Double.NaN, nan, infinite)
                : new ValueRange(least, largest, sum / finite, nan, infinite);
    }

    private static double[] part(Tensor flat, long from, long to) {
        try (var scope = Scope.open("part")) {
            return scope.call(() -> flat.slice(0, from, to).toDoubles());
        }
    }

    Map<String, Object> fields() {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("min", Double.isNaN(least) ? null : least);
        fields.put("max", Double.isNaN(largest) ? null : largest);
        fields.put("mean", Double.isNaN(mean) ? null : mean);
        fields.put("nan", nan);
        fields.put("infinite", infinite);
        return fields;
    }

    @Override
    public String toString() {
        var odd = nan + infinite == 0 ? "" : "  " + nan + " NaN, " + infinite + " infinite";
        return String.format(Locale.ROOT, "%11.4g .. %-11.4g mean %11.4g%s", least, largest, mean, odd);
    }
}
