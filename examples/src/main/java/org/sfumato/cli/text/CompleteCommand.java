package org.sfumato.cli.text;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.autoregressive.BeamSearch;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoder.Observer;
import org.sfumato.models.autoregressive.Decoder.Uniforms;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.ChatTemplate.Message;
import org.sfumato.tokenizers.ChatTemplate.Role;
import org.sfumato.tokenizers.SubwordTokenizer;
import org.sfumato.tokenizers.TextStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// `sfumato complete`: a causal model writes prompts on.
@Command(name = "complete", description = "Write text on with a model that writes from left to right.",
        footer = {"", "Example: sfumato complete --model gpt2 --prompt \"Once upon a time\" --temperature 0.8"})
public final class CompleteCommand implements Callable<Integer> {
    private static final int TOKENS = 64;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    LanguageModelOption model;

    @Option(names = "--prompt", paramLabel = "TEXT", defaultValue = "",
            description = "What the text begins with; several are written on together.")
    List<String> prompts;

    @Option(names = "--tokens", paramLabel = "N", description = "At most so many new tokens (default " + TOKENS
            + ", or as many as the model has room for).")
    Integer tokens;

    @Option(names = "--temperature", defaultValue = "0", paramLabel = "T",
            description = "0: always the likeliest token (default).")
    double temperature;

    @Option(names = "--top-k", defaultValue = "0", paramLabel = "K", description = "Of the K likeliest tokens only.")
    int topK;

    @Option(names = "--top-p", defaultValue = "1", paramLabel = "P",
            description = "Of the likeliest tokens only that together have probability P.")
    double topP;

    @Option(names = "--repetition-penalty", defaultValue = "1", paramLabel = "X",
            description = "Above 1: what was written is less likely to come again.")
    double repetitionPenalty;

    @Option(names = "--beams", defaultValue = "1", paramLabel = "N",
            description = "The best of N texts that are written side by side.")
    int beams;

    @Option(names = "--seed", defaultValue = "1", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}.")
    long seed;

    @Option(names = "--chat", description = "The prompt is a question to a model that was trained to answer.")
    boolean chat;

