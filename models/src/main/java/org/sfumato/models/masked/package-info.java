/// Masked diffusion: what is hidden, what is learned, how one samples, how one scores.
///
/// A [org.sfumato.models.masked.MaskedProcess] hides tokens, a [org.sfumato.models.Denoiser] predicts them, a
/// [org.sfumato.models.masked.MaskedSampler] writes, a [org.sfumato.models.masked.ChainRule] scores token by token;
/// each works with any of the others.
package org.sfumato.models.masked;
