package org.sfumato.tokenizers;

import java.util.List;
import java.util.Optional;

/// How a conversation becomes one text, special tokens among it, for [SubwordTokenizer#encode(String)].
public sealed interface ChatTemplate permits ChatForm, ChatMl {
    /// Who speaks.
    enum Role {
        /// Who sets the rules.
        SYSTEM,
        /// Who asks.
        USER,
        /// Who answers.
        ASSISTANT
    }

    /// One turn.
    record Message(Role role, String content) { }

    /// The text of `messages` up to where the next answer begins.
    ///
    /// Throws [IllegalArgumentException] where the form has no place for them.
    String prompt(List<Message> messages);

    /// The text of a whole conversation, as a model is trained on it.
    ///
    /// Throws [IllegalArgumentException] where the form has no place for the messages.
    String text(List<Message> messages);

    /// The form that a `chat_template` in Jinja makes, where it is one that is known; nothing of it is run. `bos` is
    /// the token that begins a text.
    ///
    /// A template with more in it, such as dates or rules of its own, is none of these. Of one with tools, what it
    /// makes of a conversation without tools counts.
    static Optional<ChatTemplate> of(String template, String bos) {
        return ChatMl.of(template).or(() -> ChatForm.of(template, bos));
    }
}
