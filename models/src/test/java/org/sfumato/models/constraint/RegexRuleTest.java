package org.sfumato.models.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.Editing;
import org.sfumato.models.masked.EditingSampler;
import org.sfumato.models.masked.Ending;
import org.sfumato.models.masked.FirstHittingSampler;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Remasking;
import org.sfumato.models.masked.RemaskingSampler;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.masked.Unmasking;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tokenizers.BytePairTrainer;
import org.sfumato.tokenizers.ByteTokenizer;
import org.sfumato.tokenizers.CharTokenizer;
import org.sfumato.tokenizers.Tokenizer;

/// Regular expressions against `java.util.regex`, canvases against all fillings, samplers with all of them.
class RegexRuleTest {
    private static final CharTokenizer CHARACTERS = CharTokenizer.ofVocabulary("abc1 \n-");
    private static final int MASK = CHARACTERS.vocabularySize();
    private static final Tokenizer PAIRS =
            new BytePairTrainer(262, 1, List.of("<end>")).train(List.of("abc ab abc-1 a1 abc"));

    private static boolean matches(Automaton automaton, String text) {
        int state = automaton.after(0, text);
        return state != Automaton.DEAD && automaton.accepting().get(state);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "abc", "a|bc|", "(a|b)*c", "a{2,3}b?", "(ab){2}", "a{0,2}", "(?:a|ab)(c|bcd)*",
        "[a-c]+1", "[^a-b\\n]*", "\\w+\\s\\d", "\\W*\\S", "\\D{3,}", ".*a.", "(a*)*b",
        "((a|b)(b|c)){1,2}", "\\(a\\)|-+",
        "[\\d-]+", "[a\\-c]{2}", "[\\]a]b|c"})
    void expressionsMeanWhatTheyMeanInJava(String regex) {
        var java = Pattern.compile(regex, Pattern.UNIX_LINES);
        var automaton = Automaton.of(regex);
        var random = new Random(3);
        int matched = 0;
        for (int n = 0; n < 4000; n++) {
            var letters = n % 2 == 0 ? "abc" : "aabbcc1 \n-]()d";
            var text = new StringBuilder();
            for (int i = random.nextInt(7); i > 0; i--) {
                text.append(letters.charAt(random.nextInt(letters.length())));
            }
            boolean expected = java.matcher(text).matches();
            assertThat(matches(automaton, text.toString())).as("%s on %s", regex, text).isEqualTo(expected);
            matched += expected ? 1 : 0;
        }
        assertThat(matched).isPositive();
    }

    @Test
    void charactersBeyondTwoBytesAreOne() {
        var automaton = Automaton.of("[\uD83D\uDE00-\uD83D\uDE4F].");
        assertThat(matches(automaton, "\uD83D\uDE42\uD83D\uDE80")).isTrue();
        assertThat(matches(automaton, "\uD83D\uDE80\uD83D\uDE42")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a)",
        "(a", "[a", "a**", "*a", "a{3,2}", "a{x}", "a{2000}", "^a", "a$", "\\b", "(?=a)", "a\\",
        "[c-a]", "[a&&b]", "a*?", "((((a{30}){30}){30}){30})"})
    void whatIsNotKnownIsRefused(String regex) {
        assertThatThrownBy(() -> Automaton.of(regex)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("regular expression: ").hasMessageContaining("\nhint: ");
    }

    /// All fillings of a canvas of four places, each token of each place, with every set of places already written.
    @ParameterizedTest
    @ValueSource(strings = {"a*b+", "(ab|ba)*", "a.c?a|b{4}", "[ab]{2}c{1,2}"})
    void aTokenIsAllowedIfAndOnlyIfSomeFillingMatches(String regex) {
        var tokenizer = CharTokenizer.ofVocabulary("abc");
        var rule = RegexRule.of(regex, tokenizer, 3);
        var java = Pattern.compile(regex);
        var right = IntStream.range(0, 81).mapToObj(n -> new int[] {n / 27, n / 9 % 3, n / 3 % 3, n % 3})
                .filter(ids -> java.matcher(tokenizer.decode(ids)).matches()).toList();
        assertThat(right).isNotEmpty();
        for (int n = 0; n < 256; n++) {
            int[] canvas = {n / 64, n / 16 % 4, n / 4 % 4, n % 4};
            for (int place = 0; place < 4; place++) {
                int here = place;
                for (int token = 0; token < 3; token++) {
                    int wanted = token;
                    boolean expected = right.stream().anyMatch(ids -> IntStream.range(0, 4).allMatch(
                            i -> ids[i] == (i == here ? wanted : canvas[i] == 3 ? ids[i] : canvas[i])));
                    assertThat(rule.allows(token, place, canvas)).as("%s %d at %d", Arrays.toString(canvas), token,
                            place).isEqualTo(expected);
                }
            }
        }
    }

    /// Knows nothing, but says something else at every place and canvas.
    private static Denoiser network(int vocabulary) {
        return (noisy, _) -> {
            long hash = Arrays.hashCode(noisy.ids().toLongs());
            int length = (int) noisy.ids().size(1);
            return Tensor.normal(Shape.of(1, length, vocabulary), Rng.of(hash & 0xFFFF)).mul(2);
        };
    }

    private static Stream<Sampler> samplers(List<LogitRule> rules, Tokenizer tokenizer) {
        int mask = tokenizer.vocabularySize();
        var process = MaskedProcess.of(mask);
        var network = network(mask + 1);
        var sampling = Stream.of(new Unmasking.Quota(Order.RANDOM, 1), new Unmasking.Quota(Order.CONFIDENCE, 5),
                new Unmasking.Threshold(.2), new Unmasking.EntropyBound(4))
                .map(way -> Sampling.of(way, .7).withRules(rules.toArray(LogitRule[]::new)));
        var masked = sampling.flatMap(s -> Stream.of(s, s.withBlock(4)))
                .map(s -> (Sampler) new MaskedSampler(network, process, s));
        return Stream.concat(masked, Stream.of(
                new RemaskingSampler(network, process, new Remasking.Cap(.3), 6, .7, 0, rules),
                new RemaskingSampler(network, process, Remasking.Loop.STANDARD, 1, .7, 0, rules),
                new FirstHittingSampler(network, process, .7, 0, rules),
                new EditingSampler(network, process, new Editing(.1, .2, 5), 6, 0, rules)));
    }

    private static Stream<String> wholes() {
        return Stream.of("(a|b1)*", "a{3,}b.*", "(\\w{2,4} )*\\w+", "[^a]*a[^a]*", "(abc|1-|\\n)+");
    }

    @ParameterizedTest
    @MethodSource("wholes")
    void whateverTheOrderWhatIsWrittenMatches(String regex) {
        for (var tokenizer : List.of(CHARACTERS, new ByteTokenizer(), PAIRS)) {
            var rules = List.of(RegexRule.of(regex, tokenizer, tokenizer.vocabularySize()), LogitRule.topP(.9));
            samplers(rules, tokenizer).skip(tokenizer == CHARACTERS ? 0 : 7).forEach(sampler -> {
                var text = tokenizer.decode(sampler.fill(Canvas.after(new int[0], 8), Rng.of(4),
                        Sampler.Observer.NONE));
                assertThat(text).matches(Pattern.compile(regex, Pattern.UNIX_LINES)).hasSizeGreaterThanOrEqualTo(8);
            });
        }
    }

    @Test
    void givenPlacesCountToo() {
        var rule = RegexRule.of("(a|b)+-(a|b)+ 1*", CHARACTERS, MASK);
        var given = CHARACTERS.encode("a  b      ");
        var open = new boolean[] {false, true, true, false, true, true, true, false, true, true};
        samplers(List.of(rule), CHARACTERS).forEach(sampler -> assertThat(CHARACTERS.decode(
                sampler.fill(new Canvas(given, open), Rng.of(1), Sampler.Observer.NONE)))
                .matches("a[ab-][ab-]b[ab-]{3} 11").matches("[ab]+-[ab]+ 11"));
        assertThatThrownBy(() -> rule.apply(new double[8], 1, new int[] {6, 7, 7})).hasMessageContaining("3 tokens")
                .hasMessageContaining("hint");
    }

    @Test
    void theTextMayEndBeforeTheCanvas() {
        int end = CHARACTERS.encode("\n")[0];
        var rule = RegexRule.endingWith(end, "[abc]{3}|1{5}", CHARACTERS, MASK);
        var sampling = Sampling.oneByOne(Order.RANDOM, 1).withRules(rule).withEnding(new Ending.Stop(end, true));
        var found = new ArrayList<String>();
        for (int seed = 0; seed < 12; seed++) {
            found.add(CHARACTERS.decode(new MaskedSampler(network(MASK + 1), MaskedProcess.of(MASK), sampling)
                    .fill(Canvas.after(new int[0], 9), Rng.of(seed), Sampler.Observer.NONE)));
        }
        assertThat(found).allMatch(text -> text.matches("([abc]{3}|1{5})\n+"));
        assertThat(found).anyMatch(text -> text.startsWith("1"));
        assertThat(found).anyMatch(text -> !text.startsWith("1"));
    }

    @Test
    void tokensOfCertainPlaces() {
        var only = new BitSet();
        only.set(2, 4);
        var sampler = new MaskedSampler(network(MASK + 1), MaskedProcess.of(MASK),
                Sampling.oneByOne(Order.RANDOM, 3).withRules(LogitRule.allow(Map.of(1, only, 5, only))));
        var seen = new BitSet();
        for (int seed = 0; seed < 20; seed++) {
            int[] ids = sampler.fill(Canvas.after(new int[0], 6), Rng.of(seed), Sampler.Observer.NONE);
            assertThat(ids[1]).isBetween(2, 3);
            assertThat(ids[5]).isBetween(2, 3);
            seen.set(ids[0]);
        }
        assertThat(seen.cardinality()).isGreaterThan(3);
    }
}
