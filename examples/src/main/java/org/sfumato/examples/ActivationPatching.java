package org.sfumato.examples;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoder.Observer;
import org.sfumato.models.autoregressive.Decoder.Uniforms;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Activation patching of a latent: which of its numbers carry what. Numbers of one text's latent take the place of
/// those of another's, and the decoder is asked how likely the first text has become. Source: Vig et al. 2020, arXiv
/// 2004.12265 (interventions on single units).
public final class ActivationPatching {
    /// What came out.
    ///
    /// @param effects for each number alone, by how many nats the text becomes likelier
    /// @param recovered for the k strongest together, k from 0 on, the share of the way from the other latent to the
    ///     own
    public record Outcome(double[] effects, double[] recovered) { }

    private ActivationPatching() { }

    /// Arguments: what `sfumato train vae` made, two texts, the picture to write.
    public static void main(String[] args) {
        if (args.length < 4) {
            System.err.println("usage: ActivationPatching VAE TEXT OTHER PICTURE.svg");
            System.exit(2);
        }
        try (var scope = Scope.open("patching")) {
            scope.call(() -> Loading.of(() -> {
                var outcome = run(Autoencoders.open(Path.of(args[0])), args[1], args[2], System.out);
                Autoencoders.draw(Path.of(args[3]), "Activation patching", "numbers patched, strongest first",
                        "share of the way", outcome.recovered());
                return null;
            }));
        }
    }

    /// Patches the latent of `other` with numbers of that of `text`.
    public static Outcome run(Autoencoders model, String text, String other, PrintStream out) {
        return Dispatch.unrecorded(() -> {
            var span = model.span(text);
            var own = model.latent(span).toFloats();
            var base = model.latent(model.span(other)).toFloats();
            int n = own.length;
            var single = patched(model, base, own, IntStream.range(0, n).mapToObj(j -> new int[] {j}).toList());
            double before = model.losses(latents(model, base), span)[0];
            var effects = Arrays.stream(model.losses(single, span)).map(loss -> before - loss).toArray();
            var order = IntStream.range(0, n).boxed().sorted((a, b) -> Double.compare(effects[b], effects[a]))
                    .mapToInt(Integer::intValue).toArray();
            var growing = IntStream.rangeClosed(0, n).mapToObj(k -> Arrays.copyOf(order, k)).toList();
            var together = patched(model, base, own, growing);
            var losses = model.losses(together, span);
            var recovered = Arrays.stream(losses).map(loss -> (before - loss) / (before - losses[n])).toArray();
            for (int j = 0; j < Math.min(5, n); j++) {
                out.printf("number %d: %+.3f nats%n", order[j], effects[order[j]]);
            }
            for (int k = 0; k <= n; k = Math.max(k + 1, 2 * k)) {
                out.printf("%d patched: %s%n", k, written(model, together.slice(0, k, k + 1), span.length));
            }
            return new Outcome(effects, recovered);
        });
    }

    private static String written(Autoencoders model, Tensor z, int tokens) {
        return model.tokenizer().decode(new Decoder(model.vae().writer(z)).generate(new int[0],
                Decoding.greedy(tokens), Uniforms.of(Rng.of(0)), Observer.NONE)).replace('\n', ' ');
    }

    /// For each list of places the latent `base` with the numbers of `own` there. Shape: (lists, N, D).
    private static Tensor patched(Autoencoders model, float[] base, float[] own, List<int[]> places) {
        var rows = new float[places.size() * base.length];
        for (int row = 0; row < places.size(); row++) {
            System.arraycopy(base, 0, rows, row * base.length, base.length);
            for (int place : places.get(row)) {
                rows[row * base.length + place] = own[place];
            }
        }
        return latents(model, rows);
    }

    private static Tensor latents(Autoencoders model, float[] values) {
        int numbers = model.vae().vectors() * model.vae().width();
        return Tensor.of(values, values.length / numbers, model.vae().vectors(), model.vae().width());
    }
}
