/// Commands about latents: of sentences, of autoencoders, of language models that read them.
package org.sfumato.cli.latent;
