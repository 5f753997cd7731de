package org.sfumato.cli.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.autoregressive.Perplexity;
import org.sfumato.models.autoregressive.Perplexity.Score;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.tensor.Scope;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato perplexity`: how well a causal model predicts a text.
@Command(name = "perplexity", description = {"Score text under a model that writes from left to right.",
    "Windows begin every --stride tokens; each scores what none before it has scored."})
public final class PerplexityCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    LanguageModelOption model;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = "UTF-8 text.")
    List<Path> data;

    @Option(names = "--window", paramLabel = "N",
            description = "Tokens that the model sees at most (default: its length).")
    Integer window;

    @Option(names = "--stride", paramLabel = "N",
            description = "Tokens from one window to the next (default: the window). Less is closer, and slower.")
    Integer stride;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--window", window);
        common.atLeast(1, "--stride", stride);
        var text = TextCorpus.read(common.files(data));
        try (var scope = Scope.open("perplexity")) {
            return Scoped.call(scope, () -> {
                score(model.load(common), text);
                return ExitCode.OK;
            });
        }
    }

    private void score(LanguageModel model, String text) {
        var ids = model.read(text);
        int seen = window == null ? model.network().config().length() : window;
        var perplexity = new Perplexity(model.network(), seen, stride == null ? seen : stride);
        var score = score(perplexity, ids);
        // The first token is not scored, and what it stands for is not counted.
        var scored = text.substring(Math.min(text.length(), firstLength(model, ids, text)));
        long bytes = scored.getBytes(StandardCharsets.UTF_8).length;
        long characters = scored.codePointCount(0, scored.length());
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "perplexity  %.4f%nnats/token  %.4f +- %.4f over %,d tokens%n"
                    + "nats/byte   %.4f%nnats/char   %.4f%n", score.perplexity(), score.nats(), score.standardError(),
                    score.tokens(), score.per(bytes), score.per(characters));
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("perplexity", score.perplexity());
        fields.put("natsPerToken", score.nats());
        fields.put("stderr", score.standardError());
        fields.put("natsPerByte", score.per(bytes));
        fields.put("natsPerCharacter", score.per(characters));
        fields.put("tokens", score.tokens());
        fields.put("bytes", bytes);
        fields.put("characters", characters);
        common.result(fields);
    }

    private Score score(Perplexity perplexity, int[] ids) {
        try (var progress = Progress.start(common.err(), "perplexity", Math.max(1, ids.length - 1), "tokens")) {
            return perplexity.score(ids, done -> progress.update(done, ""));
        }
    }

    /// How much of `text` the first token is: nothing if it only begins it.
    private static int firstLength(LanguageModel model, int[] ids, String text) {
        var bos = model.tokenizer().special().bos();
        if (ids.length == 0 || bos.isPresent() && ids[0] == bos.getAsInt()) {
            return 0;
        }
        var first = model.tokenizer().decode(ids[0]);
        return text.startsWith(first) ? first.length() : 0;
    }
}
