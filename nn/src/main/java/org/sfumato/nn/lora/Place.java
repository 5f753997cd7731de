package org.sfumato.nn.lora;

import java.util.List;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Linears;

/// Where a low-rank update can stand: rows `from` (inclusive) to `to` (exclusive) of the matrix of a linear layer.
///
/// A layer of ours that does the work of several in an original, as queries, keys and values in one product, has a
/// place for each of them.
///
/// @param name what the place is called in configurations and files of adapters
/// @param path of the linear layer in the network, as in [Linears]
/// @param from first output of the layer that is changed
/// @param to the output after the last
/// @param in inputs of the layer
/// @param head true for what makes logits: it is chosen by its name only
public record Place(String name, String path, long from, long to, long in, boolean head) {
    /// Checks the rows.
    public Place {
        if (from < 0 || to <= from || in < 1) {
            throw new IllegalArgumentException("lora: \"" + name + "\" has rows " + from + " to " + to + " of " + in
                    + " inputs");
        }
    }

    /// Each linear layer of a network as a whole, under its own path.
    public static List<Place> of(Layer network) {
        return Linears.of(network).entrySet().stream()
                .map(e -> new Place(e.getKey(), e.getKey(), 0, e.getValue().out(), e.getValue().in(), false)).toList();
    }

    /// The same place under another name.
    public Place renamed(String other) {
        return new Place(other, path, from, to, in, head);
    }

    /// Rows changed.
    public long out() {
        return to - from;
    }
}
