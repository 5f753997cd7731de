/// Diffusion whose noise is masks and wrong tokens, mixed.
package org.sfumato.models.mixture;
