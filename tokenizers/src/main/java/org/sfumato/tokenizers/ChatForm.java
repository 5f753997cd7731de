package org.sfumato.tokenizers;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Forms of conversations that have a name of their own.
public enum ChatForm implements ChatTemplate {
    /// Llama 3: `<|begin_of_text|>`, then for each turn a header with its role, the content, `<|eot_id|>`.
    LLAMA3,
    /// LLaDA-8B-Instruct: that of Llama 3 after `<|startoftext|>`.
    LLADA,
    /// Llama 2: `<s>[INST] <<SYS>>`, the rules, `<</SYS>>`, the question `[/INST]`, the answer `</s>`, and again.
    LLAMA2,
    /// ModernBERT-dllm: `[CLS]User: ...\n[SEP]\nAssistant:\n...[SEP]`; one question and one answer.
    MODERNBERT_DLLM;

    private static final String LLAMA2_TURN = "bos_token+'[INST]'+content.strip()+'[/INST]'";
    private static final String LLAMA3_TURN = "'<|start_header_id|>'+message['role']+'<|end_header_id|>\\n\\n'"
            + "+message['content']|trim+'<|eot_id|>'";
    private static final int LONGEST = 2000;

    /// The form that a template in Jinja makes, where it is one of these and knows no tools.
    static Optional<ChatTemplate> of(String template, String bos) {
        var plain = template.replace("\n", "\\n").replaceAll("\\s", "");
        if (plain.length() > LONGEST || plain.contains("tools") || plain.contains("DEFAULT_SYSTEM_MESSAGE")) {
            return Optional.empty();
        }
        return plain.contains(LLAMA2_TURN) && bos.equals("<s>") ? Optional.of(LLAMA2)
                : !plain.contains(LLAMA3_TURN) ? Optional.empty()
                : bos.equals("<|begin_of_text|>") ? Optional.of(LLAMA3)
                : bos.equals("<|startoftext|>") ? Optional.of(LLADA) : Optional.empty();
    }

    @Override
    public String prompt(List<Message> messages) {
        return switch (this) {
            case LLAMA3, LLADA -> text(messages) + header(Role.ASSISTANT);
            case LLAMA2 -> text(messages);
            case MODERNBERT_DLLM -> {
                requireTurns(messages, 1);
                yield "[CLS]User: " + messages.getFirst().content() + "\n[SEP]\nAssistant:\n";
            }
        };
    }

    @Override
    public String text(List<Message> messages) {
        return switch (this) {
            case LLAMA3 -> "<|begin_of_text|>" + turns(messages);
            case LLADA -> "<|startoftext|>" + turns(messages);
            case LLAMA2 -> instructions(messages);
            case MODERNBERT_DLLM -> {
                requireTurns(messages, 2);
                yield prompt(messages.subList(0, 1)) + messages.getLast().content() + "[SEP]";
            }
        };
    }

    private static String turns(List<Message> messages) {
        var out = new StringBuilder();
        for (var message : messages) {
            out.append(header(message.role())).append(message.content().strip()).append("<|eot_id|>");
        }
        return out.toString();
    }

    private static String header(Role role) {
        return "<|start_header_id|>" + role.name().toLowerCase(Locale.ROOT) + "<|end_header_id|>\n\n";
    }

    private static String instructions(List<Message> messages) {
        boolean system = !messages.isEmpty() && messages.getFirst().role() == Role.SYSTEM;
        var turns = messages.subList(system ? 1 : 0, messages.size());
        var out = new StringBuilder();
        for (int i = 0; i < turns.size(); i++) {
            var turn = turns.get(i);
            if (turn.role() != (i % 2 == 0 ? Role.USER : Role.ASSISTANT)) {
                throw new IllegalArgumentException("chat: turn " + (i + 1) + " is of " + turn.role()
                        + "\nhint: questions and answers take turns in this form, after the rules");
            }
            var rules = system && i == 0 ? "<<SYS>>\n" + messages.getFirst().content() + "\n<</SYS>>\n\n" : "";
            out.append(turn.role() == Role.USER ? "<s>[INST] " + (rules + turn.content()).strip() + " [/INST]"
                    : " " + turn.content().strip() + " </s>");
        }
        return out.toString();
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
