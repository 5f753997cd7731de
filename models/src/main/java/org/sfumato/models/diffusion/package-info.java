/// What the kinds of discrete diffusion share: schedules, times, objectives, bounds and their estimates.
///
/// Time runs from 0 (text) to 1 (noise). A [org.sfumato.models.diffusion.NoiseProcess] makes noise and knows its bound,
/// a [org.sfumato.models.Denoiser] predicts the text, [org.sfumato.models.diffusion.Nelbo] scores.
package org.sfumato.models.diffusion;
