package org.sfumato.tokenizers;

/// What a [CharTokenizer] does with a character that is not in its vocabulary.
public sealed interface Unknown {
    /// Throws [UnknownTokenException]. The default.
    record Refuse() implements Unknown { }

    /// Leaves the character out; the result is shorter than the text.
    record Skip() implements Unknown { }

    /// Takes another character for it.
    ///
    /// @param character exactly one character, which must be in the vocabulary
    record Replace(String character) implements Unknown {
        /// Throws [IllegalArgumentException] if `character` is not exactly one code point.
        public Replace {
            if (character.codePointCount(0, character.length()) != 1) {
                throw new IllegalArgumentException("replace: not exactly one character, \"" + character + "\"");
            }
        }
    }
}
