package org.sfumato.models.latent;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Pieces of text in rows of one length.
///
/// @param ids tokens (B, T) i64, 0 where there is none
/// @param present true where there is a token, (B, T) bool
public record Spans(Tensor ids, Tensor present) {
    /// Checks the shapes.
    public Spans {
        if (ids.shape().rank() != 2 || ids.dtype() != DType.I64
                || !present.spec().equals(new Spec(ids.shape(), DType.BOOL))) {
            throw new ShapeException("spans: ids (B, T) i64 and present (B, T) bool, got " + ids.spec() + " and "
                    + present.spec());
        }
    }

    /// Rows without padding. Shapes: ids (B, T) i64.
    public static Spans of(Tensor ids) {
        return new Spans(ids, Tensor.full(ids.shape(), 1, DType.BOOL, ids.device()));
    }

    /// One row each, padded behind to `length`.
    ///
    /// @throws IllegalArgumentException if one is longer
    public static Spans padded(List<int[]> texts, int length) {
        return padded(texts, length, false);
    }

    /// One row each, padded in front to `length`; of one that is longer its end.
    public static Spans endingIn(List<int[]> texts, int length) {
        return padded(texts.stream().map(text -> text.length <= length ? text
                : Arrays.copyOfRange(text, text.length - length, text.length)).toList(), length, true);
    }

    /// Rows of padding.
    public static Spans none(long rows, int length) {
        var device = Settings.current().device();
        var shape = Shape.of(rows, length);
        return new Spans(Tensor.full(shape, 0, DType.I64, device), Tensor.full(shape, 0, DType.BOOL, device));
    }

    private static Spans padded(List<int[]> texts, int length, boolean inFront) {
        var ids = new long[texts.size() * length];
        var present = new boolean[ids.length];
        for (int row = 0; row < texts.size(); row++) {
            var text = texts.get(row);
            if (text.length > length) {
                throw new IllegalArgumentException("spans: a text of " + text.length + " tokens is longer than "
                        + length);
            }
            int from = row * length + (inFront ? length - text.length : 0);
            for (int i = 0; i < text.length; i++) {
                ids[from + i] = text[i];
                present[from + i] = true;
            }
        }
        return new Spans(Tensor.of(ids, texts.size(), length), Tensor.of(present, texts.size(), length));
    }

    /// B.
    public int rows() {
        return Math.toIntExact(ids.size(0));
    }

    /// T.
    public int length() {
        return Math.toIntExact(ids.size(1));
    }

    /// Positions `from` to `to - 1` of each row.
    public Spans slice(int from, int to) {
        return new Spans(ids.slice(1, from, to), present.slice(1, from, to));
    }

    /// Rows `from` to `to - 1`.
    public Spans part(int from, int to) {
        return new Spans(ids.slice(0, from, to), present.slice(0, from, to));
    }

    /// The rows where `kept` (B, 1) bool is true, and padding in place of the others.
    public Spans keep(Tensor kept) {
        var all = kept.expand(ids.shape());
        return new Spans(ids.maskedFill(all.not(), 0), present.and(all));
    }

    /// These and then `others`, row by row.
    public Spans then(Spans others) {
        return new Spans(Tensor.concat(1, ids, others.ids), Tensor.concat(1, present, others.present));
    }

    /// What a network is to predict: the ids, [Denoiser#IGNORED] at padding.
    public Tensor targets() {
        return ids.maskedFill(present.not(), Denoiser.IGNORED);
    }

    /// Checks the length.
    ///
    /// @throws ShapeException if it is more than `most`
    public void requireAtMost(int most) {
        if (length() > most) {
            throw new ShapeException("spans: " + length() + " tokens, at most " + most);
        }
    }

    /// How many tokens there are.
    public long tokens() {
        return Math.round(count().item());
    }

    /// The same as a number on the device, for which nobody waits: exact up to 2^24. Shape: ().
    public Tensor count() {
        return present.cast(DType.F32).sum();
    }
}
