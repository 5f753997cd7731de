package org.sfumato.tokenizers.pipeline;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A SentencePiece model as its file has it.
///
/// Source: `sentencepiece_model.proto` of google/sentencepiece.
///
/// @param pieces by id
/// @param ids of the pieces
/// @param kind unigram or byte pairs
/// @param byteFallback whether characters without a piece become bytes
/// @param unknownSurface what an unknown piece is in decoded text
/// @param rules how text is normalized
public record PieceModel(List<Piece> pieces, Map<String, Integer> ids, Kind kind, boolean byteFallback,
        String unknownSurface, Rules rules) {
    /// How a text is cut.
    public enum Kind { UNIGRAM, BPE }

    /// What a piece is.
    public enum Type { NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE }

    /// A piece.
    public record Piece(String text, float score, Type type) { }

    /// How text is normalized.
    public record Rules(CharsMap map, boolean dummyPrefix, boolean removeExtraSpaces, boolean escapeSpaces,
            boolean spaceAsSuffix) {
        /// These for a text that goes on.
        public Rules withoutPrefix() {
            return new Rules(map, false, removeExtraSpaces, escapeSpaces, spaceAsSuffix);
        }
    }

    /// Throws [IllegalArgumentException] where `bytes` is no such model, or one of words or characters.
    public static PieceModel of(byte[] bytes) {
        var in = new Protobuf(ByteBuffer.wrap(bytes));
        var pieces = new ArrayList<Piece>();
        ByteBuffer trainer = ByteBuffer.allocate(0);
        ByteBuffer normalizer = ByteBuffer.allocate(0);
        while (in.next()) {
            switch (in.field()) {
                case 1 -> pieces.add(piece(new Protobuf(in.bytes())));
                case 2 -> trainer = in.bytes();
                case 3 -> normalizer = in.bytes();
                default -> in.skip();
            }
        }
        int kind = 1;
        boolean suffix = false;
        boolean fallback = false;
        var surface = " \u2047 ";
        for (in = new Protobuf(trainer); in.next();) {
            switch (in.field()) {
                case 3 -> kind = in.number();
                case 24 -> suffix = in.flag();
                case 35 -> fallback = in.flag();
                case 44 -> surface = in.text();
                default -> in.skip();
            }
        }
        if (kind != 1 && kind != 2) {
            throw new IllegalArgumentException("model type " + kind + " is not supported\nhint: unigram (1) and bpe (2)"
                    + " are; words (3) and characters (4) are not");
        }
        var rules = rules(new Protobuf(normalizer), suffix);
        var ids = HashMap.<String, Integer>newHashMap(pieces.size());
        for (var piece : pieces) {
            if (piece.text.isEmpty() || ids.putIfAbsent(piece.text, ids.size()) != null) {
                throw new IllegalArgumentException("piece " + ids.size() + ", \"" + piece.text
                        + "\", is empty or not the only one");
            }
        }
        if (pieces.stream().filter(p -> p.type == Type.UNKNOWN).count() != 1) {
            throw new IllegalArgumentException("not a SentencePiece model: " + pieces.size()
                    + " pieces, and not one of them for what is unknown");
        }
        return new PieceModel(List.copyOf(pieces), ids, kind == 1 ? Kind.UNIGRAM : Kind.BPE, fallback, surface, rules);
    }

    private static Piece piece(Protobuf in) {
        var text = "";
        float score = 0;
        int type = 1;
        while (in.next()) {
            switch (in.field()) {
                case 1 -> text = in.text();
                case 2 -> score = in.fixed32();
                case 3 -> type = in.number();
                default -> in.skip();
            }
        }
        if (type < 1 || type > Type.values().length) {
            throw new IllegalArgumentException("piece \"" + text + "\" is of type " + type);
        }
        return new Piece(text, score, Type.values()[type - 1]);
    }

    private static Rules rules(Protobuf in, boolean suffix) {
        var map = new byte[0];
        boolean dummy = true;
        boolean extra = true;
        boolean escape = true;
        while (in.next()) {
            switch (in.field()) {
                case 2 -> map = in.array();
                case 3 -> dummy = in.flag();
                case 4 -> extra = in.flag();
                case 5 -> escape = in.flag();
                default -> in.skip();
            }
        }
        return new Rules(CharsMap.of(map), dummy, extra, escape, suffix);
    }
}
