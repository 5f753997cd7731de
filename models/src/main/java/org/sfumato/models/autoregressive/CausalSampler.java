package org.sfumato.models.autoregressive;

import java.util.List;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Writes from left to right what follows a prompt, with a network of [Autoregression] and a KV cache.
///
/// @param network causal
/// @param objective what it was trained for
/// @param temperature 0 takes the likeliest token
/// @param rules applied to the logits in this order
public record CausalSampler(Transformer network, Autoregression objective, double temperature,
        List<LogitRule> rules) implements Sampler {
    /// Checks the temperature.
    public CausalSampler {
        if (!(temperature >= 0)) {
            throw new IllegalArgumentException("sampling: temperature " + temperature + " must be at least 0");
        }
        rules = List.copyOf(rules);
    }

    /// @throws IllegalArgumentException if a place after an open one is not open
    @Override
    public int[] fill(Canvas canvas, Rng rng, Observer observer) {
        int count = canvas.places().length;
        int prompt = canvas.length() - count;
        if (count > 0 && canvas.places()[0] != prompt) {
            throw new IllegalArgumentException("sampling: a model that writes from left to right cannot fill a gap"
                    + "\nhint: open places must all come after the prompt");
        }
        var ids = canvas.ids().clone();
        try (var scope = Scope.open("causal sampler")) {
            scope.run(() -> {
                var cache = network.cache(1, canvas.length());
                var next = new long[prompt + 1];
                next[0] = objective.start();
                for (int i = 0; i < prompt; i++) {
                    next[i + 1] = ids[i];
                }
                for (int step = 0; step < count; step++) {
                    int place = prompt + step;
                    var distribution = distribution(next, cache, place, ids);
                    ids[place] = distribution.draw(temperature, rng.fold(place));
                    observer.step(new Step(step + 1, count, ids, List.of(new Choice(place, ids[place],
                            distribution.probabilities()[ids[place]], distribution.entropy()))));
                    next = new long[] {ids[place]};
                }
            });
        }
        return ids;
    }

    /// Of the token at `place`, after `next` were read too.
    private Distribution distribution(long[] next, Transformer.Cache cache, int place, int[] ids) {
        try (var scope = Scope.open("token")) {
            double[] logits = scope.call(() -> Dispatch.unrecorded(() ->
                    network.lastLogits(Input.of(Tensor.of(next, 1, next.length)), cache).toDoubles()));
            logits[objective.start()] = Double.NEGATIVE_INFINITY;
            for (var rule : rules) {
                rule.apply(logits, place, ids);
            }
            return Distribution.of(logits);
        }
    }
}
