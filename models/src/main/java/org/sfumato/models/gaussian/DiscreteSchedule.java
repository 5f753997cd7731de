package org.sfumato.models.gaussian;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.sfumato.models.diffusion.Times;
import org.sfumato.tensor.Rng;

/// `T` steps of noise that preserves variance, `z_t = sqrt(alphaBar_t) x + sqrt(1 - alphaBar_t) e`, with `alphaBar_t =
/// prod_{i <= t} (1 - beta_i)`. A network is told the number of the step, from 0 on. Source: Ho et al. 2020, arXiv
/// 2006.11239.
///
/// @param kind how the betas go
/// @param steps T
/// @param first beta_0; of no meaning for [Kind#COSINE]
/// @param last beta_{T-1}; of no meaning for [Kind#COSINE]
public record DiscreteSchedule(Kind kind, int steps, double first, double last) implements GaussianSchedule {
    /// How the betas go from the first to the last.
    public enum Kind {
        /// Straight. Source: Ho et al. 2020, section 4.
        LINEAR,
        /// Their square roots straight. Source: Rombach et al. 2022, arXiv 2112.10752, appendix.
        SCALED_LINEAR,
        /// `alphaBar(t) = cos^2((t + 0.008) / 1.008 pi/2)`, betas at most 0.999. Source: Nichol and Dhariwal 2021,
        /// arXiv 2102.09672, equation 17.
        COSINE
    }

    private static final double OFFSET = .008;
    private static final double LARGEST_BETA = .999;

    /// Checks the values.
    public DiscreteSchedule {
        if (steps < 1 || kind != Kind.COSINE && !(first > 0 && first <= last && last < 1)) {
            throw new IllegalArgumentException("schedule: steps " + steps + " must be at least 1, betas " + first
                    + " to " + last + " rise within (0, 1)");
        }
    }

    /// 1000 steps, betas from 1e-4 to 0.02: DDPM's.
    public static DiscreteSchedule linear() {
        return new DiscreteSchedule(Kind.LINEAR, 1000, 1e-4, .02);
    }

    /// 1000 steps, roots of betas from that of 0.00085 to that of 0.012.
    public static DiscreteSchedule scaledLinear() {
        return new DiscreteSchedule(Kind.SCALED_LINEAR, 1000, .00085, .012);
    }

    /// 1000 steps along a cosine.
    public static DiscreteSchedule cosine() {
        return new DiscreteSchedule(Kind.COSINE, 1000, 0, 0);
    }

    /// alphaBar of every step.
    public double[] alphaBars() {
        var table = new double[steps];
        double product = 1;
        for (int t = 0; t < steps; t++) {
            product *= 1 - beta(t);
            table[t] = product;
        }
        return table;
    }

    private double beta(int t) {
        double share = steps == 1 ? 0 : (double) t / (steps - 1);
        return switch (kind) {
            case LINEAR -> first + share * (last - first);
            case SCALED_LINEAR -> {
                double root = Math.sqrt(first) + share * (Math.sqrt(last) - Math.sqrt(first));
                yield root * root;
            }
            case COSINE -> Math.min(LARGEST_BETA, 1 - cosine(t + 1.0) / cosine(t));
        };
    }

    private double cosine(double t) {
        double c = Math.cos((t / steps + OFFSET) / (1 + OFFSET) * Math.PI / 2);
        return c * c;
    }

    /// The level of step `t`.
    public NoiseLevel step(int t) {
        if (t < 0 || t >= steps) {
            throw new IllegalArgumentException("schedule: step " + t + " is outside [0, " + steps + ")");
        }
        return NoiseLevel.ofAlphaBar(alphaBars()[t], t);
    }

    @Override
    public NoiseLevel level(double u) {
        return step(Math.min(steps - 1, (int) (u * steps)));
    }

    @Override
    public List<NoiseLevel> draw(int rows, Rng rng) {
        return levels(Arrays.stream(Times.stratified(rows, rng)).mapToInt(u -> (int) (u * steps)).toArray());
    }

    @Override
    public List<NoiseLevel> drawApart(int rows, Rng rng) {
        var t = new int[rows];
        Arrays.setAll(t, i -> (int) rng.below(i, steps));
        return levels(t);
    }

    private List<NoiseLevel> levels(int... t) {
        var table = alphaBars();
        return Arrays.stream(t).mapToObj(i -> NoiseLevel.ofAlphaBar(table[i], i)).toList();
    }

    /// The time is interpolated between steps over the logarithm of sigma.
    @Override
    public NoiseLevel at(double sigma) {
        double alphaBar = 1 / (1 + sigma * sigma);
        var table = alphaBars();
        int above = 0;                                                  // the first step that has more noise
        while (above < steps && table[above] >= alphaBar) {
            above++;
        }
        if (above == 0 || above == steps) {
            return NoiseLevel.ofAlphaBar(alphaBar, Math.max(0, above - 1));
        }
        double low = logSigma(table[above - 1]);
        double high = logSigma(table[above]);
        return NoiseLevel.ofAlphaBar(alphaBar, above - 1 + (Math.log(sigma) - low) / (high - low));
    }

    private static double logSigma(double alphaBar) {
        return .5 * Math.log((1 - alphaBar) / alphaBar);
    }

    /// The path `(n - 1) k, ..., k, 0` with `k = T / n` rounded down, then clean: diffusers' "leading".
    public List<NoiseLevel> leading(int count) {
        return path(count, i -> i * (steps / count));
    }

    /// The path that begins at the last step, `T n/n - 1, T (n-1)/n - 1, ...`, rounded, then clean: diffusers'
    /// "trailing". Source: Lin et al. 2023, arXiv 2305.08891.
    public List<NoiseLevel> trailing(int count) {
        return path(count, i -> (int) Math.rint((i + 1.0) * steps / count) - 1);
    }

    /// The path over all steps from `from` down to 0, then clean.
    public List<NoiseLevel> all(int from) {
        return path(from + 1, i -> i);
    }

    private List<NoiseLevel> path(int count, IntUnaryOperator step) {
        if (count < 1 || count > steps) {
            throw new IllegalArgumentException("sampling: steps " + count + " must lie in [1, " + steps
                    + "], those of the schedule");
        }
        var t = new int[count];
        Arrays.setAll(t, i -> step.applyAsInt(count - 1 - i));
        var path = new ArrayList<>(levels(t));
        path.add(NoiseLevel.CLEAN);
        return path;
    }
}
