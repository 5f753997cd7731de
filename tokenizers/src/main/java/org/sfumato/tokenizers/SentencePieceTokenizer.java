package org.sfumato.tokenizers;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.sfumato.tokenizers.pipeline.ByteTokens;
import org.sfumato.tokenizers.pipeline.PieceCutter;
import org.sfumato.tokenizers.pipeline.PieceModel;
import org.sfumato.tokenizers.pipeline.PieceModel.Type;
import org.sfumato.tokenizers.pipeline.PieceText;
import tools.jackson.databind.json.JsonMapper;

/// A tokenizer from a `.model` file of SentencePiece, unigram or byte pairs.
///
/// Nothing is added to a text: no `<s>`, no `</s>`. Control pieces in a text are not found, they are text.
/// Source: Kudo and Richardson 2018, arXiv 1808.06226; google/sentencepiece 0.2, with which ids and text agree.
public final class SentencePieceTokenizer implements Tokenizer {
    static final String NAME = "sentencepiece";

    private final byte[] file;
    private final PieceModel model;
    private final PieceCutter cutter;
    private final PieceText normalizer;
    /// For what stands after a special token: no space is put in front.
    private final PieceText continued;
    private final int[] bytes = new int[256];

    private SentencePieceTokenizer(byte[] file) {
        this.file = file;
        model = PieceModel.of(file);
        cutter = new PieceCutter(model);
        normalizer = new PieceText(model.rules(), cutter.userDefined());
        continued = new PieceText(model.rules().withoutPrefix(), cutter.userDefined());
        if (model.byteFallback()) {
            for (int b = 0; b < bytes.length; b++) {
                var name = ByteTokens.names(new byte[] {(byte) b})[0];
                if (!model.ids().containsKey(name)) {
                    throw new IllegalArgumentException("byte_fallback, but there is no piece " + name);
                }
                bytes[b] = model.ids().get(name);
            }
        }
    }

    /// The tokenizer of a model's file. Throws [IllegalArgumentException] where it is none.
    static SentencePieceTokenizer of(byte[] file) {
        return new SentencePieceTokenizer(file);
    }

    static SentencePieceTokenizer ofBase64(String file) {
        return of(Base64.getDecoder().decode(file));
    }

    @Override
    public int[] encode(String text) {
        return encode(text, true);
    }

    /// The pieces that stand for no text.
    IntStream controls() {
        return IntStream.range(0, vocabularySize()).filter(id -> model.pieces().get(id).type() == Type.CONTROL);
    }

    /// The ids of `text`, which stands at the beginning of a text or after a special token.
    int[] encode(String text, boolean front) {
        SubwordTokenizer.requireText(text);
        var normal = (front ? normalizer : continued).normalize(text);
        var cut = cutter.cut(normal);
        var out = new int[model.byteFallback() ? 4 * normal.length() : cut.length / 2];
        int n = 0;
        int start = 0;
        for (int i = 0; i < cut.length; i += 2) {
            int id = cut[i];
            int end = cut[i + 1];
            if (id != cutter.unknown()) {
                out[n++] = id;
            } else if (model.byteFallback()) {
                for (byte b : normal.substring(start, end).getBytes(StandardCharsets.UTF_8)) {
                    out[n++] = bytes[b & 0xFF];
                }
            } else if (i == 0 || cut[i - 2] != id) {    // neighbours without a piece are one unknown piece
                out[n++] = id;
            }
            start = end;
        }
        return Arrays.copyOf(out, n);
    }

    /// The ids of each text, by several threads.
    public List<int[]> encodeAll(List<String> texts) {
        return texts.parallelStream().map(this::encode).toList();
    }

    /// The text of `ids`. Control pieces leave nothing, an unknown piece U+2047 between spaces, bytes that are not
    /// UTF-8 U+FFFD each.
    @Override
    public String decode(int... ids) {
        var rules = model.rules();
        var out = new StringBuilder();
        var pending = new ByteArrayOutputStream();
        boolean front = true;                       // a space at the front may still be that of the dummy prefix
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= vocabularySize()) {
                throw UnknownTokenException.id(ids[i], i, vocabularySize());
            }
            var piece = model.pieces().get(ids[i]);
            if (piece.type() == Type.BYTE) {
                pending.write(ByteTokens.byteOf(piece.text()));
                continue;
            }
            flush(pending, out);
            front &= out.isEmpty();
            var text = piece.text();
            if (piece.type() == Type.CONTROL) {
                continue;
            }
            if (piece.type() == Type.UNKNOWN) {
                text = model.unknownSurface();
            } else if (front && (rules.dummyPrefix() || rules.removeExtraSpaces())
                    && text.startsWith(PieceText.SPACE)) {
                text = text.substring(1);
                front = rules.removeExtraSpaces();
            }
            out.append(text.replace(PieceText.SPACE, " "));
        }
        flush(pending, out);
        return out.toString();
    }

    private static void flush(ByteArrayOutputStream pending, StringBuilder out) {
        var bytes = pending.toByteArray();
        pending.reset();
        for (int i = 0; i < bytes.length;) {
            int length = Math.min(sequence(bytes[i]), bytes.length - i);
            var text = ByteTokens.strict(Arrays.copyOfRange(bytes, i, i + length));
            out.append(text == null ? "\uFFFD" : text);
            i += text == null ? 1 : length;
        }
    }

    private static int sequence(byte first) {
        int b = first & 0xFF;
        return b < 0xC0 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    /// The id of `piece`, where there is one.
    public OptionalInt id(String piece) {
        var id = model.ids().get(piece);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// The piece of `id`. Throws [UnknownTokenException] where there is none.
    public String piece(int id) {
        if (id < 0 || id >= vocabularySize()) {
            throw UnknownTokenException.id(id, 0, vocabularySize());
        }
        return model.pieces().get(id).text();
    }

    @Override
    public int vocabularySize() {
        return model.pieces().size();
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String toJson() {
        var mapper = JsonMapper.shared();
        return mapper.writeValueAsString(mapper.createObjectNode().put("kind", NAME)
                .put("model", Base64.getEncoder().encodeToString(file)));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SentencePieceTokenizer t && Arrays.equals(file, t.file);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(file);
    }

    @Override
    public String toString() {
        return NAME + "(" + vocabularySize() + ")";
    }
}
