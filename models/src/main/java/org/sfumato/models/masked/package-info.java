/// Masked diffusion: what is noised, what is learned, how one samples, how one scores.
///
/// Time runs from 0 (text) to 1 (all masked). A [org.sfumato.models.masked.MaskedProcess] hides tokens, a
/// [org.sfumato.models.Denoiser] predicts them, a [org.sfumato.models.masked.MaskedSampler] writes, a
/// [org.sfumato.models.masked.Likelihood] scores; each works with any of the others.
///
/// Start with [org.sfumato.models.masked.MaskedDiffusion], text in and text out, or with
/// [org.sfumato.models.masked.MaskedTrainer]. A [org.sfumato.models.masked.TrainingConfig] is a recipe,
/// [org.sfumato.models.masked.Sampling] says how text is written, and a sampler's observer sees every step. The loop
/// of training is written out in `TrainMaskedPredictor` of the examples.
package org.sfumato.models.masked;
