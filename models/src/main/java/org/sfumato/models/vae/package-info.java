/// Variational autoencoders of text: on a frozen language model by low-rank adapters (LDLM's) or by bottleneck adapters
/// and latent keys and values (AdaVAE's), and one of its own from scratch; their objectives and training.
package org.sfumato.models.vae;
