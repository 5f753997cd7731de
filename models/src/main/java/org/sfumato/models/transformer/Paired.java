package org.sfumato.models.transformer;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;

/// A network of blocks that reads noisy tokens beside the clean text.
record Paired(Transformer network, Tensor clean) implements Denoiser {
    @Override
    public Tensor forward(Noisy noisy, Pass pass) {
        return network.logits(stream(noisy, pass), pass);
    }

    @Override
    public Tensor crossEntropy(Noisy noisy, Tensor targets, long never, Pass pass) {
        return network.crossEntropy(stream(noisy, pass), targets, never, pass);
    }

    /// The stream of the noisy positions.
    private Tensor stream(Noisy noisy, Pass pass) {
        if (!noisy.ids().shape().equals(clean.shape())) {
            throw new ShapeException("transformer: noisy ids " + noisy.ids().shape() + " beside a clean text "
                    + clean.shape());
        }
        long t = clean.size(1);
        var ids = Tensor.concat(1, noisy.ids(), clean);                                                   // (B, 2T)
        return network.hidden(new Input(ids, null, null, null, null, alpha(noisy), null, true), pass).slice(1, 0, t);
    }

    /// The share of signal of both copies, (B, 2T); `null` if it is not known.
    private Tensor alpha(Noisy noisy) {
        if (noisy.alpha() == null) {
            return null;
        }
        var own = noisy.alpha().expand(clean.shape()).contiguous();
        return Tensor.concat(1, own, own.mul(0).add(1));
    }
}
