package org.sfumato.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Small tokenizers of each family, and some real ones, against `tokenizers` 0.23.2 (`make_fixtures.py`).
class FamiliesTest {
    private static final JsonNode FAMILIES = families();
    private static final JsonNode CASES = RandomTexts.json("cases.json");

    static final List<String> TEXTS = Stream.generate(new RandomTexts(20250711)::text).limit(10_000).toList();

    private static JsonNode families() {
        try (var in = new GZIPInputStream(RandomTexts.open("families.json.gz"))) {
            return JsonMapper.shared().readTree(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<String> names() {
        return FAMILIES.propertyNames().stream().toList();
    }

    static List<String> shared() {
        return lines("random-shared.txt").keySet().stream().toList();
    }

    static SubwordTokenizer family(String name) {
        return SubwordTokenizer.of(FAMILIES.get(name));
    }

    @ParameterizedTest
    @MethodSource("names")
    void casesAreTheOriginals(String name) {
        var tokenizer = family(name);
        for (var one : CASES.get("cases").get(name)) {
            var text = one.get(0).stringValue();
            var encoding = tokenizer.process(text);
            assertThat(encoding.ids()).as(text).isEqualTo(ints(one.get(1)));
            assertThat(encoding.tokens()).as(text)
                    .isEqualTo(one.get(2).valueStream().map(JsonNode::stringValue).toList());
            assertThat(offsets(text, encoding)).as(text).isEqualTo(flat(one.get(3)));
            assertThat(encoding.words()).as(text).isEqualTo(
                    one.get(4).valueStream().mapToInt(w -> w.isNull() ? -1 : w.intValue()).toArray());
            assertThat(tokenizer.decode(encoding.ids())).as(text).isEqualTo(one.get(5).stringValue());
            assertThat(tokenizer.decodeWithSpecial(encoding.ids())).as(text).isEqualTo(one.get(6).stringValue());
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void pairsAreTheOriginals(String name) {
        var texts = CASES.get("cases").get(name);
        var encoding = family(name).process(texts.get(3).get(0).stringValue(), texts.get(6).get(0).stringValue());
        var expected = CASES.get("pairs").get(name);
        assertThat(encoding.ids()).isEqualTo(ints(expected.get(0)));
        assertThat(encoding.typeIds()).isEqualTo(ints(expected.get(1)));
        assertThat(encoding.specialMask()).isEqualTo(ints(expected.get(2)));
    }

    @ParameterizedTest
    @MethodSource("names")
    void tenThousandRandomTextsAreTheOriginals(String name) {
        compare(family(name), lines("random.txt").get(name));
    }

    @ParameterizedTest
    @MethodSource("shared")
    void tenThousandRandomTextsAreTheOriginalsForRealTokenizers(String name) throws IOException {
        var file = SharedData.require(name.replace("t5:", ""));
        var tokenizer = name.startsWith("t5:") ? SubwordTokenizer.of(T5.json(file)) : Tokenizers.load(file);
        compare((SubwordTokenizer) tokenizer, lines("random-shared.txt").get(name));
    }

    private static void compare(SubwordTokenizer tokenizer, List<String> expected) {
        var found = IntStream.range(0, 100).parallel()
                .mapToObj(block -> digest(tokenizer, TEXTS.subList(100 * block, 100 * block + 100))).toList();
        assertThat(found).isEqualTo(expected);
    }

    private static String digest(SubwordTokenizer tokenizer, List<String> texts) {
        var hashes = IntStream.generate(() -> 0x811C9DC5).limit(3).toArray();
        for (var text : texts) {
            var encoding = tokenizer.process(text);
            for (int id : encoding.ids()) {
                hashes[0] = hash(hashes[0], id);
            }
            for (int v : offsets(text, encoding)) {
                hashes[1] = hash(hashes[1], v);
            }
            for (int type : encoding.typeIds()) {
                hashes[1] = hash(hashes[1], type);
            }
            for (int c : tokenizer.decodeWithSpecial(encoding.ids()).codePoints().toArray()) {
                hashes[2] = hash(hashes[2], c);
            }
            for (int k = 0; k < 3; k++) {
                hashes[k] = hash(hashes[k], -1);
            }
            // the short way to the ids alone, for some
            if (text.length() % 4 == 0 && !Arrays.equals(tokenizer.encode(text), tokenizer.align(text).ids())) {
                return "encode and align differ: " + text;
            }
        }
        return "%08x %08x %08x".formatted(hashes[0], hashes[1], hashes[2]);
    }

    static int hash(int h, int value) {
        return (h ^ value) * 0x01000193;
    }

    static Map<String, List<String>> lines(String name) {
        var out = new TreeMap<String, List<String>>();
        try (var in = RandomTexts.open(name)) {
            var all = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                    .filter(line -> !line.startsWith("#")).toList();
            for (int i = 0; i < all.size(); i += 101) {
                out.put(all.get(i), all.subList(i + 1, i + 101));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out;
    }

    private static int[] offsets(String text, Encoding encoding) {
        var points = new int[text.length() + 1];
        for (int i = 0, n = 0; i < text.length(); n++) {
            int c = Character.charCount(text.codePointAt(i));
            points[i] = n;
            points[i + c] = n + 1;
            i += c;
        }
        var out = new int[2 * encoding.size()];
        for (int i = 0; i < encoding.size(); i++) {
            out[2 * i] = points[encoding.starts()[i]];
            out[2 * i + 1] = points[encoding.ends()[i]];
        }
        return out;
    }

    private static int[] ints(JsonNode list) {
        return list.valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    private static int[] flat(JsonNode pairs) {
        return pairs.valueStream().flatMap(JsonNode::valueStream).mapToInt(JsonNode::intValue).toArray();
    }
}
