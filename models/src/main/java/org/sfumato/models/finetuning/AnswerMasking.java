package org.sfumato.models.finetuning;

import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Which tokens of answers are hidden in training, and what each counts: the loss is `sum w_i -log p(x_i | visible)`.
public sealed interface AnswerMasking {
    /// What hides tokens.
    MaskedProcess process();

    /// Draws what is hidden.
    Hiding draw(AnswerBatch batch, Rng rng);

    /// What is hidden in a batch.
    ///
    /// @param hidden for each token, row-major
    /// @param weight what each counts, 0 where nothing is hidden
    /// @param alpha for each row the share of its answer that is visible, in expectation
    record Hiding(boolean[] hidden, float[] weight, float[] alpha) {
        static Hiding none(AnswerBatch batch) {
            int places = batch.pairs().size() * batch.width();
            return new Hiding(new boolean[places], new float[places], new float[batch.pairs().size()]);
        }
    }

    /// The loss of a batch, a single number.
    default Tensor loss(Denoiser network, AnswerBatch batch, Rng rng, Pass pass) {
        var hiding = draw(batch, rng);
        int rows = batch.pairs().size();
        int width = batch.width();
        var ids = batch.ids();
        var noisy = new Noisy(ids.maskedFill(Tensor.of(hiding.hidden, rows, width), process().mask()),
                Tensor.of(hiding.alpha, rows, 1));
        return process().crossEntropy(network, noisy, ids, pass).mul(Tensor.of(hiding.weight, rows, width)).sum();
    }

    /// Fresh masks of every share: a time for each row, each token of its answer hidden with probability
    /// `p = 1 - alpha(t)`, the ends of text too, and `w = -alpha'(t) / (p n B)` for an answer of n tokens with its ends
    /// of text in a batch of B. In expectation that is the mean of the bounds of the answers given their prompts, for
    /// each token. Source: Nie et al. 2025, arXiv 2502.09992, equation 5 and algorithm 2; the division by n is that of
    /// its published code.
    record Variable(MaskedProcess process) implements AnswerMasking {
        @Override
        public Hiding draw(AnswerBatch batch, Rng rng) {
            var hiding = Hiding.none(batch);
            int width = batch.width();
            int rows = batch.pairs().size();
            var u = Times.stratified(rows, rng.fold(0));
            for (int row = 0; row < rows; row++) {
                double t = process.time(u[row]);
                double p = 1 - process.alpha(t);
                double weight = -process.schedule().slope(t) / p / (width - batch.begin(row)) / rows;
                var own = rng.fold(1).fold(row);
                hiding.alpha[row] = (float) process.alpha(t);
                for (int i = batch.begin(row); i < width; i++) {
                    boolean hide = own.uniformDouble(i) < p;
                    hiding.hidden[row * width + i] = hide;
                    hiding.weight[row * width + i] = hide ? (float) weight : 0;
                }
            }
            return hiding;
        }
    }

    /// The same masks whenever a pair is seen, and the plain mean over hidden tokens; ends of text are not learned. Of
    /// n tokens `max(1, floor(n s))` are hidden, s uniform in [low, high). A baseline: the recipe of tom-pollak/dllm,
    /// `train_dllm.py`, with .15 and .99.
    ///
    /// @param seed of the masks
    record Static(MaskedProcess process, double low, double high, long seed) implements AnswerMasking {
        /// Checks the shares.
        public Static {
            if (!(low >= 0 && low <= high && high <= 1)) {
                throw new IllegalArgumentException("fine-tuning: shares from " + low + " to " + high
                        + " must rise and lie in [0, 1]");
            }
        }

        @Override
        public Hiding draw(AnswerBatch batch, Rng rng) {
            var shares = new double[batch.pairs().size()];
            var own = new Rng[shares.length];
            for (int row = 0; row < shares.length; row++) {
                own[row] = Rng.of(seed).fold(batch.numbers().get(row));
                shares[row] = low + (high - low) * own[row].fold(0).uniformDouble(0);
            }
            return counted(batch, shares, own);
        }
    }

    /// Fresh masks, always the same share of the answer, and the plain mean over hidden tokens; ends of text are not
    /// learned. A baseline: Devlin et al. 2019, arXiv 1810.04805, section 3.1, with .15, [MASK] for all chosen tokens.
    record Fixed(MaskedProcess process, double share) implements AnswerMasking {
        /// Checks the share.
        public Fixed {
            if (!(share >= 0 && share <= 1)) {
                throw new IllegalArgumentException("fine-tuning: the share " + share + " is outside [0, 1]");
            }
        }

        @Override
        public Hiding draw(AnswerBatch batch, Rng rng) {
            var shares = new double[batch.pairs().size()];
            var own = new Rng[shares.length];
            for (int row = 0; row < shares.length; row++) {
                own[row] = rng.fold(row);
                shares[row] = share;
            }
            return counted(batch, shares, own);
        }
    }

    /// Of each answer without its ends of text a share, at random.
    private static Hiding counted(AnswerBatch batch, double[] shares, Rng[] own) {
        var hiding = Hiding.none(batch);
        int width = batch.width();
        int total = 0;
        for (int row = 0; row < shares.length; row++) {
            int length = batch.over(row) - batch.begin(row);
            int count = Math.max(1, (int) (length * shares[row]));
            var order = own[row].fold(1).permutation(length);
            for (int i = 0; i < count; i++) {
                hiding.hidden[row * width + batch.begin(row) + order[i]] = true;
            }
            hiding.alpha[row] = 1 - (float) count / length;
            total += count;
        }
        for (int i = 0; i < hiding.weight.length; i++) {
            hiding.weight[i] = hiding.hidden[i] ? 1f / total : 0;
        }
        return hiding;
    }
}
