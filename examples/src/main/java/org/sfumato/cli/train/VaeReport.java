package org.sfumato.cli.train;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.Estimate;
import org.sfumato.models.latent.AutoencoderScores;
import org.sfumato.models.latent.AutoencoderScores.Accuracy;
import org.sfumato.models.latent.AutoencoderScores.Latent;
import org.sfumato.models.latent.AutoencoderScores.Use;
import org.sfumato.models.latent.TextAutoencoder;
import org.sfumato.tensor.Rng;

/// How good an autoencoder is on held-out text.
///
/// @param spans how many were scored
/// @param nll by whose latent it was
/// @param bound of the negative log-likelihood by importance weights
/// @param accuracies by length, shortest first
record VaeReport(int spans, Map<Latent, Estimate> nll, Estimate bound, Use use, List<Accuracy> accuracies) {
    private static final int SAMPLES = 16;
    private static final int ROWS = 32;

    /// Of the first `most` spans of `tokens`.
    static VaeReport of(TextAutoencoder vae, Tokens tokens, int most) {
        var scores = scores(vae, tokens, most);
        var nll = new LinkedHashMap<Latent, Estimate>();
        for (var latent : Latent.values()) {
            nll.put(latent, scores.nll(latent, Rng.of(0)));
        }
        var accuracies = new ArrayList<Accuracy>();
        for (int length = 4; length < vae.length(); length *= 2) {
            accuracies.add(scores.accuracy(length));
        }
        accuracies.add(scores.accuracy(vae.length()));
        return new VaeReport(scores.spans().size(), nll, scores.importanceBound(SAMPLES, Rng.of(0)),
                scores.use(Rng.of(0)), accuracies);
    }

    /// The negative log-likelihood given the mean of the own posterior, for a look in between.
    static double quick(TextAutoencoder vae, Tokens tokens, int most) {
        return scores(vae, tokens, most).nll(Latent.MEAN, Rng.of(0)).nats();
    }

    private static AutoencoderScores scores(TextAutoencoder vae, Tokens tokens, int most) {
        int length = vae.length();
        int count = (int) Math.min(most, tokens.size() / length);
        if (count == 0) {
            throw new IllegalArgumentException("vae: the text held out, " + tokens.size() + " tokens, is shorter than "
                    + "a span of " + length + "\nhint: more text, or a smaller --context");
        }
        var spans = new ArrayList<int[]>();
        for (int i = 0; i < count; i++) {
            spans.add(tokens.part((long) i * length, (i + 1L) * length).toArray());
        }
        return new AutoencoderScores(vae, spans, ROWS);
    }

    void print(PrintWriter out) {
        out.printf(Locale.ROOT, "on %d spans held out, nats per token:%n", spans);
        nll.forEach((latent, e) -> out.printf(Locale.ROOT, "  z %-6s %.4f +- %.4f%n",
                latent.name().toLowerCase(Locale.ROOT), e.nats(), e.standardError()));
        out.printf(Locale.ROOT, "  bound    %.4f +- %.4f (importance weights of %d draws)%n", bound.nats(),
                bound.standardError(), SAMPLES);
        out.printf(Locale.ROOT, "KL %.2f nats per span, mutual information %.2f, %d of %d numbers in use%n", use.kl(),
                use.mutualInformation(), use.active(), use.coordinates());
        accuracies.forEach(a -> out.printf(Locale.ROOT, "%d tokens: %.1f %% right, %.1f %% of texts, BLEU %.1f%n",
                a.length(), 100 * a.tokens(), 100 * a.texts(), 100 * a.bleu()));
    }

    Map<String, Object> fields() {
        var fields = new LinkedHashMap<String, Object>();
        nll.forEach((latent, e) -> fields.put("nll" + latent.name().charAt(0)
                + latent.name().substring(1).toLowerCase(Locale.ROOT), e.nats()));
        fields.put("bound", bound.nats());
        fields.put("kl", use.kl());
        fields.put("mutualInformation", use.mutualInformation());
        fields.put("active", use.active());
        accuracies.forEach(a -> {
            fields.put("accuracy" + a.length(), a.tokens());
            if (!Double.isNaN(a.bleu())) {
                fields.put("bleu" + a.length(), a.bleu());
            }
        });
        return fields;
    }
}
