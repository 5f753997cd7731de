package org.sfumato.examples;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoder.Observer;
import org.sfumato.models.autoregressive.Decoder.Uniforms;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.latent.AutoencoderScores;
import org.sfumato.models.latent.Spans;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;

/// What comes back of a text that goes through a latent: several texts written for draws near the latent, as LDLM's
/// training shows them, and how many tokens are right by length.
public final class Reconstruction {
    private Reconstruction() { }

    /// Arguments: what `sfumato train vae` made, a text file, the picture to write.
    public static void main(String[] args) {
        if (args.length < 3) {
            System.err.println("usage: Reconstruction VAE TEXT PICTURE.svg");
            System.exit(2);
        }
        try (var scope = Scope.open("reconstruction")) {
            scope.call(() -> Loading.of(() -> {
                var model = Autoencoders.open(Path.of(args[0]));
                var text = TextCorpus.read(Path.of(args[1]));
                show(model, text, 4, .1, System.out);
                Autoencoders.draw(Path.of(args[2]), "Reconstruction", "token", "share right",
                        rightByPlace(model, text, 64));
                return null;
            }));
        }
    }

    /// Prints the first span of `text` and `samples` texts written for `mean + sqrt(tau) e`, sampled at temperature
    /// `tau`.
    ///
    /// @return what was written
    public static List<String> show(Autoencoders model, String text, int samples, double tau, PrintStream out) {
        var span = model.span(text);
        var written = Dispatch.unrecorded(() -> {
            var spans = Spans.padded(Collections.nCopies(samples, span), span.length);
            var z = model.vae().encode(spans, Pass.INFERENCE).sample(tau, Rng.of(1));
            return new Decoder(model.vae().writer(z)).generate(Collections.nCopies(samples, new int[0]),
                    Decoding.sampled(span.length, tau, 0, 1), Uniforms.of(Rng.of(2)), Observer.NONE);
        });
        out.println("=== Input");
        out.println(model.tokenizer().decode(span));
        out.println("=== Outputs");
        var texts = written.stream().map(ids -> model.tokenizer().decode(ids)).toList();
        texts.forEach(out::println);
        return texts;
    }

    /// For each number of tokens, the share that the likeliest text of so many has right.
    public static double[] rightByPlace(Autoencoders model, String text, int most) {
        int length = model.vae().length();
        var ids = model.tokenizer().encode(text);
        var spans = new ArrayList<int[]>();
        for (int from = 0; from + length <= ids.length && spans.size() < most; from += length) {
            spans.add(Arrays.copyOfRange(ids, from, from + length));
        }
        var scores = new AutoencoderScores(model.vae(), spans, 32);
        var right = new double[length];
        for (int n = 1; n <= length; n++) {
            right[n - 1] = scores.accuracy(n).tokens();
        }
        return right;
    }
}
