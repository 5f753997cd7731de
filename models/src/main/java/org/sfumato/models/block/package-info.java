/// Block diffusion: text block after block, each block by removing noise.
package org.sfumato.models.block;
