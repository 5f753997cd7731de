package org.sfumato.tokenizers;

/// How encodings are filled up to one length.
///
/// @param length to which, at least; 0 for that of the longest of a batch
/// @param multipleOf the length is a multiple of this; 0 for any
/// @param left whether padding goes in front
/// @param id of padding
/// @param typeId of padding
/// @param token its name
public record Padding(int length, int multipleOf, boolean left, int id, int typeId, String token) {
    /// The length of encodings whose longest has `longest` tokens.
    int target(int longest) {
        int target = length > 0 ? length : longest;
        return multipleOf > 0 && target % multipleOf != 0 ? target + multipleOf - target % multipleOf : target;
    }
}
