package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.sfumato.models.latent.LatentStatistics;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// `b - a + c`: what c becomes if what makes b of a is done to it, the nearest sentences of a corpus, and how near they
/// are; beside it the nearest ones to c alone, for what the difference has done.
public final class LatentArithmetic {
    /// A sentence and the cosine of its latent with the one that is looked for.
    public record Found(String text, double cosine) { }

    private LatentArithmetic() { }

    /// Arguments: encoder, tokenizer, text, and the sentences a, b and c.
    public static void main(String[] args) throws IOException {
        try (var scope = Scope.open("sentences")) {
            var sentences = scope.call(() -> Loading.of(() -> Sentences.of("LatentArithmetic", args, 5000)));
            var three = args.length > 5 ? List.of(args[3], args[4], args[5]) : sentences.texts().subList(0, 3);
            run(sentences, three, 5, System.out);
        }
    }

    /// Returns the nearest sentences to `b - a + c`.
    public static List<Found> run(Sentences sentences, List<String> abc, int count, PrintStream out) {
        try (var scope = Scope.open("arithmetic")) {
            return scope.call(() -> {
                var statistics = LatentStatistics.of(sentences.latents().latents());
                var z = statistics.standardise(sentences.encoder().encode(abc));                       // (3, 1, D)
                var moved = z.slice(0, 1, 2).sub(z.slice(0, 0, 1)).add(z.slice(0, 2, 3));
                var all = statistics.standardise(sentences.latents().latents());
                var found = nearest(sentences, all, moved, count);
                out.printf("a: %s%nb: %s%nc: %s%n", abc.get(0), abc.get(1), abc.get(2));
                print("b - a + c", found, out);
                print("c alone", nearest(sentences, all, z.slice(0, 2, 3), count), out);
                return found;
            });
        }
    }

    private static void print(String name, List<Found> found, PrintStream out) {
        out.printf("%n| %s | cosine |%n|---|---|%n", name);
        found.forEach(f -> out.printf(Locale.ROOT, "| %s | %.3f |%n", f.text, f.cosine));
    }

    private static List<Found> nearest(Sentences sentences, Tensor all, Tensor z, int count) {
        var norms = all.square().sum(1, 2).sqrt().mul(Math.sqrt(z.square().sum().item()));
        var cosines = all.mul(z).sum(1, 2).div(norms).toDoubles();
        var order = IntStream.range(0, cosines.length).boxed()
                .sorted((i, j) -> Double.compare(cosines[j], cosines[i])).mapToInt(Integer::intValue).limit(count);
        return Arrays.stream(order.toArray()).mapToObj(i -> new Found(sentences.texts().get(i), cosines[i])).toList();
    }
}
