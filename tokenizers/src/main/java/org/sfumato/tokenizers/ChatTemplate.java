package org.sfumato.tokenizers;

import java.util.List;

/// How a conversation becomes one text, special tokens among it, for [SubwordTokenizer#encode(String)].
public enum ChatTemplate {
    /// Llama 3: `<|begin_of_text|>`, then for each turn a header with its role, the content, `<|eot_id|>`.
    LLAMA3,
    /// LLaDA-8B-Instruct: that of Llama 3 after `<|startoftext|>`.
    LLADA,
    /// ModernBERT-dllm: `[CLS]User: ...\n[SEP]\nAssistant:\n...[SEP]`; one question and one answer.
    MODERNBERT_DLLM;

    /// Who speaks.
    public enum Role {
        /// Who sets the rules.
        SYSTEM,
        /// Who asks.
        USER,
        /// Who answers.
        ASSISTANT
    }

    /// One turn.
    public record Message(Role role, String content) { }

    /// The text of `messages` up to where the next answer begins.
    ///
    /// Throws [IllegalArgumentException] where the form has no place for them.
    public String prompt(List<Message> messages) {
        return switch (this) {
            case LLAMA3, LLADA -> text(messages) + header(Role.ASSISTANT);
            case MODERNBERT_DLLM -> {
                requireTurns(messages, 1);
                yield "[CLS]User: " + messages.getFirst().content() + "\n[SEP]\nAssistant:\n";
            }
        };
    }

    /// The text of a whole conversation, as a model is trained on it.
    ///
    /// Throws [IllegalArgumentException] where the form has no place for the messages.
    public String text(List<Message> messages) {
        return switch (this) {
            case LLAMA3 -> "<|begin_of_text|>" + turns(messages);
            case LLADA -> "<|startoftext|>" + turns(messages);
            case MODERNBERT_DLLM -> {
                requireTurns(messages, 2);
                yield prompt(messages.subList(0, 1)) + messages.getLast().content() + "[SEP]";
            }
        };
    }

    private static String turns(List<Message> messages) {
        var out = new StringBuilder();
        for (var message : messages) {
            out.append(header(message.role)).append(message.content.strip()).append("<|eot_id|>");
        }
        return out.toString();
    }

    private static String header(Role role) {
        return "<|start_header_id|>" + role.name().toLowerCase(java.util.Locale.ROOT) + "<|end_header_id|>\n\n";
    }

    private static void requireTurns(List<Message> messages, int count) {
        var roles = messages.stream().map(Message::role).toList();
        var expected = List.of(Role.USER, Role.ASSISTANT).subList(0, count);
        if (!roles.equals(expected)) {
            throw new IllegalArgumentException("chat: the roles are " + roles + ", expected " + expected
                    + "\nhint: this form knows one question and one answer");
        }
    }
}
