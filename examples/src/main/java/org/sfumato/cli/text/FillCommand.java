package org.sfumato.cli.text;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.LanguageModelOption;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tokenizers.SubwordTokenizer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sfumato fill`: what a masked model puts in place of masks.
@Command(name = "fill", description = "Fill the masks of a text with a masked language model, such as BERT.",
        footer = {"", "Example: sfumato fill --model bert-base-uncased \"The capital of [MASK] is Paris\""})
public final class FillCommand implements Callable<Integer> {
    private static final String MASK = "[MASK]";

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    LanguageModelOption model;

    @Parameters(paramLabel = "TEXT", description = "A text with " + MASK + " where a token is missing.")
    String text;

    @Option(names = "--top", defaultValue = "5", paramLabel = "N",
            description = "So many candidates for each mask (default ${DEFAULT-VALUE}).")
    int top;

    /// A token for a mask.
    private record Candidate(int id, String token, double probability) {
        Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("token", token);
            fields.put("id", id);
            fields.put("probability", probability);
            return fields;
        }
    }

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--top", top);
        if (!text.contains(MASK)) {
            throw new IllegalArgumentException("fill: there is no " + MASK + " in the text\nhint: write " + MASK
                    + " where a token is missing");
        }
        try (var scope = Scope.open("fill")) {
            return Scoped.call(scope, () -> {
                print(fill(model.load(common)));
                return ExitCode.OK;
            });
        }
    }

    private List<List<Candidate>> fill(LanguageModel model) {
        if (model.network().config().pattern().causal()) {
            throw new IllegalArgumentException("fill: the model writes from left to right and sees nothing after a mask"
                    + "\nhint: sfumato complete");
        }
        if (!(model.tokenizer().tokenizer() instanceof SubwordTokenizer tokenizer) || model.mask().isEmpty()) {
            throw new IllegalArgumentException("fill: the model has no mask token");
        }
        int mask = model.mask().getAsInt();
        var ids = model.read(text.replace(MASK, tokenizer.token(mask)));
        var places = IntStream.range(0, ids.length).filter(i -> ids[i] == mask).toArray();
        if (places.length != text.split("\\Q" + MASK + "\\E", -1).length - 1) {
            throw new IllegalArgumentException("fill: of the masks in the text the tokenizer finds " + places.length
                    + "\nhint: put spaces around " + MASK);
        }
        var input = Tensor.of(IntStream.of(ids).asLongStream().toArray(), 1, ids.length);
        var probabilities = model.network().forward(input, Pass.INFERENCE).softmax(-1).squeeze(0);          // (T, V)
        var filled = new ArrayList<List<Candidate>>();
        for (int place : places) {
            filled.add(best(probabilities.slice(0, place, place + 1).toDoubles(), tokenizer));
        }
        return filled;
    }

    private List<Candidate> best(double[] p, SubwordTokenizer tokenizer) {
        int known = Math.min(p.length, tokenizer.vocabularySize());         // networks may have more rows than tokens
        return IntStream.range(0, known).boxed().sorted((a, b) -> Double.compare(p[b], p[a])).limit(top)
                .map(id -> new Candidate(id, tokenizer.decodeWithSpecial(id).strip(), p[id])).toList();
    }

    private void print(List<List<Candidate>> filled) {
        for (int i = 0; i < filled.size() && !common.json(); i++) {
            if (filled.size() > 1) {
                common.out().printf("mask %d%n", i + 1);
            }
            for (var candidate : filled.get(i)) {
                common.out().printf(Locale.ROOT, "%8.4f  %s%n", candidate.probability, candidate.token);
            }
        }
        common.result(Map.of("masks", filled.stream()
                .map(candidates -> candidates.stream().map(Candidate::fields).toList()).toList()));
    }
}
