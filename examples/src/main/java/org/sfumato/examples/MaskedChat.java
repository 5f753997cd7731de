package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.pretrained.LanguageModel;
import org.sfumato.models.pretrained.MaskedModel;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.SubwordTokenizer;

/// A masked model answers, and one watches its masks vanish: the demonstration of tom-pollak/dllm. In each pass the
/// masked place at which the network is surest gets its likeliest token, and the line is drawn again.
///
/// `MaskedChat FOLDER PROMPT [TOKENS]` with a folder of the hub, best a ModernBERT that was taught to answer.
public final class MaskedChat {
    private static final int ANSWER = 25;
    private static final long DELAY_MILLIS = 100;
    private static final String MASK = "[MASK]";
    private static final String ERASE_LINE = "\r\033[K";

    private MaskedChat() { }

    /// Answers on standard output.
    public static void main(String[] args) throws IOException {
        if (args.length < 2 || args.length > 3) {
            System.err.println("usage: MaskedChat FOLDER PROMPT [TOKENS]");
            return;
        }
        answer(Path.of(args[0]), args[1], args.length == 3 ? Integer.parseInt(args[2]) : ANSWER, DELAY_MILLIS,
                System.out);
    }

    /// The answer, of `tokens` tokens, drawn on `out` at every step.
    ///
    /// @param delayMillis the pause after each
    public static String answer(Path folder, String prompt, int tokens, long delayMillis, PrintStream out)
            throws IOException {
        try (var scope = Scope.open("chat")) {
            var loaded = scope.call(() -> load(folder));
            var masked = MaskedModel.of(loaded, folder);
            if (!(loaded.tokenizer().tokenizer() instanceof SubwordTokenizer words)) {
                throw new IllegalArgumentException("the tokenizer in " + folder + " has no tokens for masks");
            }
            var sep = loaded.tokenizer().special().sep();
            var text = "User: " + prompt + "\n" + (sep.isPresent() ? words.token(sep.getAsInt()) : "")
                    + "\nAssistant:\n" + (" " + words.token(masked.mask())).repeat(tokens);
            var canvas = Canvas.of(loaded.read(text), masked.mask());
            var sampler = new MaskedSampler(masked.denoiser(), masked.process(),
                    Sampling.oneByOne(Order.CONFIDENCE, 0).withRules(masked.textOnly()));
            Sampler.Observer show = step -> {
                out.print(ERASE_LINE + line(step.ids(), masked, words));
                out.flush();
                pause(delayMillis);
            };
            int[] written = scope.call(() -> sampler.fill(canvas, Rng.of(0), show));
            out.println();
            return words.decode(IntStream.of(canvas.places()).map(place -> written[place]).toArray());
        }
    }

    private static LanguageModel load(Path folder) {
        try {
            return LanguageModel.load(folder, Optional.empty(), Optional.empty());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The canvas in one line.
    private static String line(int[] ids, MaskedModel masked, SubwordTokenizer words) {
        return words.decodeWithSpecial(ids).replace(words.token(masked.mask()), MASK).replace("\n", "\\n");
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
