package org.sfumato.cuda.interpreter;

import java.util.ArrayList;
import java.util.List;

/// Cuts PTX into words, numbers, strings and punctuation.
final class Lexer {
    /// @param text as it stands in the source
    /// @param line where, counted from 1
    record Token(String text, int line) {
        boolean is(String other) {
            return text.equals(other);
        }

        boolean word() {
            return isWord(text.charAt(0)) && !number();
        }

        boolean number() {
            return Character.isDigit(text.charAt(0));
        }
    }

    private final Source source;
    private final String text;
    private int at;
    private int line = 1;

    private Lexer(Source source) {
        this.source = source;
        text = source.text();
    }

    static List<Token> tokens(Source source) {
        var lexer = new Lexer(source);
        var tokens = new ArrayList<Token>();
        while (lexer.skipBlanks()) {
            int from = lexer.at;
            lexer.skipToken();
            tokens.add(new Token(lexer.text.substring(from, lexer.at), lexer.line));
        }
        return tokens;
    }

    /// True if something follows.
    private boolean skipBlanks() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                line++;
                at++;
            } else if (Character.isWhitespace(c)) {
                at++;
            } else if (text.startsWith("//", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
            } else if (text.startsWith("/*", at)) {
                int end = text.indexOf("*/", at + 2);
                if (end < 0) {
                    throw source.error(line, "a comment has no end");
                }
                line += (int) text.substring(at, end).chars().filter(x -> x == '\n').count();
                at = end + 2;
            } else {
                return true;
            }
        }
        return false;
    }

    private void skipToken() {
        char first = text.charAt(at++);
        if (first == '"') {
            at = text.indexOf('"', at) + 1;
            if (at == 0) {
                throw source.error(line, "a string has no end");
            }
        } else if (isWord(first)) {
            while (at < text.length() && (isWord(text.charAt(at)) || text.startsWith("::", at))) {
                at += text.charAt(at) == ':' ? 2 : 1;
            }
        } else if ("{}[](),;:@!|+-=<>".indexOf(first) < 0) {
            throw source.error(line, "unexpected '" + first + "'");
        }
    }

    private static boolean isWord(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '%'
                || c == '.';
    }
}
