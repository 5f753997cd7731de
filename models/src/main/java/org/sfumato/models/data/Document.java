package org.sfumato.models.data;

import java.nio.file.Path;

/// A text of a corpus, or a part of one that is too long to be held in one piece.
///
/// @param text what it says; never blank, unless it is a part
/// @param begins false for a part that goes on where the one before ended
/// @param ends false for a part on which another follows
/// @param file where it stands
/// @param unit what `number` counts: `line`, `row`, `document`
/// @param number which of the file it is or, for a line, begins at, counted from 1; blank ones count
public record Document(String text, boolean begins, boolean ends, Path file, String unit, long number) {
    /// Characters of the longest part of a document.
    public static final int PART = 1 << 22;

    /// `file: line 12`, for messages.
    public String place() {
        return file + ": " + unit + " " + number;
    }
}
