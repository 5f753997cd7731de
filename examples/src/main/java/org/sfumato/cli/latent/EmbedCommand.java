package org.sfumato.cli.latent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Progress;
import org.sfumato.cli.shared.Scoped;
import org.sfumato.cli.shared.Threads;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.vae.TextVae;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `sfumato embed`: texts as latents.
@Command(name = "embed", description = {"Cut texts into spans and write the latent of each, for sfumato train latent.",
    "Written are safetensors: embeds (spans, width), or latents (spans, vectors, width) where a span has several "
        + "vectors; documents (spans); ids (spans, tokens), and lengths (spans) without padding."})
public final class EmbedCommand implements Callable<Integer> {
    private static final int ROWS = 64;

    @Mixin
    Common common;

    @Mixin
    Threads threads;

    @Mixin
    VaeOption vae;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE",
            description = "UTF-8 text; each file is a document of its own.")
    List<Path> data;

    @Option(names = "--separator", paramLabel = "TEXT",
            description = "What stands between the documents of a file, as <|endoftext|>.")
    String separator;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The safetensors file to write.")
    Path out;

    /// A span of document `document`.
    private record Span(int document, int[] ids) { }

    @Override
    public Integer call() throws IOException {
        if (out.toAbsolutePath().getParent() != null && !Files.isDirectory(out.toAbsolutePath().getParent())) {
            throw new IllegalArgumentException("embed: there is no folder " + out.toAbsolutePath().getParent());
        }
        var texts = new ArrayList<String>();
        for (var file : common.files(data)) {
            var text = TextCorpus.read(file);
            texts.addAll(separator == null || separator.isEmpty() ? List.of(text)
                    : List.of(text.split(Pattern.quote(separator))));
        }
        try (var scope = Scope.open("embed")) {
            return Scoped.call(scope, () -> {
                var loaded = vae.load(common);
                write(loaded.vae(), spans(loaded, texts));
                return ExitCode.OK;
            });
        }
    }

    private List<Span> spans(VaeOption.Loaded loaded, List<String> texts) {
        int length = loaded.vae().length();
        var spans = new ArrayList<Span>();
        int document = 0;
        for (var text : texts) {
            var ids = loaded.tokenizer().encode(text.strip());
            for (int from = 0; from < ids.length; from += length) {
                spans.add(new Span(document, Arrays.copyOfRange(ids, from, Math.min(ids.length, from + length))));
            }
            document += ids.length > 0 ? 1 : 0;
        }
        if (spans.isEmpty()) {
            throw new IllegalArgumentException("embed: there is no text in " + data);
        }
        return spans;
    }

    private void write(TextVae autoencoder, List<Span> spans) throws IOException {
        int n = spans.size();
        int length = autoencoder.length();
        int numbers = autoencoder.vectors() * autoencoder.width();
        var latents = new float[n * numbers];
        try (var progress = Progress.start(common.err(), "embed", n, "spans")) {
            for (int from = 0; from < n; from += ROWS) {
                var texts = spans.subList(from, Math.min(n, from + ROWS)).stream().map(Span::ids).toList();
                try (var scope = Scope.open("batch")) {
                    var means = scope.call(() -> Dispatch.unrecorded(() -> autoencoder.encode(
                            Spans.padded(texts, length), Pass.INFERENCE).mean().toFloats()));
                    System.arraycopy(means, 0, latents, from * numbers, means.length);
                }
                progress.update(Math.min(n, from + ROWS), "");
            }
        }
        var tensors = new LinkedHashMap<String, Tensor>();
        tensors.put(autoencoder.vectors() == 1 ? "embeds" : "latents", autoencoder.vectors() == 1
                ? Tensor.of(latents, n, autoencoder.width())
                : Tensor.of(latents, n, autoencoder.vectors(), autoencoder.width()));
        tensors.put("documents", Tensor.of(spans.stream().mapToLong(Span::document).toArray(), n));
        tensors.put("ids", Spans.padded(spans.stream().map(Span::ids).toList(), length).ids());
        tensors.put("lengths", Tensor.of(spans.stream().mapToLong(span -> span.ids.length).toArray(), n));
        Safetensors.write(out, tensors, Map.of("format", "pt"));
        if (!common.json()) {
            common.out().printf(Locale.ROOT, "%,d spans of %d documents, %d x %d numbers each: %s%n", n,
                    spans.getLast().document() + 1, autoencoder.vectors(), autoencoder.width(), out);
        }
        common.result(Map.of("spans", n, "documents", spans.getLast().document() + 1, "vectors", autoencoder.vectors(),
                "width", autoencoder.width(), "file", out.toString()));
    }
}
