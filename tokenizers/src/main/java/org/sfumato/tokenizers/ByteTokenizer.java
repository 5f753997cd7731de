package org.sfumato.tokenizers;

import java.nio.charset.StandardCharsets;
import tools.jackson.databind.json.JsonMapper;

/// One id for each byte of the text's UTF-8 form: 256 ids, any text, nothing to learn.
///
/// Decoding puts U+FFFD in place of bytes that are not UTF-8, which a model may well produce.
public record ByteTokenizer() implements Tokenizer {
    static final String NAME = "bytes";
    private static final int SIZE = 256;

    @Override
    public int[] encode(String text) {
        for (int i = 0; i < text.length();) {
            int c = text.codePointAt(i);
            if (Character.getType(c) == Character.SURROGATE) {
                throw UnknownTokenException.surrogate("encode", c, i);
            }
            i += Character.charCount(c);
        }
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        var ids = new int[bytes.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = bytes[i] & 0xFF;
        }
        return ids;
    }

    @Override
    public String decode(int... ids) {
        var bytes = new byte[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= SIZE) {
                throw UnknownTokenException.id(ids[i], i, SIZE);
            }
            bytes[i] = (byte) ids[i];
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public int vocabularySize() {
        return SIZE;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String toJson() {
        var mapper = JsonMapper.shared();
        return mapper.writeValueAsString(mapper.createObjectNode().put("kind", NAME));
    }
}
