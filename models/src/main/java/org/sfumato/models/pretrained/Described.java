package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.TensorFile;

/// What the configuration of a folder or file says.
record Described(Family family, TransformerConfig config) {
    static Described at(Path folderOrFile) throws IOException {
        var json = json(folderOrFile);
        var family = Family.of(json);
        try {
            return new Described(family, family.config(json));
        } catch (IllegalArgumentException e) {                          // of the configuration's own checks
            throw new FormatException("pretrained", json.file(), e.getMessage(), e);
        }
    }

    static ConfigJson json(Path folderOrFile) throws IOException {
        if (!Files.isRegularFile(folderOrFile)) {
            return ConfigJson.read(folderOrFile.resolve("config.json"));
        }
        try (var file = TensorFile.open(folderOrFile)) {
            return ConfigJson.of(folderOrFile, file.metadata());
        }
    }
}
