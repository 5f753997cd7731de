package org.sfumato.models.masked;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Mends a text with a masked model, which by itself takes what is written for granted: every token is hidden in turn,
/// the tokens that are least likely given all others are masked together and written anew, the surest first; and that
/// several times over.
///
/// @param network predicts hidden tokens
/// @param process hid them
/// @param count tokens that are masked each time
/// @param rounds how often
public record LeaveOneOutCorrector(Denoiser network, MaskedProcess process, int count, int rounds) {
    private static final int ROWS = 64;

    /// Checks the numbers.
    public LeaveOneOutCorrector {
        if (count < 1 || rounds < 1) {
            throw new IllegalArgumentException("correction: " + count + " tokens in " + rounds
                    + " rounds, at least 1 each");
        }
    }

    /// The text, mended.
    public int[] correct(int[] ids) {
        var text = ids.clone();
        for (int round = 0; round < rounds; round++) {
            var likelihood = likelihoods(text);
            var open = new boolean[text.length];
            IntStream.range(0, text.length).boxed().sorted((a, b) -> Double.compare(likelihood[a], likelihood[b]))
                    .limit(count).forEach(place -> open[place] = true);
            text = new MaskedSampler(network, process, Sampling.oneByOne(Order.CONFIDENCE, 0))
                    .fill(new Canvas(text, open), Rng.of(0), Sampler.Observer.NONE);
        }
        return text;
    }

    /// `log p(x_i | all others)` of every place.
    public double[] likelihoods(int[] ids) {
        var found = new double[ids.length];
        for (int first = 0; first < ids.length; first += ROWS) {
            int rows = Math.min(ROWS, ids.length - first);
            System.arraycopy(likelihoods(ids, first, rows), 0, found, first, rows);
        }
        return found;
    }

    private double[] likelihoods(int[] ids, int first, int rows) {
        int length = ids.length;
        var row = Arrays.stream(ids).asLongStream().toArray();
        var seen = new long[rows * length];
        var targets = new long[rows * length];
        Arrays.fill(targets, Denoiser.IGNORED);
        for (int j = 0; j < rows; j++) {
            System.arraycopy(row, 0, seen, j * length, length);
            seen[j * length + first + j] = process.mask();
            targets[j * length + first + j] = ids[first + j];
        }
        var alpha = new float[rows];
        Arrays.fill(alpha, 1 - 1f / length);
        try (var scope = Scope.open("leave one out")) {
            var losses = scope.call(() -> Dispatch.unrecorded(() -> network.crossEntropy(
                    new Noisy(Tensor.of(seen, rows, length), Tensor.of(alpha, rows, 1)),
                    Tensor.of(targets, rows, length), process.mask(), Pass.INFERENCE).toDoubles()));
            return IntStream.range(0, rows).mapToDouble(j -> -losses[j * length + first + j]).toArray();
        }
    }
}
