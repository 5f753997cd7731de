package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Diffusion.Frame;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.tensor.Tensor;

/// A masked language model of the hub as a denoiser: BERT, ModernBERT, LLaDA, Dream. What it has learned of hidden
/// tokens is what masked diffusion asks for; how well it does where almost all is hidden is another question.
///
/// @param model the network and its tokenizer
/// @param mask the id that hides a token
/// @param shifted true if the network's output at a place is of the token after it, as that of models that have begun
///     as autoregressive ones
public record MaskedModel(LanguageModel model, int mask, boolean shifted) {
    private static final String SHIFTED = "Dream";

    /// Of a model that was loaded from `folder`.
    ///
    /// @throws IllegalArgumentException if the model has no token for masks, or writes from left to right
    /// @throws IOException if the folder's configuration cannot be read
    public static MaskedModel of(LanguageModel model, Path folder) throws IOException {
        if (model.network().config().pattern().causal() || model.mask().isEmpty()) {
            throw new IllegalArgumentException("the model in " + folder + " is no masked one: it "
                    + (model.mask().isEmpty() ? "has no mask token" : "writes from left to right")
                    + "\nhint: sfumato complete writes with models that go from left to right");
        }
        return new MaskedModel(model, model.mask().getAsInt(), Described.json(folder).text("model_type", "")
                .equals(SHIFTED));
    }

    /// Hides tokens by the model's mask.
    public MaskedProcess process() {
        return MaskedProcess.of(mask);
    }

    /// What predicts hidden tokens. Shifted back, the first place gets the first output, which nothing was read before.
    public Denoiser denoiser() {
        if (!shifted) {
            return model.network();
        }
        return (noisy, pass) -> {
            var logits = model.network().forward(noisy, pass);                                          // (B, T, V)
            long length = logits.size(1);
            return length == 1 ? logits
                    : Tensor.concat(1, logits.slice(1, 0, 1), logits.slice(1, 0, length - 1));
        };
    }

    /// The special tokens that the tokenizer puts around a text.
    public Frame frame() {
        var text = model.tokenizer().encode("a");
        var whole = model.tokenizer().process("a");
        for (int from = 0; text.length > 0 && from + text.length <= whole.length; from++) {
            if (Arrays.equals(whole, from, from + text.length, text, 0, text.length)) {
                return new Frame(Arrays.copyOf(whole, from),
                        Arrays.copyOfRange(whole, from + text.length, whole.length), OptionalInt.of(mask));
            }
        }
        return new Frame(new int[0], new int[0], OptionalInt.of(mask));
    }

    /// The token after which a text is over, if the model has one.
    public OptionalInt end() {
        var eos = model.tokenizer().special().eos();
        return eos.isPresent() ? eos : model.ends().stream().mapToInt(Integer::intValue).min();
    }

    /// Forbids what is no text: special tokens but the end of a text, and rows of the network without a token.
    public LogitRule textOnly() {
        var special = model.tokenizer().special();
        var forbidden = new TreeSet<Integer>();
        IntStream.of(mask).forEach(forbidden::add);
        for (var token : new OptionalInt[] {special.bos(), special.pad(), special.cls(), special.sep(),
            special.unknown()}) {
            token.ifPresent(forbidden::add);
        }
        end().ifPresent(forbidden::remove);
        int known = model.tokenizer().tokenizer().vocabularySize();
        return (logits, _, _) -> {
            for (int token : forbidden) {
                logits[token] = Double.NEGATIVE_INFINITY;
            }
            for (int v = known; v < logits.length; v++) {
                logits[v] = Double.NEGATIVE_INFINITY;
            }
        };
    }
}
