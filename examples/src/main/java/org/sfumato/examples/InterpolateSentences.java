package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import org.sfumato.models.gaussian.Interpolation;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.tensor.Scope;

/// What lies between two sentences: latents on the way from one to the other, each put into words by the nearest
/// sentence of a corpus, on the straight way and on the one that keeps the length.
public final class InterpolateSentences {
    private InterpolateSentences() { }

    /// Arguments: encoder, tokenizer, text, and two sentences.
    public static void main(String[] args) throws IOException {
        try (var scope = Scope.open("sentences")) {
            var sentences = scope.call(() -> Loading.of(() -> Sentences.of("InterpolateSentences", args, 5000)));
            var from = args.length > 3 ? args[3] : sentences.texts().getFirst();
            var to = args.length > 4 ? args[4] : sentences.texts().getLast();
            run(sentences, from, to, 9, System.out);
        }
    }

    /// Returns how many different sentences lie on the ways.
    public static int run(Sentences sentences, String from, String to, int count, PrintStream out) {
        var seen = new LinkedHashSet<String>();
        Scope.temporary(() -> {
            var statistics = LatentStatistics.of(sentences.latents().latents());
            var ends = statistics.standardise(sentences.encoder().encode(List.of(from, to)));
            var a = ends.select(0, 0);
            var b = ends.select(0, 1);
            out.printf("from: %s%nto:   %s%n", from, to);
            for (var way : Interpolation.values()) {
                out.printf(Locale.ROOT, "%n%s%n| share | length | nearest sentence |%n|---|---|---|%n", way);
                var found = way.way(a, b, count);
                for (int i = 0; i < count; i++) {
                    var z = found.get(i);
                    var text = sentences.nearest(statistics.restore(z.unsqueeze(0)).squeeze(0));
                    seen.add(text);
                    out.printf(Locale.ROOT, "| %.2f | %.2f | %s |%n", (double) i / (count - 1),
                            Math.sqrt(z.square().sum().item()), text);
                }
            }
        });
        return seen.size();
    }
}
