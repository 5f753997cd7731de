package org.sfumato.tensor.quantised;

import java.util.Arrays;

/// The 256 values of the 8-bit dynamic map: `+-10^(i-6) m` for i from 0 to 6, m the middles of 2^i equal parts of
/// [0.1, 1], and 0 and 1. Source: Dettmers et al. 2022, arXiv 2110.02861, section 1.3; rounded as bitsandbytes rounds.
public final class DynamicMap {
    /// How many there are.
    public static final int COUNT = 256;

    private static final float[] VALUES = make();

    private DynamicMap() { }

    private static float[] make() {
        var values = new float[COUNT];
        int at = 0;
        for (int i = 0; i < 7; i++) {
            int parts = 1 << i;
            float scale = (float) Math.pow(10, i - 6);
            for (int j = 0; j < parts; j++) {
                float value = scale * ((bound(j, parts) + bound(j + 1, parts)) / 2);
                values[at++] = value;
                values[at++] = -value;
            }
        }
        values[at++] = 0;
        values[at] = 1;
        Arrays.sort(values);
        return values;
    }

    /// Bound `j` of so many equal parts of [0.1, 1], counted from the nearer end and rounded once, as PyTorch does.
    private static float bound(int j, int parts) {
        float step = (1 - .1f) / parts;
        return j < (parts + 1) / 2 ? Math.fma(step, j, .1f) : Math.fma(-step, parts - j, 1);
    }

    /// All values, rising.
    public static float[] values() {
        return VALUES.clone();
    }

    /// The code of the value nearest to `x`, the lower one of two.
    static int code(float x) {
        int found = Arrays.binarySearch(VALUES, x);
        int above = Math.clamp(found < 0 ? ~found : found, 1, COUNT - 1);
        return x - VALUES[above - 1] <= VALUES[above] - x ? above - 1 : above;
    }
}
