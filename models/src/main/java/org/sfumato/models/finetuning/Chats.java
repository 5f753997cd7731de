package org.sfumato.models.finetuning;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.sfumato.models.data.JsonLines;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tokenizers.ChatTemplate;
import org.sfumato.tokenizers.ChatTemplate.Message;
import org.sfumato.tokenizers.ChatTemplate.Role;
import org.sfumato.tokenizers.ModelTokenizer;
import tools.jackson.databind.JsonNode;

/// Conversations in JSON Lines, `{"messages": [{"role": "user", "content": "..."}, ...]}`, as pairs to learn from: each
/// answer given all that was said before. Source of the pairs: Nie et al. 2025, arXiv 2502.09992, appendix B.1.
///
/// @param form how a conversation becomes a text
/// @param encode gives the ids of a text in which special tokens stand
public record Chats(ChatTemplate form, Function<String, int[]> encode) {
    private static final String CHATS = "chats";
    private static final Map<String, Role> ROLES = Map.of("system", Role.SYSTEM, "user", Role.USER, "human", Role.USER,
            "assistant", Role.ASSISTANT);

    /// In the form that the model's tokenizer names.
    ///
    /// @throws IllegalArgumentException if it names none that is known
    public static Chats of(ModelTokenizer tokenizer) {
        return new Chats(tokenizer.requireChat(), tokenizer::encode);
    }

    /// The conversations of `file`, each as its pairs. Pairs of more than `longest` tokens are left out, and with them
    /// conversations of which nothing is left.
    ///
    /// @throws FormatException if a line is no conversation, or one that the form has no place for, naming the line
    /// @throws IOException if it cannot be read
    public List<List<PromptAnswer>> read(Path file, int longest) throws IOException {
        var conversations = new ArrayList<List<PromptAnswer>>();
        try (var lines = JsonLines.objects(file)) {
            for (var line = lines.next(); line.isPresent(); line = lines.next()) {
                try {
                    var pairs = pairs(messages(line.get().value().path("messages"))).stream()
                            .filter(pair -> pair.length() <= longest).toList();
                    if (!pairs.isEmpty()) {
                        conversations.add(pairs);
                    }
                } catch (IllegalArgumentException e) {
                    throw new FormatException(CHATS, file, "line " + line.get().line() + ": "
                            + e.getMessage().replaceFirst("^chat: ", ""), e);
                }
            }
        }
        if (conversations.isEmpty()) {
            throw new FormatException(CHATS, file, "has no answer of at most " + longest + " tokens with its prompt");
        }
        return conversations;
    }

    private static List<Message> messages(JsonNode list) {
        if (!list.isArray() || list.isEmpty()) {
            throw new IllegalArgumentException("there is no list \"messages\"\nhint: {\"messages\": [{\"role\": "
                    + "\"user\", \"content\": \"...\"}, {\"role\": \"assistant\", \"content\": \"...\"}]}");
        }
        var messages = new ArrayList<Message>();
        for (var message : list) {
            var role = ROLES.get(message.path("role").asString("").toLowerCase(Locale.ROOT));
            if (role == null || !message.path("content").isString()) {
                throw new IllegalArgumentException("message " + (messages.size() + 1) + " has no role of "
                        + "system, user, assistant, or no text as content");
            }
            messages.add(new Message(role, message.get("content").stringValue()));
        }
        return messages;
    }

    /// A pair for each answer.
    ///
    /// @throws IllegalArgumentException if there is no answer, or the form has no place for a message
    public List<PromptAnswer> pairs(List<Message> messages) {
        var pairs = new ArrayList<PromptAnswer>();
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).role() != Role.ASSISTANT) {
                continue;
            }
            var prompt = form.prompt(messages.subList(0, i));
            var text = form.text(messages.subList(0, i + 1));
            if (!text.startsWith(prompt)) {
                throw new IllegalStateException("chat: " + form + " writes a prompt in another way before an answer");
            }
            pairs.add(new PromptAnswer(encode.apply(prompt), encode.apply(text.substring(prompt.length()))));
        }
        if (pairs.isEmpty()) {
            throw new IllegalArgumentException("chat: nobody answers\nhint: a message of role assistant");
        }
        return pairs;
    }
}
