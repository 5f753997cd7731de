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
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// Sentences and the latent of each, in one order. A latent is put into words by the sentence whose own is nearest.
///
/// @param texts the sentences
/// @param latents one row each
/// @param encoder of these and of other sentences
public record Sentences(List<String> texts, LatentTable latents, MeanPooling encoder) {
    private static final int LEAST = 20;
    private static final List<List<String>> PARTS = List.of(
            List.of("The king", "A queen", "The little dog", "Nobody", "Her captain", "An old ship"),
            List.of(" saw", " lost", " wanted", " painted", " forgot"),
            List.of(" the green garden", " his throne", " a tall man", " the wide sea"),
            List.of("", " in the evening", " and went away", " because it rained and the day was long"));

    /// The arguments of the examples on latents: an encoder (a folder of a hub's, or a file of llama2.c), its tokenizer
    /// and a text; or the usage, and the end of the program.
    static Sentences of(String name, String[] args, int most) throws IOException {
        if (args.length < 3) {
            System.err.println("usage: " + name + " ENCODER TOKENIZER TEXT ...");
            System.exit(2);
        }
        return open(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]), most);
    }

    /// The first `most` sentences of a text.
    ///
    /// @param encoder a folder of a hub's, or a file of llama2.c
    /// @throws IOException if a file cannot be read
    public static Sentences open(Path encoder, Path tokenizer, Path text, int most) throws IOException {
        var model = LanguageModel.load(encoder, Optional.of(tokenizer), Optional.empty());
        var pooling = new MeanPooling(model.network(), model::read, Math.min(128, model.network().config().length()),
                MeanPooling.Pooling.TOKENS);
        var texts = cut(TextCorpus.read(text));
        return encoded(texts.subList(0, Math.min(most, texts.size())), pooling);
    }

    /// Made-up sentences, and an encoder that has learned nothing: enough to see an example run.
    public static Sentences simple(int count) {
        var rng = Rng.of(1);
        var texts = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            var text = new StringBuilder();
            for (int part = 0; part < PARTS.size(); part++) {
                var choice = PARTS.get(part);
                text.append(choice.get((int) rng.fold(part).below(i, choice.size())));
            }
            texts.add(text.append('.').toString());
        }
        var network = Transformer.init(TransformerConfig.modern(128, 128, 16, 1, 2).withStart(Start.TORCH), Rng.of(2));
        return encoded(texts, new MeanPooling(network, text -> text.chars().toArray(), 128,
                MeanPooling.Pooling.TOKENS));
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
    public String nearest(Tensor z) {
        var distances = latents.latents().sub(z).square().sum(1, 2);
        return texts.get((int) distances.argmin(0).item());
    }
}
