package org.sfumato.tensor.quantised;

/// The 16 levels of 4-bit NormalFloat: quantiles of the standard normal distribution, scaled to [-1, 1], with 0 among
/// them. Source: Dettmers et al. 2023, arXiv 2305.14314, section 3 and appendix E.
public final class NormalFloat {
    /// How many there are.
    public static final int COUNT = 16;

    /// The code of level 0.
    static final int ZERO = 7;

    private static final float[] LEVELS = {-1, -.6961928009986877f, -.5250730514526367f, -.39491748809814453f,
        -.28444138169288635f, -.18477343022823334f, -.09105003625154495f, 0, .07958029955625534f, .16093020141124725f,
        .24611230194568634f, .33791524171829224f, .44070982933044434f, .5626170039176941f, .7229568362236023f, 1};

    private NormalFloat() { }

    /// All levels, rising.
    public static float[] levels() {
        return LEVELS.clone();
    }

    /// The code of the level nearest to `x`, the lower one of two.
    static int code(float x) {
        int code = 0;
        while (code < COUNT - 1 && x > (LEVELS[code] + LEVELS[code + 1]) / 2) {
            code++;
        }
        return code;
    }
}
