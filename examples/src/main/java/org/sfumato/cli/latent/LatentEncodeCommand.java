package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.reverse.MeanPooling;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato latent encode`: one vector for each sentence, the mean of a network's hidden states.
@Command(name = "encode", description = {"One vector for each sentence: the mean of the hidden states of a network.",
    "Writes the vectors, and beside them the sentences as FILE.txt, one a line."})
final class LatentEncodeCommand implements Callable<Integer> {
    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Option(names = "--encoder", required = true, paramLabel = "DIR",
            description = "A folder as downloaded from a hub, as of BERT, or a file of llama2.c.")
    Path encoder;

    @Option(names = "--tokenizer", paramLabel = "FILE", description = "Where its tokenizer lies, if not in the folder.")
    Path tokenizer;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = "UTF-8 text.")
    List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Safetensors to write.")
    Path out;

    @Option(names = "--length", defaultValue = "128", paramLabel = "N",
            description = "Tokens of a sentence at most, the rest is left out (default ${DEFAULT-VALUE}).")
    int length;

    @Option(names = "--pooling", defaultValue = "tokens",
            description = "tokens: the mean over what is text; all: over padding too (default ${DEFAULT-VALUE}).")
    MeanPooling.Pooling pooling;

    @Option(names = "--least", defaultValue = "20", paramLabel = "N",
            description = "Characters of a sentence at least, others are left out (default ${DEFAULT-VALUE}).")
    int least;

    @Option(names = "--most", paramLabel = "N", description = "Sentences at most.")
    Integer most;

    @Override
    public Integer call() throws IOException {
        common.atLeast(1, "--length", length);
        common.atLeast(1, "--least", least);
        common.atLeast(1, "--most", most);
        try (var scope = Scope.open("latent encode")) {
            return Scoped.call(scope, this::encode);
        }
    }

    private Integer encode() throws IOException {
        var paragraphs = new ArrayList<Long>();
        var sentences = sentences(TextCorpus.read(common.files(data)), paragraphs);
        if (sentences.isEmpty()) {
            throw new IllegalArgumentException("latent encode: the text has no sentence of " + least
                    + " characters\nhint: a smaller --least");
        }
        var model = LanguageModel.load(encoder, Optional.ofNullable(tokenizer), Optional.empty());
        var pooled = new MeanPooling(model.network(), model::read, Math.min(length, model.network().config().length()),
                pooling).encode(sentences);
        var tensors = new LinkedHashMap<String, Tensor>();
        tensors.put("latents", pooled);
        tensors.put("documents", Tensor.of(paragraphs.stream().mapToLong(Long::longValue).toArray(),
                sentences.size()));
        Safetensors.write(out, tensors, Map.of());
        var lines = out.resolveSibling(out.getFileName() + ".txt");
        Files.write(lines, sentences);
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%,d sentences, %d numbers each: %s%n", sentences.size(),
                    pooled.size(2), out);
        }
        var fields = new LinkedHashMap<String, Object>();
        fields.put("sentences", sentences.size());
        fields.put("width", pooled.size(2));
        fields.put("file", out.toString());
        fields.put("text", lines.toString());
        common.result(fields);
        return ExitCode.OK;
    }

    /// The sentences of each line, and the number of the line that each is of.
    private List<String> sentences(String text, List<Long> lines) {
        var found = new ArrayList<String>();
        var breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
        long number = 0;
        for (var line : text.lines().toList()) {
            breaks.setText(line);
            int from = breaks.first();
            for (int to = breaks.next(); to != BreakIterator.DONE; to = breaks.next()) {
                var sentence = line.substring(from, to).strip();
                from = to;
                if (sentence.length() >= least && (most == null || found.size() < most)) {
                    found.add(sentence);
                    lines.add(number);
                }
            }
            number++;
        }
        return found;
    }
}
