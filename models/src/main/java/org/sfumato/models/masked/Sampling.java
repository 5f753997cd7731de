package org.sfumato.models.masked;

/// How text is written. Source: Nie et al. 2025, arXiv 2502.09992, section 2.4 and appendix A.
///
/// @param steps passes through the network over the whole canvas
/// @param block the open positions are filled in blocks of this many from left to right; as many as there are for no
/// blocks
/// @param order which tokens are written first
/// @param temperature 0 takes the likeliest token; `T` samples from `p^(1/T)`
/// @param guidance `w` of classifier-free guidance, logits `u + (1 + w)(c - u)` with `u` the logits without the prompt;
/// 0 for none
public record Sampling(int steps, int block, Order order, double temperature, double guidance) {
    /// Checks the values.
    public Sampling {
        if (steps < 1 || block < 1 || !(temperature >= 0) || !(guidance >= 0)) {
            throw new IllegalArgumentException("sampling: steps " + steps + " and block " + block
                    + " must be at least 1, temperature " + temperature + " and guidance " + guidance + " at least 0");
        }
    }
}
