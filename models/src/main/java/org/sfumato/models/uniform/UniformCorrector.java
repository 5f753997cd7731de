package org.sfumato.models.uniform;

import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Mends a text of which a known share is wrong at unknown places: takes it for a sample of the process at the time at
/// which that share is, `(1 - alpha) (K - 1) / K`, and puts at every place the likeliest clean token given what stands
/// there, `argmax q(x | z_t)`. That is done several times over, each taking half as much for wrong as the one before.
///
/// @param network predicts clean tokens
/// @param process replaced them
/// @param share of wrong tokens at first, in (0, 1)
/// @param rounds how often
public record UniformCorrector(Denoiser network, UniformProcess process, double share, int rounds) {
    /// Checks the numbers.
    public UniformCorrector {
        if (!(share > 0 && share < 1) || rounds < 1) {
            throw new IllegalArgumentException("correction: the share " + share + " is outside (0, 1), or " + rounds
                    + " rounds are fewer than 1");
        }
    }

    /// The number u in (0, 1) that belongs to the time at which `share` of the tokens is wrong.
    public static double level(UniformProcess process, double share) {
        double kept = 1 - share * process.vocabulary() / (process.vocabulary() - 1.0);
        double low = 0;
        double high = 1;
        for (int i = 0; i < Double.PRECISION; i++) {
            double middle = (low + high) / 2;
            if (process.alpha(process.time(middle)) > kept) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (low + high) / 2;
    }

    /// The text, mended.
    public int[] correct(int[] ids) {
        var text = ids.clone();
        for (int round = 0; round < rounds; round++) {
            double t = process.time(level(process, share / (1 << round)));
            var probabilities = probabilities(text, process.alpha(t));
            int k = process.vocabulary();
            for (int i = 0; i < text.length; i++) {
                var denoised = process.denoised(Arrays.copyOfRange(probabilities, i * k, (i + 1) * k), text[i], t);
                int best = text[i];
                for (int v = 0; v < k; v++) {
                    best = denoised[v] > denoised[best] ? v : best;
                }
                text[i] = best;
            }
        }
        return text;
    }

    private double[] probabilities(int[] ids, double alpha) {
        var row = Arrays.stream(ids).asLongStream().toArray();
        try (var scope = Scope.open("corrector")) {
            return scope.call(() -> Dispatch.unrecorded(() -> network.forward(new Noisy(
                    Tensor.of(row, 1, row.length), Tensor.of(new float[] {(float) alpha}, 1, 1)), Pass.INFERENCE)
                    .softmax(-1).toDoubles()));
        }
    }
}
