package org.sfumato.models.pretrained;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.io.FormatException;

/// What is wrong with the tensors of a file, all of it.
record Problems(List<String> lines) {
    private static final int SHOWN = 8;

    Problems() {
        this(new ArrayList<>());
    }

    void add(String line) {
        lines.add(line);
    }

    /// Throws them, the first ones in words, if there are any.
    void raise(String format, Path path, String what) throws FormatException {
        if (!lines.isEmpty()) {
            throw new FormatException(format, path, what + ":\n"
                    + String.join("\n", lines.subList(0, Math.min(SHOWN, lines.size())))
                    + (lines.size() > SHOWN ? "\n... and " + (lines.size() - SHOWN) + " more" : ""));
        }
    }
}
