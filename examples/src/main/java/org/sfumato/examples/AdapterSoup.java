package org.sfumato.examples;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// A soup of two trainings: the mean of their adapters, with all weights from one to the other. Of two that began with
/// the same first values the mean can be as good as either. Source: Wortsman et al. 2022, arXiv 2203.05482.
public final class AdapterSoup {
    private static final int SHARES = 5;

    private AdapterSoup() { }

    /// Arguments: two folders that `sfumato train vae` made with the same sizes and the same language model, a text,
    /// the picture to write.
    public static void main(String[] args) {
        if (args.length < 4) {
            System.err.println("usage: AdapterSoup VAE OTHER TEXT PICTURE.svg");
            System.exit(2);
        }
        try (var scope = Scope.open("soup")) {
            scope.call(() -> Loading.of(() -> {
                var losses = run(Autoencoders.open(Path.of(args[0])), Autoencoders.open(Path.of(args[1])),
                        TextCorpus.read(Path.of(args[2])), System.out);
                Autoencoders.draw(Path.of(args[3]), "Soup of two trainings", "share of the second, in quarters",
                        "nats per token", losses);
                return null;
            }));
        }
    }

    /// The negative log-likelihood in nats per token of spans of `text` given their own latents, for five weights of
    /// the second training from 0 to 1. The first one is as before in the end.
    ///
    /// @throws IllegalArgumentException if the two have other sizes
    public static double[] run(Autoencoders first, Autoencoders second, String text, PrintStream out) {
        var live = first.vae().trained();
        var others = second.vae().trained();
        if (!first.vae().config().equals(second.vae().config()) || !live.keySet().equals(others.keySet())) {
            throw new IllegalArgumentException("soup: the two trainings are of other sizes, " + first.vae().config()
                    + " and " + second.vae().config());
        }
        var ids = first.tokenizer().encode(text);
        int length = first.vae().length();
        var spans = new ArrayList<int[]>();
        for (int from = 0; from + length <= ids.length && spans.size() < 128; from += length) {
            spans.add(Arrays.copyOfRange(ids, from, from + length));
        }
        var losses = new double[SHARES];
        try (var scope = Scope.open("own values")) {
            var own = new LinkedHashMap<String, Tensor>();
            scope.run(() -> live.forEach((name, p) -> own.put(name, p.copy())));
            for (int i = 0; i < SHARES; i++) {
                double share = (double) i / (SHARES - 1);
                Scope.temporary(() -> live.forEach((name, p) ->
                        p.assign(own.get(name).mul(1 - share).add(others.get(name).mul(share)))));
                losses[i] = loss(first, spans);
                out.printf("%.2f of the second: %.4f nats/token%n", share, losses[i]);
            }
            live.forEach((name, p) -> p.assign(own.get(name)));
        }
        return losses;
    }

    private static double loss(Autoencoders model, List<int[]> spans) {
        return model.score(spans).nats();
    }
}
