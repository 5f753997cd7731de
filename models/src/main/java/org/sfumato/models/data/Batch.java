package org.sfumato.models.data;

/// The rows of a step.
///
/// @param ids shape (rows, length), row-major
/// @param lengths how many tokens of each row are no padding
/// @param rows how many
/// @param length tokens of a row
public record Batch(long[] ids, int[] lengths, int rows, int length) { }
