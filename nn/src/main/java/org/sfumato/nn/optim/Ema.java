package org.sfumato.nn.optim;

import java.util.LinkedHashMap;
import java.util.Map;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// The exponential moving average of parameters: `e = d e + (1 - d) p`, where `d` rises from 0 at the first update to
/// `decay`: `d = min(decay, 1 - (1 + t / inverseGamma)^-power)` at update number `t`. Source of the warm-up:
/// k-diffusion, EMAWarmup.
public final class Ema {
    /// Settings; `inverseGamma = 1` and `power = 2/3` suit runs of a million steps, `power = 3/4` shorter ones.
    public record Config(double decay, double inverseGamma, double power) { }

    private static final Fuse AVERAGE = Fuse.of("ema", 3, x -> java.util.List.of(
            x.get(0).add(x.get(1).sub(x.get(0)).mul(x.get(2)))));

    private final Config config;
    private final Map<String, Tensor> parameters;
    private final Map<String, Tensor> averages = new LinkedHashMap<>();

    /// An average that starts at the values of `parameters`; its tensors live in the current scope.
    public Ema(Map<String, Tensor> parameters, Config config) {
        this.config = config;
        this.parameters = Map.copyOf(parameters);
        parameters.forEach((name, p) -> averages.put(name, p.copy()));
    }

    /// The decay of update number `t`, counted from 0.
    public double decay(long t) {
        return Math.clamp(1 - Math.pow(1 + t / config.inverseGamma, -config.power), 0, config.decay);
    }

    /// Takes the present parameters in as update number `t`, counted from 0.
    public void update(long t) {
        Scope.temporary(() -> {
            var share = Scalars.of(1 - decay(t));
            averages.forEach((name, average) ->
                    AVERAGE.update(average, parameters.get(name), share.like(average)));
        });
    }

    /// The averages by the names of the parameters.
    public Map<String, Tensor> averages() {
        return averages;
    }
}
