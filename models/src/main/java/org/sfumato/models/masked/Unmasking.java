package org.sfumato.models.masked;

/// How many of the predicted tokens of a block are written in one pass of the network, and which.
public sealed interface Unmasking {
    /// Which come first.
    Order order();

    /// How many of the first ones, at least 1.
    ///
    /// @param confidence the probabilities of the predicted tokens of the open places, those to be written first before
    ///     the others
    /// @param entropy of the distributions at these places, in nats
    /// @param pass passes over this block so far
    /// @param block open places that the block had at first
    int count(double[] confidence, double[] entropy, int pass, int block);

    /// The same number in every pass, as nearly as it goes: a block of `m` open places takes `n = ceil(m / tokens)`
    /// passes, `m / n` tokens each rounded down, and one more in the first `m mod n`. Source: Nie et al. 2025.
    ///
    /// @param tokens written in a pass, at least 1
    record Quota(Order order, double tokens) implements Unmasking {
        /// Checks the number.
        public Quota {
            if (!(tokens >= 1)) {
                throw new IllegalArgumentException("sampling: " + tokens + " tokens a pass are fewer than 1");
            }
        }

        @Override
        public int count(double[] confidence, double[] entropy, int pass, int block) {
            int passes = (int) Math.ceil(block / tokens);
            return block / passes + (pass < block % passes ? 1 : 0);
        }
    }

    /// Every token of at least a certain probability, and the likeliest one anyhow. Source: Wu et al. 2025, arXiv
    /// 2505.22618 (Fast-dLLM), section 3.3.
    ///
    /// @param probability 1 writes one token a pass
    record Threshold(double probability) implements Unmasking {
        /// Checks the probability.
        public Threshold {
            if (!(probability > 0 && probability <= 1)) {
                throw new IllegalArgumentException("sampling: threshold " + probability + " is outside (0, 1]");
            }
        }

        @Override
        public Order order() {
            return Order.CONFIDENCE;
        }

        @Override
        public int count(double[] confidence, double[] entropy, int pass, int block) {
            int n = 1;
            while (n < confidence.length && probability < 1 && confidence[n] >= probability) {
                n++;
            }
            return n;
        }
    }

    /// The most tokens n for which `(n + 1) (1 - c_n) < factor`, c_n the n-th largest probability: under that bound
    /// writing them together is as writing them one after the other, greedily. Source: Wu et al. 2025, theorem 1.
    record Factor(double factor) implements Unmasking {
        /// Checks the factor.
        public Factor {
            if (!(factor > 0)) {
                throw new IllegalArgumentException("sampling: factor " + factor + " is not positive");
            }
        }

        @Override
        public Order order() {
            return Order.CONFIDENCE;
        }

        @Override
        public int count(double[] confidence, double[] entropy, int pass, int block) {
            int n = 1;
            while (n < confidence.length && (n + 2) * (1 - confidence[n]) < factor) {
                n++;
            }
            return n;
        }
    }

    /// The most tokens of least entropy H whose sum without the last, `H_1 + ... + H_(k-1)`, is at most `nats`. Source:
    /// Ben-Hamu et al. 2025, arXiv 2505.24857.
    record EntropyBound(double nats) implements Unmasking {
        /// Checks the bound.
        public EntropyBound {
            if (!(nats >= 0)) {
                throw new IllegalArgumentException("sampling: entropy bound " + nats + " is negative");
            }
        }

        @Override
        public Order order() {
            return Order.ENTROPY;
        }

        @Override
        public int count(double[] confidence, double[] entropy, int pass, int block) {
            int k = 1;
            double sum = entropy[0];
            while (k < entropy.length && sum <= nats) {
                sum += entropy[k++];
            }
            return k;
        }
    }
}
