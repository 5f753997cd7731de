package org.sfumato.models.diffusion;

/// A negative log-likelihood, or a bound of it, in nats per token, with the standard error of the random numbers in it.
///
/// @param nats the mean over all tokens
/// @param standardError 0 if nothing was random
/// @param tokens how many tokens were scored
public record Estimate(double nats, double standardError, long tokens) {
    /// The same without an error.
    Estimate exact() {
        return new Estimate(nats, 0, tokens);
    }
}
