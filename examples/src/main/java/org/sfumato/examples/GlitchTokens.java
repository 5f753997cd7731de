package org.sfumato.examples;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.sfumato.models.latent.Spans;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;

/// Which tokens a latent cannot carry: each is written several times, goes through the latent, and the decoder is asked
/// how likely it is. Tokens that hardly occurred in training stand out, as the glitch tokens of language models do.
/// Source of these: Land and Bartolo 2024, arXiv 2405.05417.
public final class GlitchTokens {
    private static final int ROWS = 64;

    private GlitchTokens() { }

    /// Arguments: what `sfumato train vae` made, the picture to write.
    public static void main(String[] args) {
        if (args.length < 2) {
            System.err.println("usage: GlitchTokens VAE PICTURE.svg");
            System.exit(2);
        }
        try (var scope = Scope.open("glitch tokens")) {
            scope.call(() -> Loading.of(() -> {
                var losses = run(Autoencoders.open(Path.of(args[0])), 4, System.out);
                Autoencoders.draw(Path.of(args[1]), "Tokens through a latent", "token, most likely first",
                        "nats", Arrays.stream(losses).sorted().toArray());
                return null;
            }));
        }
    }

    /// `-log p` in nats of every token of the vocabulary given the latent of `times` of it; the worst are printed.
    public static double[] run(Autoencoders model, int times, PrintStream out) {
        int vocabulary = model.tokenizer().vocabularySize();
        var losses = new double[vocabulary];
        for (int from = 0; from < vocabulary; from += ROWS) {
            int first = from;
            var texts = IntStream.range(from, Math.min(vocabulary, from + ROWS)).mapToObj(token -> {
                var text = new int[times];
                Arrays.fill(text, token);
                return text;
            }).toList();
            Scope.temporary(() -> {
                var nats = Dispatch.unrecorded(() -> {
                    var spans = Spans.padded(texts, times);
                    var z = model.vae().encode(spans, Pass.INFERENCE).mean();
                    return model.vae().crossEntropy(z, Spans.none(texts.size(), 0), spans, Pass.INFERENCE);
                }).mean(1).toDoubles();
                System.arraycopy(nats, 0, losses, first, nats.length);
            });
        }
        var order = IntStream.range(0, vocabulary).boxed().sorted((a, b) -> Double.compare(losses[b], losses[a]))
                .toList();
        for (int token : order.subList(0, Math.min(8, vocabulary))) {
            out.printf("%6.2f nats: %d '%s'%n", losses[token], token,
                    model.tokenizer().decode(token).replace("\n", "\\n"));
        }
        out.printf("median %.2f nats%n", losses[order.get(vocabulary / 2)]);
        return losses;
    }
}
