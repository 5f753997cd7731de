package org.sfumato.models.finetuning;

import java.util.Arrays;

/// A prompt, which is never noised, and the answer to be learned.
///
/// @param prompt ids, any number
/// @param answer ids, at least one
public record PromptAnswer(int[] prompt, int[] answer) {
    /// Checks that there is an answer.
    public PromptAnswer {
        if (answer.length == 0) {
            throw new IllegalArgumentException("fine-tuning: an answer has no tokens");
        }
    }

    /// Tokens of both together.
    public int length() {
        return prompt.length + answer.length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PromptAnswer(int[] itsPrompt, int[] itsAnswer) && Arrays.equals(prompt, itsPrompt)
                && Arrays.equals(answer, itsAnswer);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(prompt) + Arrays.hashCode(answer);
    }

    @Override
    public String toString() {
        return "PromptAnswer" + Arrays.toString(prompt) + " " + Arrays.toString(answer);
    }
}
