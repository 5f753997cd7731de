/// Duo: uniform-state diffusion as the argmax of Gaussian diffusion, and the curriculum that this allows.
package org.sfumato.models.duo;
