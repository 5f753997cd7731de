package org.sfumato.models.autoregressive;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.sfumato.models.autoregressive.BeamSearch.Ending;
import org.sfumato.models.transformer.CausalNetwork;

/// Beam searches of several prompts that run together. Each has `width` rows of the batch.
final class Beams {
    private final BeamSearch how;
    private final Prompts read;
    private final List<Search> searches = new ArrayList<>();

    Beams(CausalNetwork network, List<int[]> prompts, BeamSearch how) {
        if (network.config().vocabulary() < kept(how)) {
            throw new IllegalArgumentException("beam search: a beam of " + how.width() + " looks at " + kept(how)
                    + " tokens, the vocabulary has " + network.config().vocabulary());
        }
        this.how = how;
        read = new Prompts(network, prompts, how.tokens());
        for (int i = 0; i < prompts.size(); i++) {
            searches.add(new Search(i * how.width(), NextToken.seen(prompts.get(i))));
        }
    }

    /// So many continuations are looked at that `width` of them go on even if all others end.
    private static int kept(BeamSearch how) {
        return Math.max(2, 1 + how.stops().size()) * how.width();
    }

    List<List<Hypothesis>> search() {
        var logits = read.logits();
        for (int i = 0; i < searches.size(); i++) {
            searches.get(i).first(logits[i]);
        }
        read.repeat(how.width());
        for (int length = 2; length <= how.tokens() && searches.stream().anyMatch(s -> !s.over); length++) {
            var next = new int[searches.size() * how.width()];
            searches.forEach(search -> search.place(next));
            logits = read.logits(next);
            for (var search : searches) {
                search.step(logits);
            }
        }
        return searches.stream().map(search -> List.copyOf(
                search.ended.subList(0, Math.min(how.returned(), search.ended.size())))).toList();
    }

    /// A text under way.
    ///
    /// @param row that holds what was read of it: all but its last token
    /// @param seen its tokens and those of the prompt
    private record Beam(int row, int[] tokens, double score, BitSet seen) { }

    /// A text and the token that may follow.
    private record Continuation(Beam beam, int token, double score) {
        /// The best first.
        static final Comparator<Continuation> ORDER = Comparator.comparingDouble(c -> -c.score);

        int[] tokens() {
            var tokens = Arrays.copyOf(beam.tokens, beam.tokens.length + 1);
            tokens[beam.tokens.length] = token;
            return tokens;
        }
    }

    /// The search after one prompt.
    private final class Search {
        private final int firstRow;
        private final List<Hypothesis> ended = new ArrayList<>();
        private List<Beam> beams;
        private boolean over;

        Search(int firstRow, BitSet seen) {
            this.firstRow = firstRow;
            beams = List.of(new Beam(firstRow, new int[0], 0, seen));
        }

        void first(double[] logits) {
            step(List.of(logits));
        }

        void step(double[][] logits) {
            if (!over) {
                step(beams.stream().map(beam -> logits[beam.row]).toList());
            }
        }

        /// `logits` are those of each beam.
        private void step(List<double[]> logits) {
            var best = best(logits);
            int length = beams.getFirst().tokens.length + 1;
            boolean last = length == how.tokens();
            var running = new ArrayList<Continuation>();
            for (int i = 0; i < best.size(); i++) {
                var c = best.get(i);
                if (!last && !how.stops().contains(c.token)) {
                    if (running.size() < how.width()) {
                        running.add(c);
                    }
                } else if (i < how.width()) {
                    ended.add(new Hypothesis(c.tokens(), c.score / Math.pow(length, how.lengthPenalty())));
                }
            }
            ended.sort(Comparator.comparingDouble(h -> -h.score()));
            while (ended.size() > how.width()) {
                ended.removeLast();
            }
            over = last || isOver(running.getFirst().score, length);
            if (!over) {
                goOn(running, length == 1);
            }
        }

        /// Whether nothing that is under way is expected to replace what has ended.
        private boolean isOver(double best, int length) {
            if (ended.size() < how.width()) {
                return false;
            }
            int longest = how.ending() == Ending.CERTAIN && how.lengthPenalty() > 0 ? how.tokens() : length;
            return how.ending() == Ending.FULL
                    || best / Math.pow(longest, how.lengthPenalty()) <= ended.getLast().score();
        }

        /// The first text that goes on after each beam keeps the beam's row; others take rows where nothing goes on.
        /// After the prompt all rows are the same.
        private void goOn(List<Continuation> running, boolean afterPrompt) {
            var free = new BitSet();
            free.set(firstRow, firstRow + how.width());
            if (!afterPrompt) {
                running.forEach(c -> free.clear(c.beam.row));
            }
            var more = new ArrayList<Beam>();
            var kept = new BitSet();
            for (var c : running) {
                int row = c.beam.row;
                if (afterPrompt || kept.get(row)) {
                    row = free.nextSetBit(0);
                    free.clear(row);
                    if (!afterPrompt) {
                        read.copy(c.beam.row, row);
                    }
                }
                kept.set(c.beam.row);
                var seen = (BitSet) c.beam.seen.clone();
                seen.set(c.token);
                more.add(new Beam(row, c.tokens(), c.score, seen));
            }
            beams = more;
        }

        /// The best continuations, best first.
        private List<Continuation> best(List<double[]> logits) {
            int count = kept(how);
            var worstFirst = new PriorityQueue<Continuation>(Continuation.ORDER.reversed());
            for (int i = 0; i < beams.size(); i++) {
                var beam = beams.get(i);
                var scores = logProbabilities(logits.get(i));
                NextToken.penalize(scores, beam.seen, how.repetitionPenalty());
                for (int v = 0; v < scores.length; v++) {
                    double score = beam.score + scores[v];
                    if (worstFirst.size() < count || score > worstFirst.peek().score) {
                        worstFirst.add(new Continuation(beam, v, score));
                        if (worstFirst.size() > count) {
                            worstFirst.remove();
                        }
                    }
                }
            }
            return worstFirst.stream().sorted(Continuation.ORDER).toList();
        }

        /// Puts the last token of each text at its row.
        void place(int[] next) {
            if (!over) {
                beams.forEach(beam -> next[beam.row] = beam.tokens[beam.tokens.length - 1]);
            }
        }
    }

    /// `log softmax(logits)`.
    ///
    /// @throws ArithmeticException if a logit is NaN, or none is finite
    private static double[] logProbabilities(double[] logits) {
        double max = logits[NextToken.best(logits)];
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - max);
        }
        var out = new double[logits.length];
        for (int v = 0; v < out.length; v++) {
            out[v] = logits[v] - max - Math.log(sum);
        }
        return out;
    }
}
