/// The transformer: one class, families by configuration.
///
/// Start with [org.sfumato.models.transformer.TransformerConfig], whose presets are nanodLLM's network, a modern one
/// (RMSNorm, rotary positions, SwiGLU, normalised queries and keys, outputs that start at 0) and GPT-2's block.
/// [org.sfumato.models.transformer.Transformer] is the network; every position sees every other.
package org.sfumato.models.transformer;
