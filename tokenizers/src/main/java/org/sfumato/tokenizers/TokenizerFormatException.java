package org.sfumato.tokenizers;

import java.io.IOException;
import java.nio.file.Path;

/// A tokenizer's file that is damaged, or says something that is not known.
public final class TokenizerFormatException extends IOException {
    private static final long serialVersionUID = 1;

    TokenizerFormatException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }
}
