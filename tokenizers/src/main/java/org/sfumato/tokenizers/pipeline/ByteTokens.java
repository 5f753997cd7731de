package org.sfumato.tokenizers.pipeline;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// The tokens `<0x00>` to `<0xFF>` that stand for bytes.
public final class ByteTokens {
    private static final String[] NAMES = new String[256];

    static {
        for (int b = 0; b < NAMES.length; b++) {
            NAMES[b] = "<0x%02X>".formatted(b);
        }
    }

    private ByteTokens() {
    }

    /// The tokens of `bytes`.
    public static String[] names(byte[] bytes) {
        var names = new String[bytes.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = NAMES[bytes[i] & 0xFF];
        }
        return names;
    }

    /// The byte that `token` stands for, -1 where it stands for none.
    public static int byteOf(String token) {
        if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
            return -1;
        }
        int high = Character.digit(token.charAt(3), 16);
        int low = Character.digit(token.charAt(4), 16);
        return high < 0 || low < 0 || token.charAt(3) > 'f' || token.charAt(4) > 'f' ? -1 : 16 * high + low;
    }

    /// The text of `bytes`, or null where they are not UTF-8.
    public static String strict(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException _) {
            return null;
        }
    }
}
