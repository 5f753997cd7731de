/// Masked diffusion: what is noised, what is learned, how one samples, how one scores.
///
/// Time runs from 0 (text) to 1 (all masked). A [org.sfumato.models.masked.MaskedProcess] hides tokens, a
/// [org.sfumato.models.masked.Denoiser] predicts them, a [org.sfumato.models.masked.MaskedSampler] writes, a
/// [org.sfumato.models.masked.Likelihood] scores; each works with any of the others.
package org.sfumato.models.masked;
