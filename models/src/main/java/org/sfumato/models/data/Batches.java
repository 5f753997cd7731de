package org.sfumato.models.data;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.sfumato.tensor.Rng;

/// Batches of shuffled windows, every window once an epoch.
///
/// The batch of step `s` is a pure function of the seed and `s`: with `n` windows and batches of `B` rows, row `b` is
/// draw number `g = s * B + b`, which is the window to which the [Shuffle] of epoch `floor(g / n)` sends `g mod n`. So
/// nothing is held in memory whatever the size of the data, threads may ask for any step, and where a training stands
/// is the number of its step. Epochs follow each other within a batch; no window is left out.
///
/// The price is that every window is read from anywhere in the data: see [PreparedTokens].
///
/// @param windows what is drawn from
/// @param rows of a batch
/// @param seed of the order
public record Batches(Windows windows, int rows, long seed) {
    /// Where a training stands and with what, to be kept in its checkpoint.
    ///
    /// @param step the next one
    /// @param rows of a batch
    /// @param length tokens of a row
    /// @param windows how many there are
    /// @param seed of the order
    /// @param next CRC-32C of the ids of the next batch, eight hexadecimal digits
    public record Cursor(long step, int rows, int length, long windows, long seed, String next) { }

    /// Checks the number of rows.
    public Batches {
        if (rows < 1) {
            throw new IllegalArgumentException("batches: " + rows + " rows, at least 1");
        }
    }

    /// The batch of step `step`, counted from 0.
    public Batch at(long step) {
        long n = windows.count();
        int length = windows.length();
        var ids = new long[Math.multiplyExact(rows, length)];
        var lengths = new int[rows];
        for (int b = 0; b < rows; b++) {
            long draw = Math.addExact(Math.multiplyExact(step, (long) rows), b);
            var order = new Shuffle(Rng.of(seed).fold(Math.floorDiv(draw, n)), n);
            lengths[b] = windows.copy(order.at(Math.floorMod(draw, n)), ids, b * length);
        }
        return new Batch(ids, lengths, rows, length);
    }

    /// How often every window was seen before step `step`, in mean.
    public double epochs(long step) {
        return (double) step * rows / windows.count();
    }

    /// What to keep before step `step`.
    public Cursor cursor(long step) {
        return new Cursor(step, rows, windows.length(), windows.count(), seed, crc(at(step).ids()));
    }

    /// The step at which `cursor` stands.
    ///
    /// @throws IllegalArgumentException if its next batch would be another one here, saying what differs
    public long resume(Cursor cursor) {
        var here = cursor(cursor.step);
        if (!here.equals(cursor)) {
            throw new IllegalArgumentException("batches: the training goes on with other data, " + here + " != "
                    + cursor + "\nhint: the same data, rows, length and seed as before");
        }
        return cursor.step;
    }

    private static String crc(long[] ids) {
        var bytes = ByteBuffer.allocate(Math.multiplyExact(ids.length, Long.BYTES));
        bytes.asLongBuffer().put(ids);
        var crc = new CRC32C();
        crc.update(bytes);
        return "%08x".formatted(crc.getValue());
    }
}
