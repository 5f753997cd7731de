/// The parts of a tokenizer.json: normalizers, pre-tokenizers, models, post-processors, decoders, added tokens.
///
/// What each part does is what Hugging Face's `tokenizers` 0.23 does with the same file, ids, tokens and offsets alike.
package org.sfumato.tokenizers.pipeline;
