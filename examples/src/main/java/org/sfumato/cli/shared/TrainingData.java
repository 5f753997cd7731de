package org.sfumato.cli.shared;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.sfumato.models.data.NGramEntropy;
import org.sfumato.models.data.PreparedTokens;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.data.Tokens;
import org.sfumato.tokenizers.Tokenizer;

/// What `--data` names: UTF-8 text, or a folder that `sfumato data prepare` has made.
///
/// @param corpus its parts
/// @param all its tokens
/// @param summary how much it is, for people
/// @param files what must be closed, if anything
public record TrainingData(TextCorpus corpus, Tokens all, String summary, Optional<PreparedTokens> files)
        implements AutoCloseable {
    public static final String HELP = "UTF-8 text, or a folder made by data prepare.";
    /// More tokens are not looked at to count pairs of them.
    private static final long COUNTED = 1 << 26;

    /// Reads `data`, by `tokenizer` if a model has one.
    public static TrainingData read(Common common, List<Path> data, Optional<Tokenizer> tokenizer) throws IOException {
        var files = common.files(data);
        if (files.length == 1 && PreparedTokens.isPrepared(files[0])) {
            return prepared(PreparedTokens.open(files[0]), tokenizer);
        }
        var text = TextCorpus.read(files);
        var corpus = tokenizer.isEmpty() ? TextCorpus.ofCharacters(text)
                : TextCorpus.of(text, tokenizer.get(), TextCorpus.TRAIN_SHARE);
        return new TrainingData(corpus, corpus.all(), String.format(Locale.ROOT, "%,d characters, %d distinct",
                text.length(), corpus.tokenizer().vocabularySize()), Optional.empty());
    }

    private static TrainingData prepared(PreparedTokens tokens, Optional<Tokenizer> tokenizer) {
        try {
            tokenizer.ifPresent(tokens::require);
            return new TrainingData(TextCorpus.of(tokens), tokens, String.format(Locale.ROOT, "%,d tokens, %,d ids",
                    tokens.size(), tokens.index().vocabulary()), Optional.of(tokens));
        } catch (RuntimeException e) {
            tokens.close();
            throw e;
        }
    }

    /// How well counting the training part predicts `scored`.
    public static NGramEntropy entropy(Tokens train, Tokens scored, Tokenizer tokenizer) {
        return NGramEntropy.of(train.part(0, Math.min(train.size(), COUNTED)), scored, tokenizer.vocabularySize());
    }

    @Override
    public void close() {
        files.ifPresent(PreparedTokens::close);
    }
}
