/// Tokenizers: text to token ids and back.
///
/// Start with [org.sfumato.tokenizers.Tokenizer]. [org.sfumato.tokenizers.CharTokenizer] has one id for each character
/// of a vocabulary, [org.sfumato.tokenizers.ByteTokenizer] one for each byte of UTF-8. What is done with an unknown
/// character is a choice, [org.sfumato.tokenizers.Unknown]; the default is an error that names it. A tokenizer writes
/// itself as JSON and [org.sfumato.tokenizers.Tokenizers] reads it, so that a checkpoint carries its vocabulary.
/// Special tokens such as a mask are no business of a tokenizer: they take the ids after its last.
package org.sfumato.tokenizers;
