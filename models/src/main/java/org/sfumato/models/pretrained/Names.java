package org.sfumato.models.pretrained;

import java.util.LinkedHashMap;
import java.util.Map;

/// A table of names in the making. A layer's weight and bias go together: where the network has no bias, the entry is
/// not asked for.
record Names(Map<String, Source> table) {
    Names() {
        this(new LinkedHashMap<>());
    }

    /// One tensor.
    Names put(String ours, String theirs) {
        table.put(ours, Source.of(theirs));
        return this;
    }

    /// Weight and bias of a layer, stacked from several if there are several.
    Names layer(String ours, String... theirs) {
        for (var part : new String[] {".weight", ".bias"}) {
            var names = theirs.clone();
            for (int i = 0; i < names.length; i++) {
                names[i] += part;
            }
            table.put(ours + part, Source.of(names));
        }
        return this;
    }

    /// A layer whose matrix is stored with inputs before outputs.
    Names turned(String ours, String theirs) {
        table.put(ours + ".weight", Source.turned(theirs + ".weight"));
        return put(ours + ".bias", theirs + ".bias");
    }
}
