package org.sfumato.tokenizers;

/// A token that is found in a text before the model sees it.
///
/// @param id its id
/// @param content what it is in the text
/// @param singleWord whether it must not touch a word character
/// @param stripLeft whether white space before it belongs to it
/// @param stripRight whether white space after it belongs to it
/// @param normalized whether it is looked for, normalized, in the normalized text
/// @param special whether decoding leaves it out
public record AddedToken(int id, String content, boolean singleWord, boolean stripLeft, boolean stripRight,
        boolean normalized, boolean special) { }
