package org.sfumato.tokenizers;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// ChatML: `<|im_start|>`, the role, a line's end, the content, `<|im_end|>` and a line's end, for each turn; the form
/// of Qwen, SmolLM2-Instruct and Dream-Instruct.
///
/// @param rules what stands as the first turn where a conversation brings no rules
public record ChatMl(Optional<String> rules) implements ChatTemplate {
    private static final String TURN =
            "'<|im_start|>'+message.role+'\\n'+message.content+'<|im_end|>'+'\\n'";
    private static final String ANSWER = "'<|im_start|>assistant\\n'";
    private static final Pattern RULES =
            Pattern.compile("'<\\|im_start\\|>system(?:\\\\n|\n)([^'+]*)<\\|im_end\\|>(?:\\\\n|\n)'");
    private static final int LONGEST = 4000;

    /// The form that a template in Jinja makes of conversations without tools, where it is this one.
    static Optional<ChatTemplate> of(String template) {
        var plain = template.replace("\n", "\\n").replaceAll("\\s", "").replaceAll("\\['(role|content)']", ".$1");
        if (template.length() > LONGEST || !plain.contains(TURN) || !plain.contains(ANSWER)
                || plain.contains("think")) {
            return Optional.empty();
        }
        var rules = RULES.matcher(template);
        return Optional.of(new ChatMl(rules.find() ? Optional.of(rules.group(1)) : Optional.empty()));
    }

    @Override
    public String prompt(List<Message> messages) {
        return text(messages) + "<|im_start|>assistant\n";
    }

    @Override
    public String text(List<Message> messages) {
        var out = new StringBuilder();
        if (messages.isEmpty() || messages.getFirst().role() != Role.SYSTEM) {
            rules.ifPresent(text -> append(out, new Message(Role.SYSTEM, text)));
        }
        messages.forEach(message -> append(out, message));
        return out.toString();
    }

    private static void append(StringBuilder out, Message message) {
        out.append("<|im_start|>").append(message.role().name().toLowerCase(Locale.ROOT)).append('\n')
                .append(message.content()).append("<|im_end|>\n");
    }
}
