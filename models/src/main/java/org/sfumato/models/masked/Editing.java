package org.sfumato.models.masked;

/// When an [EditingSampler] writes and when it replaces.
///
/// @param write a mask is replaced by its likeliest token if that has at least this probability; the likeliest of all
///     anyhow
/// @param edit a written token is replaced if another one has more than this probability; 1 for never
/// @param passes at most so many over a block after its last mask is gone
public record Editing(double write, double edit, int passes) {
    /// Checks the values.
    public Editing {
        if (!(write > 0 && write <= 1 && edit > 0 && edit <= 1)) {
            throw new IllegalArgumentException("editing: thresholds " + write + " and " + edit
                    + " must be in (0, 1]");
        }
        if (passes < 0) {
            throw new IllegalArgumentException("editing: " + passes + " passes are fewer than 0");
        }
    }
}
