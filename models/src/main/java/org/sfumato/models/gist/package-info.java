/// latent-llm: texts as a few vectors that a language model writes behind them, and DDPM on these vectors as one long
/// vector (MLP-UNet), as an image (UNet2D) or as a sequence (transformer).
package org.sfumato.models.gist;
