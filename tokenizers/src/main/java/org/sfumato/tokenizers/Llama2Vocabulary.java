package org.sfumato.tokenizers;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The `tokenizer.bin` of llama2.c as the SentencePiece model that it was made from: the length of the longest piece,
/// then for each piece score, length and UTF-8. Pieces 0 to 2 are `<unk>`, `<s>`, `</s>`, the next 256 the bytes.
///
/// Source: `tokenizer.py` and `run.c` of karpathy/llama2.c.
record Llama2Vocabulary(ByteBuffer file) {
    private static final List<String> FIRST = List.of("<unk>", "<s>", "</s>");
    private static final int BYTES_END = FIRST.size() + 256;
    private static final int NORMAL = 1;
    private static final int UNKNOWN = 2;
    private static final int CONTROL = 3;
    private static final int BYTE = 6;

    static Llama2Vocabulary of(byte[] bytes) {
        return new Llama2Vocabulary(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    }

    /// The bytes of a SentencePiece model of byte pairs. Throws [IllegalArgumentException] where the file is none of
    /// llama2.c.
    byte[] toSentencePiece() {
        var out = new ByteArrayOutputStream();
        int most = file.remaining() < Integer.BYTES ? 0 : file.getInt();
        if (most < 1 || most > file.remaining()) {
            throw new IllegalArgumentException("not a tokenizer.bin of llama2.c: the longest piece has " + most
                    + " bytes");
        }
        try {
            for (int id = 0; file.hasRemaining(); id++) {
                var piece = piece(id, file.getFloat(), file.getInt(), most);
                field(out, 1, piece);
            }
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("not a tokenizer.bin of llama2.c: it ends within a piece", e);
        }
        field(out, 2, new byte[] {3 << 3, 2, (byte) 0x98, 2, 1});               // byte pairs; 35: bytes as fall-back
        field(out, 3, new byte[] {4 << 3, 0});                                  // spaces are kept
        return out.toByteArray();
    }

    private byte[] piece(int id, float score, int length, int most) {
        if (length < 1 || length > Math.min(most, file.remaining())) {
            throw new IllegalArgumentException("not a tokenizer.bin of llama2.c: piece " + id + " has " + length
                    + " bytes");
        }
        var bytes = new byte[length];
        file.get(bytes);
        var text = id < FIRST.size() ? FIRST.get(id) : new String(bytes, StandardCharsets.UTF_8).replace(' ', '\u2581');
        int type = id == 0 ? UNKNOWN : id < FIRST.size() ? CONTROL : id < BYTES_END ? BYTE : NORMAL;
        var out = new ByteArrayOutputStream();
        field(out, 1, text.getBytes(StandardCharsets.UTF_8));
        out.write(2 << 3 | 5);
        out.writeBytes(ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(score).array());
        out.writeBytes(new byte[] {3 << 3, (byte) type});
        return out.toByteArray();
    }

    /// A field of protobuf with a length.
    private static void field(ByteArrayOutputStream out, int number, byte[] content) {
        out.write(number << 3 | 2);
        int rest = content.length;
        for (; rest > 0x7F; rest >>>= 7) {
            out.write(rest & 0x7F | 0x80);
        }
        out.write(rest);
        out.writeBytes(content);
    }
}
