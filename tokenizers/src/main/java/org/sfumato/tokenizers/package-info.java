/// Tokenizers: text to token ids and back.
package org.sfumato.tokenizers;
