package org.sfumato.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.gaussian.LatentTable;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.reverse.MeanPooling;
import org.sfumato.tensor.Tensor;

/// Sentences and the latent of each, in one order. A latent is put into words by the sentence whose own is nearest.
///
/// @param texts the sentences
/// @param latents one row each
/// @param encoder of these and of other sentences
record Sentences(List<String> texts, LatentTable latents, MeanPooling encoder) {
    private static final int LEAST = 20;

    /// The arguments of the examples on latents: an encoder (a folder of a hub's, or a file of llama2.c), its tokenizer
    /// and a text; or the usage, and the end of the program.
    static Sentences of(String name, String[] args, int most) throws IOException {
        if (args.length < 3) {
            System.err.println("usage: " + name + " ENCODER TOKENIZER TEXT ...");
            System.exit(2);
        }
        var model = LanguageModel.load(Path.of(args[0]), Optional.of(Path.of(args[1])), Optional.empty());
        var encoder = new MeanPooling(model.network(), model::read, Math.min(128, model.network().config().length()),
                MeanPooling.Pooling.TOKENS);
        var texts = cut(TextCorpus.read(Path.of(args[2])));
        return encoded(texts.subList(0, Math.min(most, texts.size())), encoder);
    }

    static Sentences encoded(List<String> texts, MeanPooling encoder) {
        return new Sentences(texts, LatentTable.of(encoder.encode(texts)), encoder);
    }

    /// The sentences of a text, without very short ones.
    static List<String> cut(String text) {
        var found = new ArrayList<String>();
        var breaks = BreakIterator.getSentenceInstance(Locale.ROOT);
        for (var line : text.lines().toList()) {
            breaks.setText(line);
            int from = breaks.first();
            for (int to = breaks.next(); to != BreakIterator.DONE; to = breaks.next()) {
                var sentence = line.substring(from, to).strip();
                if (sentence.length() >= LEAST) {
                    found.add(sentence);
                }
                from = to;
            }
        }
        return found;
    }

    /// The sentence whose latent is nearest. Shape: z (1, D).
    String nearest(Tensor z) {
        var distances = latents.latents().sub(z).square().sum(1, 2);
        return texts.get((int) distances.argmin(0).item());
    }
}
