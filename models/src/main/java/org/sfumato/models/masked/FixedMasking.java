package org.sfumato.models.masked;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Always the same share of a text hidden: of T tokens `max(1, floor(s T))` at random places, and the plain mean of
/// `-log p` over them. It bounds no likelihood; a network that has learned it never saw a text of which little is left.
/// A baseline: Devlin et al. 2019, arXiv 1810.04805, section 3.1, with s = .15, [MASK] for all chosen tokens.
///
/// @param process whose [MASK] is used
/// @param share s
public record FixedMasking(MaskedProcess process, double share) implements Objective<Denoiser> {
    /// BERT's share.
    public static final double BERT = .15;

    /// Checks the share.
    public FixedMasking {
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("fixed masking: the share " + share + " is outside (0, 1]");
        }
    }

    @Override
    public Tensor loss(Denoiser network, Tensor ids, Rng rng, Pass pass) {
        int rows = Math.toIntExact(ids.size(0));
        int length = Math.toIntExact(ids.size(1));
        int count = Math.max(1, (int) (share * length));
        var masked = new boolean[rows * length];
        var alpha = new float[rows];
        for (int row = 0; row < rows; row++) {
            var order = rng.fold(row).permutation(length);
            for (int i = 0; i < count; i++) {
                masked[row * length + order[i]] = true;
            }
            alpha[row] = 1 - (float) count / length;
        }
        var device = ids.device();
        var noisy = new Noisy(ids.maskedFill(Tensor.of(masked, rows, length).to(device), process.mask()),
                Tensor.of(alpha, rows, 1).to(device));
        return process.crossEntropy(network, noisy, ids, pass).sum().div((double) count * rows);
    }
}