    @Option(names = "--stats", description = "Print the speed on standard error.")
    boolean stats;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--tokens", tokens);
        common.notNegative("--temperature", temperature);
        common.atLeast(0, "--top-k", topK);
        common.positive("--top-p", topP);
        common.positive("--repetition-penalty", repetitionPenalty);
        common.atLeast(1, "--beams", beams);
        if (topP > 1 || beams > 1 && (temperature > 0 || topK > 0 || topP < 1)) {
            throw new ParameterException(common.commandLine(), topP > 1 ? "--top-p must be at most 1, got " + topP
                    : "--beams takes the likeliest texts: not with --temperature, --top-k or --top-p");
        }
        try (var scope = Scope.open("complete")) {
            return Scoped.call(scope, () -> {
                complete(model.load(common));
                return ExitCode.OK;
            });
        }
    }

    private void complete(LanguageModel model) {
        var ends = new TreeSet<>(model.ends());
        var read = prompts.stream().map(prompt -> chat ? question(model, prompt, ends) : model.read(prompt)).toList();
        var clock = new Clock(System.nanoTime());
        var written = beams > 1 ? search(model, read, ends) : write(model, read, ends, clock);
        double seconds = clock.seconds();
        int count = written.stream().mapToInt(ids -> ids.length).sum();
        if (stats) {
            clock.print(read.stream().mapToInt(ids -> ids.length).sum(), count, read.size());
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("texts", texts(model, read, written));
        fields.put("tokens", count);
        fields.put("seconds", Math.round(seconds * 1000) / 1000.0);
        fields.put("seed", seed);
        common.result(fields);
    }

    /// The question in the form of the model's training, where the end of a turn is an end.
    private static int[] question(LanguageModel model, String text, Set<Integer> ends) {
        var form = model.tokenizer().requireChat();
        if (model.tokenizer().tokenizer() instanceof SubwordTokenizer words) {
            words.id("<|eot_id|>").ifPresent(ends::add);
        }
        return model.tokenizer().encode(form.prompt(List.of(new Message(Role.USER, text))));
    }

    private int room(LanguageModel model, List<int[]> read) {
        int longest = read.stream().mapToInt(ids -> ids.length).max().orElse(0);
        return tokens != null ? tokens : Math.max(1, Math.min(TOKENS, model.network().config().length() - longest));
    }

    private List<int[]> search(LanguageModel model, List<int[]> read, Set<Integer> ends) {
        var how = new BeamSearch(room(model, read), beams, 1, BeamSearch.Ending.LIKELY, 1, repetitionPenalty, ends);
        var found = new Decoder(model.network()).search(read, how).stream().map(best -> best.getFirst().tokens())
                .toList();
        show(model, read, found);
        return found;
    }

    private List<int[]> write(LanguageModel model, List<int[]> read, Set<Integer> ends, Clock clock) {
        var how = new Decoding(room(model, read), temperature, topK, topP, repetitionPenalty, ends);
        var decoder = new Decoder(model.network());
        var uniforms = Uniforms.of(Rng.of(seed));
        if (common.json() || read.size() > 1) {
            var written = decoder.generate(read, how, uniforms, clock);
            show(model, read, written);
            return written;
        }
        var stream = stream(model, read.getFirst(), this::show);
        var written = decoder.generate(read.getFirst(), how, uniforms, (row, token) -> {
            if (clock.first == 0) {
                show(chat ? "" : prompts.getFirst());
            }
            clock.token(row, token);
            if (model.isText(token)) {
                stream.add(token);
            }
        });
        stream.end();
        show(System.lineSeparator());
        return List.of(written);
    }

    private static TextStream stream(LanguageModel model, int[] before, Consumer<String> sink) {
        return new TextStream(model.tokenizer().tokenizer(),
                Arrays.stream(before).filter(model::isText).toArray(), sink);
    }

    private void show(String piece) {
        common.out().print(piece);
        common.out().flush();
    }

    /// Texts that were not shown while they were written.
    private void show(LanguageModel model, List<int[]> read, List<int[]> written) {
        for (int i = 0; i < written.size() && !common.json(); i++) {
            common.out().println((chat ? "" : prompts.get(i)) + decode(model, read.get(i), written.get(i)));
        }
    }

    /// The text of `ids` as it follows that of `before`, with the space between them.
    private static String decode(LanguageModel model, int[] before, int[] ids) {
        var text = new StringBuilder();
        var stream = stream(model, before, text::append);
        Arrays.stream(ids).filter(model::isText).forEach(stream::add);
        stream.end();
        return text.toString();
    }

    private List<Map<String, Object>> texts(LanguageModel model, List<int[]> read, List<int[]> written) {
        var texts = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < written.size(); i++) {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("prompt", prompts.get(i));
            fields.put("text", decode(model, read.get(i), written.get(i)));
            fields.put("ids", written.get(i));
            texts.add(fields);
        }
        return texts;
    }

    /// When tokens came.
    private final class Clock implements Observer {
        private final long start;
        private long first;

        Clock(long start) {
            this.start = start;
        }

        @Override
        public void token(int row, int token) {
            first = first == 0 ? System.nanoTime() : first;
        }

        double seconds() {
            return (System.nanoTime() - start) / 1e9;
        }

        void print(int read, int written, int rows) {
            double all = seconds();
            double prefill = first == 0 ? all : (first - start) / 1e9;
            var err = common.err();
            if (first == 0) {
                err.printf(Locale.ROOT, "%d tokens read and %d written in %.2f s%n", read, written, all);
            } else {
                err.printf(Locale.ROOT, "read %d tokens, %.1f tokens/s%nwrote %d tokens, %.1f tokens/s%n", read,
                        read / prefill, written, Math.max(0, written - rows) / Math.max(1e-9, all - prefill));
            }
        }
    }
}
