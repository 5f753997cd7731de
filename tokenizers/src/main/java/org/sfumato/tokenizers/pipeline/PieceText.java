package org.sfumato.tokenizers.pipeline;

import java.nio.charset.StandardCharsets;

/// Normalizes a text as SentencePiece does: the longest known prefix is replaced, again and again; spaces are thinned
/// out and become U+2581. Source: `normalizer.cc` of google/sentencepiece.
public final class PieceText {
    /// What a space becomes.
    public static final String SPACE = "\u2581";
    private final PieceModel.Rules rules;
    private final CharTrie userDefined;

    /// With the pieces of users, which are left as they are.
    public PieceText(PieceModel.Rules rules, CharTrie userDefined) {
        this.rules = rules;
        this.userDefined = userDefined;
    }

    /// The text as the model sees it.
    public String normalize(String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        var space = rules.escapeSpaces() ? SPACE : " ";
        var body = new StringBuilder(text.length() + 8);
        boolean afterSpace = rules.removeExtraSpaces();
        boolean leading = rules.removeExtraSpaces();
        boolean any = false;
        long longest = Aligned.longest(text);
        for (int at = 0, b = 0; at < text.length();) {
            int end = userDefined.longest(text, at);
            String becomes;
            if (end > at) {
                becomes = text.substring(at, end);
            } else {
                var match = rules.map().longest(bytes, b, bytes.length);
                end = match == null ? text.offsetByCodePoints(at, 1) : forward(text, at, match.length());
                becomes = match == null ? text.substring(at, end) : match.becomes();
            }
            b += text.substring(at, end).getBytes(StandardCharsets.UTF_8).length;
            at = end;
            if (leading && becomes.equals(" ")) {
                continue;
            }
            leading = false;
            any = true;
            int from = 0;
            while (afterSpace && from < becomes.length() && becomes.charAt(from) == ' ') {
                from++;
            }
            if (body.length() > longest) {
                throw Aligned.tooLong(longest);
            }
            if (from < becomes.length()) {
                body.append(becomes.substring(from).replace(" ", space));
                afterSpace = becomes.endsWith(" ");
            }
            if (!rules.removeExtraSpaces()) {
                afterSpace = false;
            }
        }
        if (!any) {
            return "";
        }
        if (rules.dummyPrefix() && !rules.spaceAsSuffix()) {
            body.insert(0, space);
        }
        if (rules.removeExtraSpaces()) {
            int length = body.length();
            while (length >= space.length() && body.substring(length - space.length(), length).equals(space)) {
                length -= space.length();
            }
            body.setLength(length);
        }
        if (rules.dummyPrefix() && rules.spaceAsSuffix()) {
            body.append(space);
        }
        return body.toString();
    }

    private static int forward(String text, int at, int bytes) {
        int left = bytes;
        int i = at;
        while (left > 0 && i < text.length()) {
            int c = text.codePointAt(i);
            left -= c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            i += Character.charCount(c);
        }
        return i;
    }
}
