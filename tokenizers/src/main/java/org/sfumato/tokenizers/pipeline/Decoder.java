package org.sfumato.tokenizers.pipeline;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The last step: tokens become text again. Each decoder makes strings of strings; in the end they are joined.
public sealed interface Decoder {
    /// The strings that `tokens` become.
    List<String> decode(List<String> tokens);

    /// One after another.
    record Sequence(List<Decoder> steps) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            for (var step : steps) {
                tokens = step.decode(tokens);
            }
            return tokens;
        }
    }

    /// With a space between tokens: what a file without a decoder means.
    record Spaces() implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            return List.of(String.join(" ", tokens));
        }
    }

    /// Characters of [ByteAlphabet] become bytes, bytes UTF-8; U+FFFD stands for what is none.
    record Bytes() implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            var bytes = new ByteArrayOutputStream();
            for (var token : tokens) {
                if (token.codePoints().allMatch(c -> ByteAlphabet.byteOf(c) >= 0)) {
                    token.codePoints().forEach(c -> bytes.write(ByteAlphabet.byteOf(c)));
                } else {
                    bytes.writeBytes(token.getBytes(StandardCharsets.UTF_8));
                }
            }
            return List.of(bytes.toString(StandardCharsets.UTF_8));
        }
    }

    /// Tokens that begin with `prefix` join the one before; `cleanup` takes spaces from before punctuation.
    record WordPieces(String prefix, boolean cleanup) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            var out = new ArrayList<String>();
            for (int i = 0; i < tokens.size(); i++) {
                var token = tokens.get(i);
                if (i > 0) {
                    token = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
                }
                out.add(cleanup ? cleaned(token) : token);
            }
            return out;
        }

        private static String cleaned(String text) {
            return text.replace(" .", ".").replace(" ?", "?").replace(" !", "!").replace(" ,", ",")
                    .replace(" ' ", "'").replace(" n't", "n't").replace(" 'm", "'m").replace(" do not", " don't")
                    .replace(" 's", "'s").replace(" 've", "'ve").replace(" 're", "'re");
        }
    }

    /// `replacement` becomes a space; in the first token nothing, if `strip`.
    record Metaspace(String replacement, boolean strip) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            var out = new ArrayList<String>();
            for (var token : tokens) {
                out.add(token.replace(replacement, strip && out.isEmpty() ? "" : " "));
            }
            return out;
        }
    }

    /// `suffix` ends a word.
    record Suffix(String suffix) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            var out = new ArrayList<String>();
            for (int i = 0; i < tokens.size(); i++) {
                out.add(tokens.get(i).replace(suffix, i == tokens.size() - 1 ? "" : " "));
            }
            return out;
        }
    }

    /// Runs of [ByteTokens] become UTF-8, or one U+FFFD for each byte where they are none.
    record ByteFallback() implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            var out = new ArrayList<String>();
            var bytes = new ByteArrayOutputStream();
            for (var token : tokens) {
                int b = ByteTokens.byteOf(token);
                if (b >= 0) {
                    bytes.write(b);
                } else {
                    flush(bytes, out);
                    out.add(token);
                }
            }
            flush(bytes, out);
            return out;
        }

        private static void flush(ByteArrayOutputStream bytes, List<String> out) {
            if (bytes.size() > 0) {
                var text = ByteTokens.strict(bytes.toByteArray());
                out.add(text != null ? text : "\uFFFD".repeat(bytes.size()));
                bytes.reset();
            }
        }
    }

    /// All in one.
    record Fuse() implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            return List.of(String.join("", tokens));
        }
    }

    /// Takes up to `start` of `content` from the front of each and up to `stop` from its end.
    record Strip(char content, int start, int stop) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            return tokens.stream().map(this::stripped).toList();
        }

        private String stripped(String token) {
            int from = 0;
            while (from < Math.min(start, token.length()) && token.charAt(from) == content) {
                from++;
            }
            int to = token.length();
            while (token.length() - to < stop && to > from && token.charAt(to - 1) == content) {
                to--;
            }
            return token.substring(from, to);
        }
    }

    /// Puts `content` for what matches.
    record Replace(Finder pattern, String content) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            return tokens.stream().map(token -> {
                var text = Aligned.of(token);
                text.replace(pattern.find(token), content);
                return text.text();
            }).toList();
        }
    }

    /// Connectionist temporal classification: repeats are one, `pad` is nothing, `delimiter` a space if `cleanup`.
    record Ctc(String pad, String delimiter, boolean cleanup) implements Decoder {
        @Override
        public List<String> decode(List<String> tokens) {
            var out = new ArrayList<String>();
            for (int i = 0; i < tokens.size(); i++) {
                if (i > 0 && tokens.get(i).equals(tokens.get(i - 1))) {
                    continue;
                }
                var token = tokens.get(i).replace(pad, "");
                if (cleanup) {
                    token = WordPieces.cleaned(token).replace(delimiter, " ");
                }
                if (!token.isEmpty()) {
                    out.add(token);
                }
            }
            return out;
        }
    }
}
