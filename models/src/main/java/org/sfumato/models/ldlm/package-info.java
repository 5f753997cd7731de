/// Latent diffusion language models that predict the latent of the next span of text from those before it.
package org.sfumato.models.ldlm;
