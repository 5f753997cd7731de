package org.sfumato.tokenizers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A unigram model of SentencePiece as the tokenizer.json that transformers makes of it; the twin of `t5` in
/// `make_fixtures.py`.
final class T5 {

    private T5() {
    }

    static JsonNode json(Path model) throws IOException {
        var mapper = JsonMapper.shared();
        var file = mapper.createObjectNode();
        var unigram = file.putObject("model").put("type", "Unigram").put("unk_id", 0).put("byte_fallback", false);
        var vocab = unigram.putArray("vocab");
        var charsMap = new byte[0];
        var in = ByteBuffer.wrap(Files.readAllBytes(model)).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            int tag = varint(in);
            if ((tag & 7) == 0) {
                varint(in);
                continue;
            }
            int size = varint(in);
            var part = in.slice(in.position(), size).order(ByteOrder.LITTLE_ENDIAN);
            in.position(in.position() + size);
            if (tag >>> 3 == 1) {
                piece(part, vocab.addArray());
            } else if (tag >>> 3 == 3) {
                charsMap = charsMap(part);
            }
        }
        var meta = mapper.createObjectNode().put("type", "Metaspace").put("replacement", "\u2581")
                .put("prepend_scheme", "always");
        file.set("pre_tokenizer", meta);
        file.set("decoder", meta);
        var steps = file.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
        steps.addObject().put("type", "Precompiled").put("precompiled_charsmap",
                Base64.getEncoder().encodeToString(charsMap));
        steps.addObject().put("type", "Replace").put("content", "\u2581").putObject("pattern").put("Regex", " {2,}");
        return file;
    }

    private static int varint(ByteBuffer in) {
        int value = 0;
        for (int shift = 0;; shift += 7) {
            byte b = in.get();
            value |= (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    private static void piece(ByteBuffer in, tools.jackson.databind.node.ArrayNode entry) {
        var text = "";
        float score = 0;
        while (in.hasRemaining()) {
            switch (varint(in)) {
                case 1 << 3 | 2 -> {
                    var bytes = new byte[varint(in)];
                    in.get(bytes);
                    text = new String(bytes, StandardCharsets.UTF_8);
                }
                case 2 << 3 | 5 -> score = in.getFloat();
                default -> varint(in);
            }
        }
        entry.add(text).add((double) score);
    }

    private static byte[] charsMap(ByteBuffer in) {
        while (in.hasRemaining()) {
            int tag = varint(in);
            int value = varint(in);
            if ((tag & 7) == 2) {
                var bytes = new byte[value];
                in.get(bytes);
                if (tag >>> 3 == 2) {
                    return bytes;
                }
            }
        }
        return new byte[0];
    }
}
