package org.sfumato.tokenizers.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A visible character for each byte: printable bytes of Latin-1 stand for themselves, the others take U+0100 and on.
///
/// Source: GPT-2's encoder.
public final class ByteAlphabet {
    private static final char[] CHARACTERS = new char[256];
    private static final short[] BYTES = new short[0x180];

    static {
        Arrays.fill(BYTES, (short) -1);
        char next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean visible = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            CHARACTERS[b] = visible ? (char) b : next++;
            BYTES[CHARACTERS[b]] = (short) b;
        }
    }

    private ByteAlphabet() {
    }

    /// The character of a byte, 0 to 255.
    public static char character(int b) {
        return CHARACTERS[b];
    }

    /// The byte of a character, -1 where it stands for none.
    static int byteOf(int character) {
        return character < BYTES.length ? BYTES[character] : -1;
    }

    /// The characters of the bytes of `text` in UTF-8.
    public static String write(String text) {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The characters of `bytes`.
    public static String write(byte[] bytes) {
        var out = new char[bytes.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = CHARACTERS[bytes[i] & 0xFF];
        }
        return new String(out);
    }

    static void write(Aligned text) {
        text.map((c, edits) -> {
            if (c < 0x80) {
                edits.add(CHARACTERS[c], 0);
                return;
            }
            var bytes = Character.toString(c).getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < bytes.length; i++) {
                edits.add(CHARACTERS[bytes[i] & 0xFF], i == 0 ? 0 : 1);
            }
        });
    }
}
