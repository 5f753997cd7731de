package org.sfumato.models.masked;

import java.util.Arrays;
import java.util.List;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.models.diffusion.LogitRule;

/// What a network predicts at some places of a canvas: distributions in float64, guided, [MASK] impossible.
///
/// @param reader where logits come from
/// @param guidance as in [Sampling]
/// @param rules as in [Sampling]
record MaskPredictor(Reader reader, MaskedProcess process, double guidance, List<LogitRule> rules) {
    /// All places are computed every time.
    MaskPredictor(Denoiser network, MaskedProcess process, double guidance, List<LogitRule> rules) {
        this(new Reader.Exact(network), process, guidance, rules);
    }

    /// Within the block at work, for a network that is told the share of what is not masked.
    ///
    /// @param places where to predict
    /// @param block the open places of the block
    /// @param pass over this block, counted from 0
    Distribution[] at(int[] places, Draft draft, int[] block, int pass) {
        var ids = draft.ids();
        long masked = Arrays.stream(ids).filter(id -> id == process.mask()).count();
        return at(places, draft, new Reader.View(rows(draft), ids.length, 1 - (float) masked / ids.length, block[0],
                block[block.length - 1] + 1, pass));
    }

    /// Anywhere.
    ///
    /// @param places where to predict
    /// @param alpha the share of signal that the network is told
    Distribution[] at(int[] places, Draft draft, double alpha) {
        int length = draft.ids().length;
        return at(places, draft, new Reader.View(rows(draft), length, (float) alpha, 0, length, 0));
    }

    /// The canvas and, if guided, the canvas without its prompt.
    private long[] rows(Draft draft) {
        var ids = draft.ids();
        var rows = new long[(guidance > 0 ? 2 : 1) * ids.length];
        for (int i = 0; i < rows.length; i++) {
            int place = i % ids.length;
            rows[i] = i >= ids.length && draft.prompt()[place] ? process.mask() : ids[place];
        }
        return rows;
    }

    private Distribution[] at(int[] places, Draft draft, Reader.View view) {
        var values = reader.logits(view, places);
        int vocabulary = values.length / view.count() / places.length;
        var found = new Distribution[places.length];
        for (int j = 0; j < places.length; j++) {
            var logits = Arrays.copyOfRange(values, j * vocabulary, (j + 1) * vocabulary);
            for (int v = 0; guidance > 0 && v < vocabulary; v++) {
                double free = values[(places.length + j) * vocabulary + v];
                logits[v] = free + (1 + guidance) * (logits[v] - free);
            }
            logits[process.mask()] = Double.NEGATIVE_INFINITY;
            for (var rule : rules) {
                rule.apply(logits, places[j], draft.ids());
            }
            found[j] = Distribution.of(logits);
        }
        return found;
    }
}
