/// Uniform-state diffusion: tokens become other tokens, and can be corrected at every step.
package org.sfumato.models.uniform;
