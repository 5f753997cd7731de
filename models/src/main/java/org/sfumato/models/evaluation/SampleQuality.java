package org.sfumato.models.evaluation;

import it.unimi.dsi.fastutil.ints.Int2IntOpenHashMap;
import it.unimi.dsi.fastutil.longs.LongOpenHashSet;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.sfumato.tokenizers.Tokenizer;

/// What samples are like: how good each is to a judge, and how different they are. Either is easily had without the
/// other, so both belong together.
///
/// @param nats mean negative log-likelihood of a token under the judge
/// @param standardError of `nats`, from its variance over samples; NaN for one sample
/// @param entropy mean over samples of `-sum f log f` with the frequencies f of its tokens, in nats
/// @param distinct the share of runs of four tokens, of all samples together, that are different, in [0, 1]
/// @param repetition the share of runs of four tokens that stood in the same sample before, in [0, 1]
/// @param words the share of words that occur in the reference, in [0, 1]; 1 if there are none
/// @param copied the share of runs of the reference's length that occur in it, in [0, 1]
public record SampleQuality(double nats, double standardError, double entropy, double distinct, double repetition,
        double words, double copied) {
    private static final int RUN = 4;

    /// The quality of `samples`.
    ///
    /// @param judge the mean negative log-likelihood of the tokens of a sample, in nats
    /// @throws IllegalArgumentException if there are no samples, or one is shorter than four tokens
    public static SampleQuality of(List<int[]> samples, ToDoubleFunction<int[]> judge, Tokenizer tokenizer,
            Reference reference) {
        if (samples.isEmpty() || samples.stream().anyMatch(ids -> ids.length < RUN)) {
            throw new IllegalArgumentException("sample quality: needed are samples of at least " + RUN + " tokens");
        }
        double[] nats = samples.stream().mapToDouble(judge).toArray();
        double mean = Arrays.stream(nats).average().orElseThrow();
        double squares = Arrays.stream(nats).map(value -> (value - mean) * (value - mean)).sum();
        var counts = new Counts();
        samples.forEach(ids -> counts.add(ids, tokenizer, reference));
        return new SampleQuality(mean, Math.sqrt(squares / (nats.length - 1) / nats.length),
                counts.entropy / samples.size(), (double) counts.all.size() / counts.runs,
                (double) counts.repeated / counts.runs, counts.words == 0 ? 1 : (double) counts.known / counts.words,
                counts.longRuns == 0 ? 0 : (double) counts.copied / counts.longRuns);
    }

    /// The share of the runs of `n` tokens, of all samples together, that are different, in [0, 1]; 1 if there is none.
    /// Source: Li et al. 2016, arXiv 1510.03055 ("distinct-n").
    ///
    /// @throws IllegalArgumentException if n is not positive
    public static double distinct(List<int[]> samples, int n) {
        if (n < 1) {
            throw new IllegalArgumentException("sample quality: runs of " + n + " tokens");
        }
        var all = new LongOpenHashSet();
        long runs = 0;
        for (var ids : samples) {
            for (int i = 0; i + n <= ids.length; i++) {
                all.add(Reference.digest(ids, i, n));
                runs++;
            }
        }
        return runs == 0 ? 1 : (double) all.size() / runs;
    }

    /// Sums over samples.
    private static final class Counts {
        private final LongOpenHashSet all = new LongOpenHashSet();
        private double entropy;
        private long runs;
        private long repeated;
        private long words;
        private long known;
        private long longRuns;
        private long copied;

        void add(int[] ids, Tokenizer tokenizer, Reference reference) {
            entropy += entropy(ids);
            var own = new LongOpenHashSet();
            for (int i = 0; i + RUN <= ids.length; i++) {
                long run = Reference.digest(ids, i, RUN);
                runs++;
                repeated += own.add(run) ? 0 : 1;
                all.add(run);
            }
            Reference.words(tokenizer.decode(ids)).forEach(word -> {
                words++;
                known += reference.hasWord(word) ? 1 : 0;
            });
            for (int i = 0; i + reference.length() <= ids.length; i++) {
                longRuns++;
                copied += reference.hasRun(ids, i) ? 1 : 0;
            }
        }

        private static double entropy(int[] ids) {
            var counts = new Int2IntOpenHashMap();
            for (int id : ids) {
                counts.addTo(id, 1);
            }
            return -counts.values().intStream().mapToDouble(count -> (double) count / ids.length)
                    .map(f -> f * Math.log(f)).sum();
        }
    }
}
