package org.sfumato.models.autoregressive;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.VariationalBound;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Linears;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Next-token prediction: `-log p(x_i | x before i)`, every token of a window among them, the first after a token that
/// begins it. What it gives is the negative log-likelihood itself, nothing in it is random. The network must be causal.
///
/// @param start the id that begins every window; it is never predicted
public record Autoregression(int start) implements VariationalBound<Denoiser> {
    @Override
    public boolean isExact() {
        return true;
    }

    @Override
    public Tensor terms(Denoiser network, Tensor ids, double[] u, Rng rng, Pass pass) {
        long rows = ids.size(0);
        var first = Tensor.full(Shape.of(rows, 1), start, DType.I64, ids.device());
        var before = Tensor.concat(1, first, ids.slice(1, 0, ids.size(1) - 1));                         // (B, T)
        return network.crossEntropy(Noisy.of(before), ids, start, pass);
    }

    /// `network` with a head that never gives `start`, as in the training: what writes text and scores it.
    public Transformer writer(Transformer network) {
        return Linears.replace(network, (path, map) -> path.equals("head")
                && map instanceof Linear(var weight, var bias) ? new Linear(weight, without(weight, bias)) : map);
    }

    private Tensor without(Tensor weight, Tensor bias) {
        var without = Denoiser.without(start, weight.size(0), weight.dtype(), weight.device());
        return bias == null ? without : bias.add(without);
    }
}
