package org.sfumato.models.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.diffusion.Sampler.Choice;
import org.sfumato.models.diffusion.Sampler.Step;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.ByteTokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TraceTest {
    private static final String NASTY = "</script><script>alert(1)</script>&amp;\u2028\"'\\ <!-- {{text}} {{trace}} \n";
    private static final int MASK = 40;

    @TempDir
    Path temp;

    /// A trace with everything in it that there can be: tokens taken back, written twice in a step, changed unchosen.
    static Trace random(Random random) {
        int length = random.nextInt(1, 30);
        var canvas = new Canvas(random.ints(length, 0, MASK).toArray(), new boolean[length]);
        for (int i = 0; i < length; i++) {
            canvas.open()[i] = random.nextInt(4) > 0;
        }
        var tokens = new HashMap<Integer, String>();
        for (int id = 0; id < MASK; id++) {
            tokens.put(id, List.of("a", " \u00E4\u20AC", "\uD83D\uDE00", NASTY, "", "\t").get(random.nextInt(6)) + id);
        }
        var steps = new ArrayList<Step>();
        var ids = canvas.ids().clone();
        int[] places = canvas.places();
        int count = places.length == 0 ? 0 : random.nextInt(20);
        for (int s = 1; s <= count; s++) {
            var choices = new ArrayList<Choice>();
            for (int n = random.nextInt(6); n > 0; n--) {
                int i = places[random.nextInt(places.length)];
                ids[i] = random.nextInt(MASK + 1);
                choices.add(new Choice(i, ids[i], random.nextFloat(), random.nextInt(9) == 0 ? Double.NaN
                        : random.nextFloat() * 5));
            }
            if (random.nextInt(3) == 0) {
                ids[places[random.nextInt(places.length)]] = random.nextInt(-1, MASK + 1);
            }
            steps.add(new Step(s, count, ids.clone(), choices));
        }
        return new Trace(Map.of("--prompt", NASTY, "--seed", "1"), canvas, tokens, steps);
    }

    private static void requireSame(Trace found, Trace wanted) {
        assertThat(found.settings()).isEqualTo(wanted.settings());
        assertThat(found.tokens()).isEqualTo(wanted.tokens());
        assertThat(found.canvas()).isEqualTo(wanted.canvas());
        assertThat(said(found.steps())).isEqualTo(said(wanted.steps()));
    }

    private static List<String> said(List<Step> steps) {
        return steps.stream().map(step -> step.number() + " of " + step.most() + Arrays.toString(step.ids())
                + step.choices()).toList();
    }

    private Path written(Trace trace) throws IOException {
        var file = temp.resolve("trace");
        trace.write(file);
        return file;
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        var random = new Random(3);
        for (int i = 0; i < 50; i++) {
            var trace = random(random);
            requireSame(Trace.read(written(trace)), trace);
        }
    }

    /// Some bits of a gzip file mean nothing: flags, a time, and what fills up the last byte of the data.
    private static void requireNoticed(Path file, Trace trace, int at) {
        try {
            requireSame(Trace.read(file), trace);
        } catch (IOException e) {
            assertThat(e).as("byte %d", at).hasMessageStartingWith("trace: " + file + ": ");
        }
    }

    @Test
    void everyDamageIsNoticed() throws IOException {
        var random = new Random(4);
        var trace = random(random);
        while (trace.steps().size() < 5) {
            trace = random(random);
        }
        var file = written(trace);
        var whole = Files.readAllBytes(file);
        for (int at = 0; at < whole.length; at += at < 12 || at > whole.length - 9 ? 1 : 11) {
            Files.write(file, Arrays.copyOf(whole, at));
            assertThatThrownBy(() -> Trace.read(file)).isInstanceOf(IOException.class)
                    .hasMessageStartingWith("trace: " + file + ": ");
            var changed = whole.clone();
            changed[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, changed);
            requireNoticed(file, trace, at);
        }
        Files.write(file, new byte[100]);
        assertThatThrownBy(() -> Trace.read(file)).hasMessageContaining("is no trace").hasMessageContaining("hint:");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "sfumato-trace | other | is no trace",
        "\"version\":1 | \"version\":2 | is of version 2",
        "\"version\":1 | \"version\":\"1\" | has no number version",
        "\"steps\":2 | \"steps\":3 | has not the 3 steps",
        "\"steps\":2 | \"steps\":1 | has not the 1 steps",
        "\"steps\":2 | \"steps\":2000000000 | which is too much",
        "\"open\":[1,2] | \"open\":[1,9] | has an open place 9 of 3",
        "\"open\":[1,2] | \"open\":[2] | 'changes place 1, which is not open'",
        "\"ids\":[7 | \"ids\":[7.5 | has no number ids",
        "\"ids\" | \"idz\" | has no list ids",
        "\"7\":\"x\" | \"x\":\"x\" | has a token x",
        "\"7\":\"x\" | \"7\":7 | has no text in tokens",
        "[1,8,0.5,0.25] | [3,8,0.5,0.25] | has a place 3 of 3",
        "[1,8,0.5,0.25] | [1,8,0.5] | has no number entropy",
        "\"others\":[[2,40]] | \"others\":[[0,40]] | 'changes place 0, which is not open'",
        "\"others\":[[2,40]] | \"others\":[[2,40] | is damaged"})
    void whatDoesNotFitIsNamed(String from, String to, String message) throws IOException {
        var trace = new Trace(Map.of(), new Canvas(new int[] {7, 0, 0}, new boolean[] {false, true, true}),
                Map.of(7, "x", 8, "y"), List.of(
                        new Step(1, 2, new int[] {7, 8, MASK}, List.of(new Choice(1, 8, .5, .25))),
                        new Step(2, 2, new int[] {7, 8, 7}, List.of(new Choice(2, 7, 1, 0)))));
        var file = written(trace);
        String text;
        try (var in = new GZIPInputStream(new ByteArrayInputStream(Files.readAllBytes(file)))) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(text).contains(from);
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(text.replace(from, to).getBytes(StandardCharsets.UTF_8));
        }
        Files.write(file, bytes.toByteArray());
        assertThatThrownBy(() -> Trace.read(file)).isInstanceOf(IOException.class).hasMessageContaining(message);
    }

    @Test
    void thePageHoldsTheTraceAndNothingThatRuns() {
        var random = new Random(5);
        for (int i = 0; i < 50; i++) {
            var trace = random(random);
            var page = trace.html();
            var scripts = Pattern.compile("<script[^>]*>(.*?)</script>", Pattern.DOTALL).matcher(page).results()
                    .map(script -> script.group(1)).toList();
            assertThat(scripts).hasSize(2);
            assertThat(Pattern.compile("<script", Pattern.CASE_INSENSITIVE).matcher(page).results()).hasSize(2);
            assertThat(page).doesNotContain("<script>alert").doesNotContainPattern("(src|href)\\s*=")
                    .doesNotContain("http:").doesNotContain("https:").doesNotContain("innerHTML");
            assertThat(page).contains("type=\"range\"", "prefers-color-scheme: dark");
            requireTold(JsonMapper.shared().readTree(scripts.getFirst()), trace);
            assertThat(page.indexOf("{{t")).as("placeholders left outside of data").satisfiesAnyOf(
                    at -> assertThat(at).isNegative(),
                    at -> assertThat(page.substring(0, at)).contains("&lt;!--"),
                    at -> assertThat(page.substring(0, at)).contains("u003c!--"));
        }
    }

    private static void requireTold(JsonNode json, Trace trace) {
        var beginning = TraceJson.beginning(json);
        assertThat(beginning.settings()).isEqualTo(trace.settings());
        assertThat(beginning.tokens()).isEqualTo(trace.tokens());
        assertThat(beginning.canvas()).isEqualTo(trace.canvas());
        var now = beginning.canvas().ids().clone();
        var steps = new ArrayList<Step>();
        json.get("all").forEach(step -> steps.add(TraceJson.step(step, now)));
        assertThat(said(steps)).isEqualTo(said(trace.steps()));
    }

    @Test
    void theRecorderSeesWhatAnObserverSees() {
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = Transformer.init(TransformerConfig.modern(257, 32, 16, 1, 2), Rng.of(1));
                var sampler = new MaskedSampler(network, MaskedProcess.of(256), Sampling.oneByOne(Order.CONFIDENCE, 1));
                var recorder = new Recorder();
                var diffusion = new Diffusion(recorder.around(sampler), new ByteTokenizer(), 32);
                var seen = new ArrayList<Choice>();
                var text = diffusion.infill("a_b__c", Rng.of(2), step -> seen.addAll(step.choices()));
                var trace = recorder.trace(Map.of(), new ByteTokenizer(), id -> id < 256);
                assertThat(diffusion.sampler().end()).isEqualTo(sampler.end());
                assertThat(trace.canvas().places()).containsExactly(1, 3, 4);
                assertThat(trace.steps()).hasSize(3);
                for (int s = 0; s < 3; s++) {
                    var choice = trace.steps().get(s).choices().getFirst();
                    assertThat(choice.place()).isEqualTo(seen.get(s).place());
                    assertThat(choice.token()).isEqualTo(seen.get(s).token());
                    assertThat((float) choice.confidence()).isEqualTo((float) seen.get(s).confidence());
                    assertThat((float) choice.entropy()).isEqualTo((float) seen.get(s).entropy());
                }
                assertThat(new ByteTokenizer().decode(trace.ids())).isEqualTo(text);
                assertThat(trace.text(trace.steps().getFirst().ids(), "_").chars().filter(c -> c == '_')).hasSize(2);
            });
        }
    }

    @Test
    void aTextInPiecesIsOneTrace() {
        Sampler counting = (canvas, _, observer) -> {
            var ids = canvas.ids().clone();
            int[] places = canvas.places();
            Arrays.stream(places).forEach(i -> ids[i] = 256);
            for (int s = 0; s < places.length; s++) {
                ids[places[s]] = 'a' + s;
                observer.step(new Step(s + 1, places.length, ids, List.of(new Choice(places[s], 'a' + s, 1, 0))));
            }
            return ids;
        };
        var recorder = new Recorder();
        var text = new Diffusion(recorder.around(counting), new ByteTokenizer(), 6)
                .generate("xy", 9, Rng.of(1), Sampler.Observer.NONE);
        var trace = recorder.trace(Map.of(), new ByteTokenizer(), id -> id < 256);
        assertThat(text).isEqualTo("xyabcdabcab");
        assertThat(trace.text(trace.ids(), "_")).isEqualTo(text);
        assertThat(trace.canvas().places()).containsExactly(2, 3, 4, 5, 6, 7, 8, 9, 10);
        assertThat(trace.steps()).extracting(Step::number).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(trace.steps()).extracting(step -> step.choices().getFirst().place())
                .containsExactly(2, 3, 4, 5, 6, 7, 8, 9, 10);
        assertThat(trace.text(trace.steps().get(4).ids(), "_")).isEqualTo("xyabcda____");
        var other = new Canvas(new int[] {'q', 'q'}, new boolean[] {false, true});
        assertThatThrownBy(() -> recorder.around(counting).fill(other, Rng.of(1), Sampler.Observer.NONE))
                .hasMessageContaining("does not begin with the end of the first");
    }
}
