package org.sfumato.models.block;

import org.sfumato.models.BlockDenoiser;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.diffusion.VariationalBound;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Block diffusion: a text is written block after block, and each block by a noise process of its own given the clean
/// blocks before it. Its bound is the sum of the bounds of the blocks, `-log p(x) <= sum over b of NELBO(x_b | x_<b)`.
///
/// One pass of the network, over the noisy text beside the clean one, gives the terms of all blocks; each block has a
/// time of its own. Blocks of one token make it autoregressive, one block of the whole text makes it the process.
/// Source: Arriola et al. 2025, arXiv 2503.09573.
///
/// @param process of each block; its times may be a narrow range, in which gradients vary less
public record BlockDiffusion(NoiseProcess process) implements VariationalBound<BlockDenoiser> {
    /// Steps of the golden ratio around a circle lie more evenly than random ones.
    private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;

    @Override
    public Tensor terms(BlockDenoiser network, Tensor ids, double[] u, Rng rng, Pass pass) {
        return process.terms(network.given(ids), ids, levels(ids.shape(), network.block(), u), rng, pass);
    }

    /// A number in [0, 1) for each token, the same within a block.
    static Times levels(Shape shape, int block, double[] u) {
        int length = Math.toIntExact(shape.size(1));
        var values = new double[u.length * length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (u[i / length] + i % length / block * GOLDEN) % 1;
        }
        return new Times(values, shape);
    }
}
