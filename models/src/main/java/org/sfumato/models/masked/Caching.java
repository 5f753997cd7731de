package org.sfumato.models.masked;

/// What a network that sees both ways does not compute anew while a block is being written, but keeps as it was: keys
/// and values of other places. At the start of a block all are computed. Source: Wu et al. 2025, arXiv 2505.22618
/// (Fast-dLLM), section 3.2.
public sealed interface Caching {
    /// Passes after which all places are computed again, even within a block.
    int refresh();

    /// The first place that is computed anew in a block that begins at `from`, and the place after the last, of a
    /// canvas of `length`.
    int[] anew(int from, int to, int length);

    /// Never before the next block.
    int NEVER = Integer.MAX_VALUE;

    /// What lies before the block is kept.
    record Prefix(int refresh) implements Caching {
        /// Checks the number of passes.
        public Prefix {
            requirePositive(refresh);
        }

        @Override
        public int[] anew(int from, int to, int length) {
            return new int[] {from, length};
        }
    }

    /// What lies before and after the block is kept.
    record Dual(int refresh) implements Caching {
        /// Checks the number of passes.
        public Dual {
            requirePositive(refresh);
        }

        @Override
        public int[] anew(int from, int to, int length) {
            return new int[] {from, to};
        }
    }

    private static void requirePositive(int refresh) {
        if (refresh < 1) {
            throw new IllegalArgumentException("caching: refresh after " + refresh + " passes, at least 1");
        }
    }
}
