/// Gaussian diffusion of latents, vectors that stand for text.
///
/// A [org.sfumato.models.gaussian.GaussianProcess] makes noise by a schedule and says what a network predicts, any
/// [org.sfumato.models.gaussian.LatentDenoiser] predicts it, a [org.sfumato.models.gaussian.DenoisingObjective] trains,
/// a [org.sfumato.models.gaussian.GaussianSampler] goes down a path of noise levels by any
/// [org.sfumato.models.gaussian.Solver].
package org.sfumato.models.gaussian;
