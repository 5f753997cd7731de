package org.sfumato.models.finetuning;

import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.Tensor;

/// Pairs as rows of one length, that of the longest: prompt, answer, then ends of text, which belong to the answer, so
/// that a model learns when to stop. Source: Nie et al. 2025, arXiv 2502.09992, section 2.3.
///
/// @param pairs the rows
/// @param numbers which pair of the data each is
/// @param end the id of the end of a text
public record AnswerBatch(List<PromptAnswer> pairs, List<Long> numbers, int end) {
    /// Checks that there are rows, each with its number.
    public AnswerBatch {
        pairs = List.copyOf(pairs);
        numbers = List.copyOf(numbers);
        if (pairs.isEmpty() || pairs.size() != numbers.size()) {
            throw new IllegalArgumentException("fine-tuning: a batch of " + pairs.size() + " pairs with "
                    + numbers.size() + " numbers");
        }
    }

    /// Tokens of a row.
    public int width() {
        return pairs.stream().mapToInt(PromptAnswer::length).max().orElseThrow();
    }

    /// Where the answer of a row begins.
    public int begin(int row) {
        return pairs.get(row).prompt().length;
    }

    /// Where the answer of a row is over and its ends of text begin.
    public int over(int row) {
        return pairs.get(row).length();
    }

    /// The rows. Shape: (B, T) i64.
    public Tensor ids() {
        int width = width();
        var ids = new long[pairs.size() * width];
        Arrays.fill(ids, end);
        for (int row = 0; row < pairs.size(); row++) {
            var pair = pairs.get(row);
            for (int i = 0; i < pair.length(); i++) {
                ids[row * width + i] = i < pair.prompt().length ? pair.prompt()[i]
                        : pair.answer()[i - pair.prompt().length];
            }
        }
        return Tensor.of(ids, pairs.size(), width);
    }
}
