package org.sfumato.models.masked;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// What a network predicts at some places of a canvas: distributions in float64, guided, [MASK] impossible.
///
/// @param guidance as in [Sampling]
/// @param rules as in [Sampling]
record MaskPredictor(Denoiser network, MaskedProcess process, double guidance, List<LogitRule> rules) {
    /// As [#at(int[], int[], boolean[], double)], for a network that is told the share of what is not masked.
    Distribution[] at(int[] places, int[] ids, boolean[] prompt) {
        long masked = Arrays.stream(ids).filter(id -> id == process.mask()).count();
        return at(places, ids, prompt, 1 - (float) masked / ids.length);
    }

    /// @param ids the canvas
    /// @param prompt which places belong to the prompt, which guidance hides
    /// @param places where to predict
    /// @param alpha the share of signal that the network is told
    Distribution[] at(int[] places, int[] ids, boolean[] prompt, double alpha) {
        boolean guided = guidance > 0;
        var rows = new long[(guided ? 2 : 1) * ids.length];
        for (int i = 0; i < ids.length; i++) {
            rows[i] = ids[i];
            if (guided) {
                rows[ids.length + i] = prompt[i] ? process.mask() : ids[i];
            }
        }
        var values = logits(rows, ids.length, places, (float) alpha);
        int vocabulary = values.length / (rows.length / ids.length) / places.length;
        var found = new Distribution[places.length];
        for (int j = 0; j < places.length; j++) {
            var logits = Arrays.copyOfRange(values, j * vocabulary, (j + 1) * vocabulary);
            for (int v = 0; guided && v < vocabulary; v++) {
                double free = values[(places.length + j) * vocabulary + v];
                logits[v] = free + (1 + guidance) * (logits[v] - free);
            }
            logits[process.mask()] = Double.NEGATIVE_INFINITY;
            for (var rule : rules) {
                rule.apply(logits, places[j], ids);
            }
            found[j] = Distribution.of(logits);
        }
        return found;
    }

    private double[] logits(long[] rows, int length, int[] places, float alpha) {
        int count = rows.length / length;
        var at = Arrays.stream(places).asLongStream().toArray();
        var shares = new float[count];
        Arrays.fill(shares, alpha);
        try (var scope = Scope.open("sampler")) {
            return scope.call(() -> Dispatch.unrecorded(() -> network.forward(
                    new Noisy(Tensor.of(rows, count, length), Tensor.of(shares, count, 1)), Pass.INFERENCE)
                    .indexSelect(1, Tensor.of(at, at.length)).toDoubles()));
        }
    }
}
