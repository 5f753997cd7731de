package org.sfumato.models.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.sfumato.tokenizers.ByteTokenizer;

/// A process that prepares lines of text: arguments are the folder of the text and that of the tokens.
final class PrepareOnce {
    static final long SHARD_TOKENS = 2000;

    private PrepareOnce() { }

    static void main(String[] arguments) throws IOException {
        var files = DocumentFiles.find(List.of(arguments[0]), "text", "\n");
        new Preparation(new ByteTokenizer(), files, OptionalInt.empty(), OptionalInt.of(0), SHARD_TOKENS)
                .run(Path.of(arguments[1]), (bytes, tokens, documents) -> { });
    }
}
