/// Texts as vectors: what an autoencoder of texts is, the latents that it makes, and how good it is.
package org.sfumato.models.latent;
