package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.sfumato.models.gaussian.LatentMap;
import org.sfumato.tensor.Scope;

/// A picture of a corpus: every sentence where its latent lies along the two directions in which latents differ most,
/// in the colour of its length.
public final class MapOfTexts {
    private static final List<String> GROUPS = List.of("under 60 characters", "60 to 119", "120 and more");
    private static final int STEP = 60;

    private MapOfTexts() { }

    /// Arguments: encoder, tokenizer, text, and the SVG to be written (map.svg if absent).
    public static void main(String[] args) throws IOException {
        try (var scope = Scope.open("sentences")) {
            var sentences = scope.call(() -> Loading.of(() -> Sentences.of("MapOfTexts", args, 3000)));
            var picture = run(sentences, System.out);
            Files.writeString(Path.of(args.length > 3 ? args[3] : "map.svg"), picture);
        }
    }

    /// Returns the picture, an SVG.
    public static String run(Sentences sentences, PrintStream out) {
        var map = LatentMap.of(sentences.latents().latents());
        int[] groups = sentences.texts().stream()
                .mapToInt(text -> Math.min(GROUPS.size() - 1, text.length() / STEP)).toArray();
        out.printf(Locale.ROOT, "%d sentences; two directions carry %.1f %% of the variance, which is spread as over "
                + "%.1f directions%n", groups.length, 100 * (map.shares()[0] + map.shares()[1]), map.rank());
        for (int axis = 0; axis < 2; axis++) {
            out.printf("%naxis %d%n  lowest:  %s%n  highest: %s%n", axis + 1, extreme(sentences, map, axis, -1),
                    extreme(sentences, map, axis, 1));
        }
        return map.svg("A corpus, sentence by sentence", GROUPS, groups);
    }

    private static String extreme(Sentences sentences, LatentMap map, int axis, int sign) {
        int found = 0;
        for (int i = 0; i < map.places().length; i++) {
            found = sign * map.places()[i][axis] > sign * map.places()[found][axis] ? i : found;
        }
        return sentences.texts().get(found);
    }
}
