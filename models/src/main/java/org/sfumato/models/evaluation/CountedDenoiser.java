package org.sfumato.models.evaluation;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Tensor;

/// A denoiser that counts what is asked of it: what sampling costs, whatever a sampler calls a step.
public final class CountedDenoiser implements Denoiser {
    private final Denoiser network;
    private long passes;
    private long positions;

    /// Nothing counted yet.
    public CountedDenoiser(Denoiser network) {
        this.network = network;
    }

    @Override
    public Tensor forward(Noisy noisy, Pass pass) {
        count(noisy);
        return network.forward(noisy, pass);
    }

    @Override
    public Tensor crossEntropy(Noisy noisy, Tensor targets, long never, Pass pass) {
        count(noisy);
        return network.crossEntropy(noisy, targets, never, pass);
    }

    private void count(Noisy noisy) {
        passes++;
        positions += noisy.ids().shape().count();
    }

    /// How often the network was evaluated.
    public long passes() {
        return passes;
    }

    /// The tokens that it read in all.
    public long positions() {
        return positions;
    }
}
